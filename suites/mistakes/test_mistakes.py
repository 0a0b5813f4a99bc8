"""Every mistake of the table: one sentence, the right exit code, and nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from edgeassay.machine import usable_cpus
from suites.meta.project import Project
from suites.mistakes import (
    artifacts,
    baselines,
    cards,
    compared,
    declarations,
    doctor,
    emulated,
    evidence,
    gates,
    histories,
    images,
    judged,
    judged_options,
    masks,
    matrices,
    options,
    paired,
    places,
    pruning,
    remote,
    runtimes,
    saved,
    tables,
    training,
    widths,
)
from suites.mistakes.mistake import (
    Mistake,
    check_nothing_half_done,
    check_results,
    check_sentence,
    require_mounts,
    run,
    tree,
)

MODULES = (
    declarations,
    options,
    tables,
    images,
    artifacts,
    places,
    saved,
    judged,
    judged_options,
    paired,
    doctor,
    remote,
    runtimes,
    compared,
    baselines,
    histories,
    emulated,
    evidence,
    matrices,
    training,
    pruning,
    widths,
    masks,
    gates,
    cards,
)
TABLE = tuple(mistake for module in MODULES for mistake in module.MISTAKES)

Made = Mapping[str, Future[None]]


def make(mistake: Mistake, folder: Path) -> None:
    """Make the mistake in a fresh project, and check all that must be true of the end."""
    project = Project(folder)
    project.write()
    mistake.broken(project)
    (folder / "place").mkdir()
    before = tree(folder)
    end = run(mistake, project)
    check_sentence(mistake, end)
    check_nothing_half_done(before, project)
    check_results(mistake, project)


@pytest.fixture(scope="module")
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Made]:
    """The chosen mistakes, made on every core: most of the time is Python's, starting."""
    calls = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    chosen = [m for params in calls if isinstance(m := params.get("mistake"), Mistake)]
    with ThreadPoolExecutor(usable_cpus()) as pool:
        yield {m.id: pool.submit(make, m, tmp_path_factory.mktemp("made")) for m in chosen}
        pool.shutdown(cancel_futures=True)


def test_the_table_is_long_and_no_row_stands_for_another() -> None:
    assert len(TABLE) >= 65
    assert len({mistake.id for mistake in TABLE}) == len(TABLE)


@pytest.mark.parametrize("mistake", [pytest.param(m, id=m.id) for m in TABLE])
def test_a_mistake_is_a_sentence_and_leaves_nothing(mistake: Mistake, made: Made) -> None:
    if mistake.place is not None:
        require_mounts()
    if mistake.needs is not None and find_spec(mistake.needs) is None:
        pytest.skip(f"{mistake.needs} isn't installed")
    made[mistake.id].result()
