"""Tool validation: what the selftest said, on the machines that the runs were on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel

import edgeassay
from edgeassay.errors import ConfigError
from edgeassay.machine import this_machine
from edgeassay.matrix_report.rows import Run
from edgeassay.progress import Reporter
from edgeassay.selftest import SelftestRecord, read_selftest, run_selftest

HOW: Final = "run `edgeassay selftest --json PATH` on the run's machine, after the run"


class MachineValidation(BaseModel):
    """A run with the selftest on its machine; `missing` says why there is none."""

    run: str
    fingerprint: str
    outcome: str | None
    missing: str | None


class ValidationRecord(BaseModel):
    """All selftests, and which run they validate."""

    runs: list[MachineValidation]
    selftests: list[SelftestRecord]


def validation_of(runs: Sequence[Run], files: Sequence[Path], report: Reporter) -> ValidationRecord:
    """The selftests in files, and one now where a run was on this machine and no file is of it.

    ConfigError for a file that is of another version or older than the results.
    """
    found = {}
    for path in files:
        one = read_selftest(path)
        _check(path, one, runs)
        found[one.fingerprint] = one
    here = this_machine().fingerprint
    if here not in found and any(run.fingerprint == here for run in runs):
        found[here] = run_selftest(report)
    return ValidationRecord(
        runs=[_of(run, found.get(run.fingerprint)) for run in runs],
        selftests=list(found.values()),
    )


def _check(path: Path, one: SelftestRecord, runs: Sequence[Run]) -> None:
    ours = [run for run in runs if run.fingerprint == one.fingerprint]
    if not ours:
        raise ConfigError(f"{path} is of a machine that no run was on ({one.fingerprint}); {HOW}")
    for run in ours:
        if one.edgeassay != run.results.edgeassay:
            raise ConfigError(
                f"{path} is of edgeassay {one.edgeassay}, and {run.where} of"
                f" {run.results.edgeassay}; {HOW}"
            )
        if one.made < run.results.started:
            raise ConfigError(f"{path} is older than {run.where}; {HOW}")


def _of(run: Run, one: SelftestRecord | None) -> MachineValidation:
    missing = None if one is not None else f"no selftest of machine {run.fingerprint}; {HOW}"
    if one is not None and run.results.edgeassay != one.edgeassay:
        missing = f"the selftest is of edgeassay {edgeassay.__version__}, the run of another"
    return MachineValidation(
        run=run.where,
        fingerprint=run.fingerprint,
        outcome=None if one is None else one.outcome.value,
        missing=missing,
    )
