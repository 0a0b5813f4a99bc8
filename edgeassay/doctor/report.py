"""What a checkup gives: for a terminal, as JSON, and as an exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

import edgeassay
from edgeassay.doctor.finding import Finding, Level
from edgeassay.health import Health
from edgeassay.machine import Machine, hashed, recorded
from edgeassay.runtimes.probe import RuntimeState
from edgeassay.spec import DeviceSpec

WELL: Final = 0
PROBLEM: Final = 1
NO_RUNTIME: Final = 4
STYLES: Final = {
    Level.OK: "green",
    Level.NOTE: "yellow",
    Level.PROBLEM: "bold red",
    Level.UNKNOWN: "dim",
}


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A machine that was looked at. `present` says whether it is the device of the profile,
    `others` which of its workers weren't tried, since nobody has installed them here.
    """

    machine: Machine
    gpu_driver: str | None
    device: DeviceSpec
    present: bool
    health: Health
    findings: Sequence[Finding]
    runtimes: Sequence[RuntimeState]
    others: Sequence[str] = ()

    @property
    def exit_code(self) -> int:
        """4 where no runtime works, else 1 where there is a problem, else 0."""
        if not any(runtime.works for runtime in self.runtimes):
            return NO_RUNTIME
        well = all(runtime.works for runtime in self.runtimes)
        problems = any(finding.level is Level.PROBLEM for finding in self.findings)
        return PROBLEM if problems or not well else WELL


def document(checked: Checked) -> dict[str, Any]:
    """The whole of it, for programs."""
    return {
        "schema": 1,
        "edgeassay": edgeassay.__version__,
        "machine": {
            "fingerprint": checked.machine.fingerprint,
            "hashed": hashed(checked.machine),
            "recorded": recorded(checked.machine) | {"gpu_driver": checked.gpu_driver},
        },
        "device": {
            "id": checked.device.id,
            "file": checked.device.file,
            "present": checked.present,
        },
        "health": asdict(checked.health),
        "findings": [asdict(finding) for finding in checked.findings],
        "runtimes": [asdict(r) | {"works": r.works} for r in checked.runtimes],
        "others": list(checked.others),
        "exit_code": checked.exit_code,
    }


def show(checked: Checked, console: Console) -> None:
    """The machine, its profile, its health and its runtimes, and a line that sums up."""
    machine = checked.machine
    console.print(Text(f"fingerprint {machine.fingerprint}", style="bold"), end="")
    console.print(" names the folder of saved runs; it is of")
    console.print(_facts(hashed(machine)))
    console.print("Recorded, and not in the fingerprint:")
    console.print(_facts(recorded(machine) | {"gpu_driver": checked.gpu_driver}))
    title = "" if checked.device.title == checked.device.id else f", {checked.device.title}"
    console.print(
        f"Device profile: {checked.device.id}{title} ({checked.device.file})", soft_wrap=True
    )
    console.print()
    console.print(f"Health, with one CPU kept busy for {checked.health.seconds:.1f} s:")
    told = [f for f in checked.findings if f.level is not Level.UNKNOWN]
    console.print(_findings([(f.level, f.about, f.seen, f.remedy) for f in told]))
    untold = [f.about for f in checked.findings if f.level is Level.UNKNOWN]
    if untold:
        console.print(
            Text(f"Unknown, since this system doesn't tell: {', '.join(untold)}"), soft_wrap=True
        )
    console.print()
    console.print("Runtimes, each with the built-in network:")
    if not checked.runtimes:
        console.print(f"{checked.device.file} declares none under [workers]", soft_wrap=True)
    console.print(_findings([_runtime_row(runtime) for runtime in checked.runtimes]))
    if checked.others:
        names = ", ".join(checked.others)
        console.print(f"  Not installed here, see `edgeassay runtimes`: {names}", soft_wrap=True)
    console.print(summary(checked), soft_wrap=True)


def summary(checked: Checked) -> Text:
    """One line that sums up."""
    counted = Counter(finding.level for finding in checked.findings)
    works = sum(runtime.works for runtime in checked.runtimes)
    problems = counted[Level.PROBLEM] + len(checked.runtimes) - works
    style = STYLES[Level.PROBLEM if checked.exit_code else Level.OK]
    return Text(
        f"{_many(problems, 'problem')}, {_many(counted[Level.NOTE], 'note')};"
        f" runtimes that work: {works} of {len(checked.runtimes)}",
        style=style,
    )


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _facts(facts: Mapping[str, Any]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(Text(f"  {name}"), Text(_words(value)))
    return table


def _words(value: Any) -> str:
    """A fact for people."""
    if isinstance(value, list):
        return ", ".join(value) or "none"
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, int) else f"{value:g}"
    return str(value or "none")


def _findings(rows: Sequence[tuple[Level, str, str, str | None]]) -> Table:
    """Level, what was looked at, what was seen, and below it the remedy."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for level, about, seen, remedy in rows:
        text = Text(seen)
        if remedy is not None:
            text.append(f"\n→ {remedy}")
        table.add_row(Text(f"  {level}", style=STYLES[level]), Text(about), text)
    return table


def _runtime_row(state: RuntimeState) -> tuple[Level, str, str, str | None]:
    facts = state.facts
    versions = (
        f"{facts['runtime']} {facts['runtime_version']}, NumPy {facts['numpy']}, Python"
        f" {facts['python']}, {facts['architecture']}"
        if facts
        else ""
    )
    if state.works:
        return Level.OK, state.name, versions, None
    seen = ": ".join(filter(None, (versions, state.reason)))
    return Level.PROBLEM, state.name, seen, state.remedy
