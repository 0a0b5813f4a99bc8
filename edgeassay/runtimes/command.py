"""`edgeassay runtimes`: which there are, whether they work here, and installing them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from edgeassay.atomic import check_replaceable
from edgeassay.config import catalogue, choose, environment_specs, load_devices
from edgeassay.config.shapes import default_checkup
from edgeassay.environments import install
from edgeassay.errors import Absent
from edgeassay.machine import this_machine
from edgeassay.progress import ConsoleReporter, Reporter
from edgeassay.project import device_folders, project_folder
from edgeassay.recognition import recognise
from edgeassay.report.redaction import leave_json
from edgeassay.runtimes.probe import RuntimeState, State, try_runtime
from edgeassay.runtimes.showing import Listed, document, show
from edgeassay.spec import DeviceSpec

WIDTH: Final = 160  # where the terminal hasn't more


def runtimes_command(
    *,
    runtime: list[str] | None,
    wanted: bool,
    device: str | None,
    devices_dir: list[Path] | None,
    json_path: Path | None,
    identified: bool,
) -> None:
    """What `edgeassay runtimes` does with its options."""
    if json_path is not None:
        check_replaceable(json_path)
    known = catalogue()
    names = choose("runtime", runtime or [], known, given_as="ID")
    devices = load_devices(device_folders(devices_dir or []), project_folder())
    chosen, _ = recognise(devices, this_machine(), device)
    report = ConsoleReporter(Console(stderr=True))
    states = _tried(chosen, names, report)
    needed = frozenset(runtime or [])
    if wanted:
        environments = dict.fromkeys(known[name].worker for name in names)
        states = _mended(chosen, states, list(environments), report)
        needed |= {name for name in names if known[name].worker in environment_specs()}
    listed = Listed(device=chosen, states=states, needed=needed)
    leave_json(json_path, document(listed), identified=identified, folders=devices_dir)
    width = max(WIDTH, shutil.get_terminal_size().columns)
    show(listed, Console(highlight=False, markup=False, width=width))
    raise typer.Exit(listed.exit_code)


def _tried(device: DeviceSpec, names: Sequence[str], report: Reporter) -> list[RuntimeState]:
    """Each runtime's state, in the order of their names given."""
    most_s, states = default_checkup().runtime_s, []
    if not names:
        return []
    with report("trying the runtimes", len(names)) as advance:
        for name in names:
            states.append(try_runtime(device, name, catalogue()[name], most_s))
            advance(1)
    return states


def _mended(
    device: DeviceSpec,
    states: Sequence[RuntimeState],
    environments: Sequence[str],
    report: Reporter,
) -> list[RuntimeState]:
    """Their states when environments that aren't there, or are broken, have been made."""
    failed: dict[str, str] = {}
    made = set()
    for environment in environments:
        ill = {s.state for s in states if s.environment == environment and not s.works}
        worker = device.workers.get(environment)
        declared = worker is not None and worker.is_environment
        if not ill or not declared or environment not in environment_specs():
            continue
        try:
            install(environment, report=report, again=State.BROKEN in ill)
            made.add(environment)
        except Absent as error:
            failed[environment] = str(error)
    again = _tried(device, [s.name for s in states if s.environment in made], report)
    after = {state.name: state for state in again}
    return [_failed(after.get(s.name, s), failed.get(s.environment)) for s in states]


def _failed(state: RuntimeState, words: str | None) -> RuntimeState:
    """A runtime's state where its environment couldn't be made."""
    if words is None:
        return state
    reason, _, remedy = words.rpartition("; ")
    return replace(state, reason=reason, remedy=remedy)
