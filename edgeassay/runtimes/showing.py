"""What is told of runtimes that were tried: for a terminal, as JSON, and as an exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

import edgeassay
from edgeassay.config import catalogue
from edgeassay.environments import installed, serves
from edgeassay.runtimes.probe import RuntimeState, State
from edgeassay.spec import DeviceSpec, RuntimeSpec

WELL: Final = 0
BROKEN: Final = 1
MISSING: Final = 4
STYLES: Final = {
    State.WORKS: "green",
    State.NOT_INSTALLED: "dim",
    State.BROKEN: "bold red",
}
COLUMNS: Final = (
    *("runtime", "engine", "environment", "state", "version", "Python", "NumPy", "machine"),
    *("takes", "does"),
)
OWN: Final = "this Python"


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Runtimes that were tried on a device, and those that must be there."""

    device: DeviceSpec
    states: Sequence[RuntimeState]
    needed: frozenset[str]

    @property
    def exit_code(self) -> int:
        """1 where an installed runtime doesn't work, else 4 where one that is needed isn't there
        or none works, else 0.
        """
        if any(state.state is State.BROKEN for state in self.states):
            return BROKEN
        missing = {state.name for state in self.states if not state.works}
        none = not any(state.works for state in self.states)
        return MISSING if none or missing & self.needed else WELL


def served_by(device: DeviceSpec, environment: str) -> str | None:
    """Which Python has an environment's runtime; None where none has."""
    worker = device.workers.get(environment)
    if worker is None:
        return None
    if not worker.is_environment:
        return OWN if worker.is_own else f"{device.file}:workers.{environment}"
    python = installed(environment)
    if python is not None:
        return str(python)
    return OWN if serves(environment) else None


def abilities(runtime: RuntimeSpec, device: DeviceSpec, state: RuntimeState) -> dict[str, Any]:
    """What a runtime can do; whether it tells of delegation is known of one that works."""
    timed = runtime.traits.executes and runtime.traits.timed and not device.emulated
    return {
        "takes": runtime.traits.suffix,
        "runs": runtime.traits.executes,
        "timed": timed,
        "kind": "emulated" if device.emulated else str(runtime.traits.kind),
        "tells_delegation": "nodes" in state.loaded if state.works else None,
    }


def document(listed: Listed) -> dict[str, Any]:
    """The whole of it, for programs."""
    known = catalogue()
    return {
        "schema": 1,
        "edgeassay": edgeassay.__version__,
        "python": sys.executable,
        "device": {"id": listed.device.id, "file": listed.device.file},
        "runtimes": [
            asdict(state)
            | {
                "served_by": served_by(listed.device, state.environment),
                "does": abilities(known[state.name], listed.device, state),
            }
            for state in listed.states
        ],
        "exit_code": listed.exit_code,
    }


def show(listed: Listed, console: Console) -> None:
    """A table of them, and below it what keeps the others from working."""
    known, device = catalogue(), listed.device
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for state in listed.states:
        does = abilities(known[state.name], device, state)
        cells: list[str | Text] = [
            state.name,
            state.engine,
            _environment(device, state),
            Text(state.state, style=STYLES[state.state]),
            *_versions(state.facts),
            does["takes"],
            _does(does),
        ]
        table.add_row(*cells)
    console.print(table)
    for state in listed.states:
        if state.state is State.BROKEN or (state.reason and state.name in listed.needed):
            text = Text(f"{state.name}: {state.reason}")
            remedy = f"\n→ {state.remedy}" if state.remedy else ""
            console.print(text.append(remedy), soft_wrap=True)
    _close(listed, console)


def _close(listed: Listed, console: Console) -> None:
    works = sum(state.works for state in listed.states)
    missing = [s.name for s in listed.states if s.state is State.NOT_INSTALLED]
    style = "bold red" if listed.exit_code else "green"
    line = Text(f"{works} of {len(listed.states)} work", style=style)
    if missing:
        line.append("; to install others: `edgeassay runtimes --install ID`")
    console.print(line, soft_wrap=True)


def _environment(device: DeviceSpec, state: RuntimeState) -> str:
    """Its environment, or where that isn't one of its own, this Python."""
    own = served_by(device, state.environment) == OWN and state.state is not State.NOT_INSTALLED
    return OWN if own else state.environment


def _versions(facts: Mapping[str, Any]) -> list[str]:
    if not facts:
        return [""] * 4
    version = f"{facts['runtime']} {facts['runtime_version']}"
    return [version, facts["python"], facts["numpy"], facts["architecture"]]


def _does(does: Mapping[str, Any]) -> str:
    """The same in words."""
    if not does["runs"]:
        return "estimates"
    words = ["runs", "timed" if does["timed"] else "not timed"]
    if does["tells_delegation"]:
        words.append("tells delegation")
    return ", ".join(words)
