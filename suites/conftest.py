"""Which of these tests run: those that a change waits for, the rest, or all of them.

A test is marked `long` if it is a whole run, trains a network, or repeats what a shorter one shows.
Laws are looked at in both parts: with few examples first, and with many among the rest.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import pytest

LONG: Final = "long: with `--part=quick` it is left out, and `tox run -e tests-all` runs it"
LEFT_OUT = pytest.StashKey[Counter[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("edgeassay").addoption(
        "--part",
        choices=("quick", "rest", "all"),
        default="all",
        help="which of the project's own tests run: quick leaves out those marked long, rest runs"
        " those and the laws, all runs both (default: %(default)s)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", LONG)
    config.stash[LEFT_OUT] = Counter()
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(Gathering(config), "edgeassay-left-out")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    part = config.option.part
    if part == "all":
        return
    kept: list[pytest.Item] = []
    out: list[pytest.Item] = []
    for item in items:
        (kept if _belongs(item, part) else out).append(item)
    config.stash[LEFT_OUT].update(item.nodeid.split("/")[1] for item in out)
    items[:] = kept
    config.hook.pytest_deselected(items=out)


def _belongs(item: pytest.Item, part: str) -> bool:
    is_long = item.get_closest_marker("long") is not None
    is_law = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    return not is_long if part == "quick" else is_long or is_law


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        counted = session.config.stash[LEFT_OUT]
        output["left_out"] = dict(counted)


class Gathering:
    """What pytest-xdist's workers left out, each of which collects the same tests."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_testnodedown(self, node: Any) -> None:
        counted = getattr(node, "workeroutput", {}).get("left_out")
        if counted is not None:
            self._config.stash[LEFT_OUT] = Counter(counted)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    counted = config.stash[LEFT_OUT]
    rooms = ", ".join(f"{number} in suites/{room}" for room, number in sorted(counted.items()))
    if config.option.part == "quick":
        where = f" ({rooms})" if counted else ""
        terminalreporter.write_line(
            f"left out: {counted.total()} long tests{where}. `tox run -e tests-all` runs them."
        )
    elif config.option.part == "rest":
        terminalreporter.write_line(
            f"left out: {counted.total()} tests that `--part=quick` runs ({rooms})."
        )
