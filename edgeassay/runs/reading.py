"""Files of pytest-benchmark, versions 4 and 5, ours and others'."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from edgeassay.errors import DataError
from edgeassay.runs.format import (
    BenchmarkEntry,
    OurResults,
    RunFile,
    StatsEntry,
    TimingsFile,
    read_shape,
)
from edgeassay.runs.records import CaseId, plain
from edgeassay.runs.saved import Durations, SavedRun, Timed

CHANGED: Final = "it was changed by hand; save the run again"
# What no clock has measured: light goes a tenth of a millimetre, a child grows up.
SHORTEST_S: Final = 1e-13
LONGEST_S: Final = 1e9
UNKNOWN: Final = ("unknown", "unversioned")  # commits of what no version control knows


def read_run(path: Path, *, claims: bool = True) -> SavedRun:
    """The saved run in a file; DataError says what is wrong with it, where, and what to do.

    Without `claims` its claims and scores aren't looked at, which is quicker.
    """
    file = read_shape(path, RunFile) if claims else read_shape(path, TimingsFile)
    ours = _ours(path, file) if isinstance(file, RunFile) else None
    hardware, machine = _machine(path, file.machine_info)
    cases = ours.cases if ours else ()
    estimates = {entry.case: entry.estimate for entry in cases if entry.estimate is not None}
    return SavedRun(
        where=str(path),
        version=file.version,
        commit=_commit(file.commit_info),
        dirty=bool(file.commit_info.get("dirty")),
        branch=_text(file.commit_info.get("branch")),
        saved=_moment(path, file.datetime),
        hardware=hardware,
        machine=machine,
        ours=file.machine_info.get("edgeassay") is not None,
        complete=ours.complete if ours else True,
        benchmarks=_benchmarks(path, file, needed=not estimates),
        claims=tuple(ours.claims) if ours else (),
        scores={record.case: record.model_dump() for record in (ours.scores if ours else ())},
        estimates=estimates,
    )


def _ours(path: Path, file: RunFile) -> OurResults | None:
    if file.edgeassay is None:
        return None
    try:
        return OurResults.model_validate(file.edgeassay)
    except ValidationError as error:
        first = error.errors()[0]
        raise DataError(
            f"{path}: edgeassay.{'.'.join(map(str, first['loc']))}: {first['msg']}; it was changed"
            " by hand or saved by another version; save the run again"
        ) from None


def _benchmarks(path: Path, file: TimingsFile, *, needed: bool) -> dict[str, Timed]:
    found: dict[str, Timed] = {}
    for benchmark in file.benchmarks:
        made = _timed(path, benchmark, file.machine_info)
        if made.key in found:
            raise DataError(f"{path} has the benchmark {made.key!r} twice; save one run to a file")
        found[made.key] = made
    if needed and not found:
        raise DataError(f"{path} has no benchmarks: nothing was timed; run it with --benchmark")
    return found


def _timed(path: Path, benchmark: BenchmarkEntry, machine: Mapping[str, Any]) -> Timed:
    extra, place = benchmark.extra_info, f"{path}: {benchmark.name}"
    case = _case(extra) if machine.get("edgeassay") is not None else None
    processes = _processes(place, benchmark) if case is not None else _rounds(place, benchmark)
    if not processes:
        _check(place, np.array([benchmark.stats.min, benchmark.stats.median]))
    return Timed(
        key=benchmark.fullname if case is None else f"{_case_name(case)} on {case.device}",
        name=benchmark.fullname if case is None else _case_name(case),
        case=case,
        artifact_sha256=_text(extra.get("artifact_sha256")) if case is not None else None,
        stack=_stack(extra, machine, ours=case is not None),
        processes=processes,
        median_s=_median(processes) if processes else benchmark.stats.median,
        summary=_summary(benchmark.stats),
        disturbed=_text(extra.get("disturbed")) if case is not None else None,
        size_bytes=_size(place, extra) if case is not None else None,
        mean_auc=_share(place, extra, "mean_auc") if case is not None else None,
        mean_dice=_share(place, extra, "mean_dice") if case is not None else None,
    )


def _median(processes: tuple[Durations, ...]) -> float:
    """The median of the processes' medians."""
    if len({len(one) for one in processes}) == 1:  # all at once is quicker
        return float(statistics.median(np.median(np.array(processes), axis=1).tolist()))
    return statistics.median(float(np.median(one)) for one in processes)


def _summary(stats: StatsEntry) -> tuple[float | None, ...]:
    return stats.min, stats.median, stats.mean, stats.max, stats.stddev


def _size(place: str, extra: Mapping[str, Any]) -> int | None:
    value = extra.get("size_bytes")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise DataError(f"{place} has size_bytes = {value!r}: {CHANGED}")
    return value


def _share(place: str, extra: Mapping[str, Any], name: str) -> float | None:
    value = extra.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
        raise DataError(f"{place} has {name} = {value!r}: {CHANGED}")
    return float(value)


def _case_name(case: CaseId) -> str:
    return f"{case.model}-{case.variant}-{case.runtime}"


def _case(extra: Mapping[str, Any]) -> CaseId | None:
    try:
        return CaseId.model_validate({k: extra.get(k) for k in CaseId.model_fields})
    except ValidationError:
        return None  # a test of the user's own, beside ours


def _processes(place: str, benchmark: BenchmarkEntry) -> tuple[Durations, ...]:
    """Our own durations, process by process."""
    rows = benchmark.extra_info.get("durations_ns")
    try:
        made = tuple(np.asarray(row, np.float64) / 1e9 for row in rows or ())
    except (TypeError, ValueError, OverflowError):
        made = (np.zeros(0),)
    for row in made:
        if row.ndim != 1 or not row.size:
            raise DataError(
                f"{place}: durations_ns isn't a list of durations for each process; save the run"
                " again"
            )
    if made:
        _check(place, np.concatenate(made))
    return made


def _rounds(place: str, benchmark: BenchmarkEntry) -> tuple[Durations, ...]:
    """A foreign benchmark's durations: those of one process, where it has any."""
    if not benchmark.stats.data:
        return ()
    row = np.asarray(benchmark.stats.data, np.float64)
    _check(place, row)
    return (row,)


def _check(place: str, durations: Durations) -> None:
    possible = (durations > SHORTEST_S) & (durations < LONGEST_S)  # of NaN neither is true
    if not possible.all():
        raise DataError(
            f"{place} has a duration of {durations[~possible][0]:g} s: a clock stood still or ran"
            " backwards, or jumped; measure it again"
        )


def _stack(extra: Mapping[str, Any], machine: Mapping[str, Any], *, ours: bool) -> dict[str, str]:
    """What runs a benchmark: ours says it of each case, a foreign file of Python alone."""
    if ours:
        pairs = list(_items(extra.get("stack")))
    else:
        names = ("python_implementation", "python_version", "python_compiler", "system")
        pairs = [(name, machine.get(name)) for name in names]
    return {plain(name): _words(value) for name, value in pairs if value is not None}


def _machine(path: Path, info: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """What identifies the hardware, and the same part by part for people."""
    own = info.get("edgeassay")
    if own is not None:
        if not isinstance(own, Mapping) or _text(own.get("fingerprint")) is None:
            raise DataError(f"{path}: machine_info.edgeassay has no fingerprint: {CHANGED}")
        parts = own.get("hardware", own)
        if "hardware" in own and not _digest(parts).startswith(own["fingerprint"]):
            raise DataError(
                f"{path}: machine_info.edgeassay.hardware isn't what the fingerprint"
                f" {own['fingerprint']} is of: {CHANGED}"
            )
        named = {
            plain(k): _words(v) for k, v in _items(parts) if v is not None and k != "fingerprint"
        }
        return plain(own["fingerprint"]), named
    cpu = info.get("cpu")
    named = {"machine": _words(info.get("machine")), "processor": _words(info.get("processor"))}
    keys = ("vendor_id_raw", "brand_raw", "arch", "count")
    named |= {key: _words(value) for key, value in _items(cpu) if key in keys}
    return f"foreign-{_digest(named)[:12]}", {k: v for k, v in named.items() if v}


def _digest(facts: Any) -> str:
    """As a fingerprint is made of a machine's facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode("utf-8")).hexdigest()


def _items(value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()


def _words(value: object) -> str:
    if isinstance(value, list | tuple):
        return plain(" ".join(map(str, value)))
    return "" if value is None else plain(str(value))


def _text(value: object) -> str | None:
    return plain(value) if isinstance(value, str) and value else None


def _commit(info: Mapping[str, Any]) -> str | None:
    commit = _text(info.get("id"))
    return None if commit in UNKNOWN else commit


def _moment(path: Path, text: str | None) -> datetime | None:
    """When it was saved; without a zone it is UTC, which version 4 means."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise DataError(f"{path}: datetime = {text!r} is no date; save the run again") from None
