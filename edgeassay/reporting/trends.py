"""What saved runs of the same machines say over time, for a report."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from edgeassay.config.shapes import default_history, default_statistics
from edgeassay.errors import EdgeassayError
from edgeassay.history.files import check_places, chosen_machines, stored_files, stored_machines
from edgeassay.history.findings import MachineHistory, machine_history
from edgeassay.machine import usable_cpus
from edgeassay.matrix_report.rows import Run
from edgeassay.progress import Reporter
from edgeassay.runs.summaries import read_summaries


def trends(
    runs: Sequence[Run], storage: Path, report: Reporter
) -> tuple[list[MachineHistory], list[str]]:
    """The histories of the machines that runs were on, and why one isn't there."""
    if find_spec("ruptures") is None:
        return [], ["no trends: change points are found by ruptures, which this Python hasn't got"]
    wanted = [run.fingerprint for run in runs]
    try:
        known = [one for one in stored_machines(storage) if one in wanted]
        files = stored_files(storage, known)
        summaries = check_places(
            read_summaries(files, report, processes=usable_cpus() if files else 1), storage
        )
        machines = chosen_machines(summaries.runs, []).values() if summaries.runs else []
    except EdgeassayError as error:
        return [], [f"no trends: {error}"]
    settings, confidence = default_history(), default_statistics().confidence
    found = [machine_history(one, settings, confidence) for one in machines]
    left_out = [f"left out of the trends: {line}" for line in summaries.left_out]
    if not found:
        left_out.append(
            f"no trends: {storage} has no saved runs of these machines; save some with"
            " `pytest --benchmark --benchmark-autosave`"
        )
    return found, left_out
