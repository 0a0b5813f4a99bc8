"""Files of pytest-benchmark, versions 4 and 5, ours and others'."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from edgeassay.errors import DataError, why
from edgeassay.runs.records import CaseId, ClaimRecord
from edgeassay.runs.saved import Durations, SavedRun, Timed

READ: Final = ("4", "5")  # major versions of the format
CHANGED: Final = "it was changed by hand; save the run again"
REMEDY: Final = "give a file that `pytest --benchmark-json` or `--benchmark-save` wrote"


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Stats(_Loose):
    median: float
    min: float
    max: float | None = None
    mean: float | None = None
    stddev: float | None = None
    data: list[float] | None = None


class _Benchmark(_Loose):
    name: str
    fullname: str
    extra_info: dict[str, Any] = {}
    stats: _Stats


class _File(_Loose):
    version: str
    benchmarks: list[_Benchmark]
    machine_info: dict[str, Any] = {}
    commit_info: dict[str, Any] = {}
    datetime: str | None = None
    edgeassay: dict[str, Any] | None = None


class _Ours(_Loose):
    """What of our own results a saved run is read for."""

    complete: bool
    claims: list[ClaimRecord]
    scores: list[dict[str, Any]] = []


def read_run(path: Path) -> SavedRun:
    """The saved run in a file; DataError says what is wrong with it, where, and what to do."""
    file = _parse(path, _bytes_of(path))
    if file.version.partition(".")[0] not in READ:
        raise DataError(
            f"{path} is of version {file.version} of pytest-benchmark's format, and"
            f" {' and '.join(READ)} are read; save it again with pytest-benchmark 4 or 5"
        )
    ours = _ours(path, file)
    hardware, machine = _machine(file.machine_info)
    return SavedRun(
        where=str(path),
        version=file.version,
        commit=_text(file.commit_info.get("id")),
        dirty=bool(file.commit_info.get("dirty")),
        branch=_text(file.commit_info.get("branch")),
        saved=_moment(path, file.datetime),
        hardware=hardware,
        machine=machine,
        ours="edgeassay" in file.machine_info,
        complete=ours.complete if ours else True,
        benchmarks=_benchmarks(path, file),
        claims=tuple(ours.claims) if ours else (),
        scores=_scores(path, ours.scores if ours else []),
    )


def _bytes_of(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path} doesn't exist; {REMEDY}") from None
    except OSError as error:
        raise DataError(f"{path} can't be read: {why(error)}; {REMEDY}") from None
    if not content.strip():
        raise DataError(f"{path} is empty; {REMEDY}")
    return content


def _parse(path: Path, content: bytes) -> _File:
    try:
        return _File.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            raise DataError(
                f"{path} is no whole JSON ({first['msg'].removeprefix('Invalid JSON: ')}); save the"
                " run again"
            ) from None
        key = ".".join(map(str, first["loc"]))
        raise DataError(
            f"{path} is no file of pytest-benchmark ({key or 'the top'}: {first['msg']}); {REMEDY}"
        ) from None


def _ours(path: Path, file: _File) -> _Ours | None:
    if file.edgeassay is None:
        return None
    try:
        return _Ours.model_validate(file.edgeassay)
    except ValidationError as error:
        first = error.errors()[0]
        raise DataError(
            f"{path}: edgeassay.{'.'.join(map(str, first['loc']))}: {first['msg']}; it was changed"
            " by hand or saved by another version; save the run again"
        ) from None


def _scores(path: Path, entries: list[dict[str, Any]]) -> dict[CaseId, Mapping[str, Any]]:
    try:
        return {CaseId.model_validate(e["case"]): e for e in entries}
    except (KeyError, ValidationError):
        raise DataError(
            f"{path}: edgeassay.scores isn't as it was saved; save the run again"
        ) from None


def _benchmarks(path: Path, file: _File) -> dict[str, Timed]:
    found: dict[str, Timed] = {}
    for benchmark in file.benchmarks:
        made = _timed(path, benchmark, file.machine_info)
        if made.key in found:
            raise DataError(f"{path} has the benchmark {made.key!r} twice; save one run to a file")
        found[made.key] = made
    if not found:
        raise DataError(f"{path} has no benchmarks: nothing was timed; run it with --benchmark")
    return found


def _timed(path: Path, benchmark: _Benchmark, machine: Mapping[str, Any]) -> Timed:
    extra, place = benchmark.extra_info, f"{path}: {benchmark.name}"
    case = _case(extra) if "edgeassay" in machine else None
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
        median_s=float(np.median([np.median(p) for p in processes]))
        if processes
        else benchmark.stats.median,
        summary=_summary(benchmark.stats),
        disturbed=_text(extra.get("disturbed")) if case is not None else None,
        size_bytes=_size(place, extra) if case is not None else None,
        mean_auc=_auc(place, extra) if case is not None else None,
    )


def _summary(stats: _Stats) -> tuple[float | None, ...]:
    return stats.min, stats.median, stats.mean, stats.max, stats.stddev


def _size(place: str, extra: Mapping[str, Any]) -> int | None:
    value = extra.get("size_bytes")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise DataError(f"{place} has size_bytes = {value!r}: {CHANGED}")
    return value


def _auc(place: str, extra: Mapping[str, Any]) -> float | None:
    value = extra.get("mean_auc")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
        raise DataError(f"{place} has mean_auc = {value!r}: {CHANGED}")
    return float(value)


def _case_name(case: CaseId) -> str:
    return f"{case.model}-{case.variant}-{case.runtime}"


def _case(extra: Mapping[str, Any]) -> CaseId | None:
    try:
        return CaseId.model_validate({k: extra.get(k) for k in CaseId.model_fields})
    except ValidationError:
        return None  # a test of the user's own, beside ours


def _processes(place: str, benchmark: _Benchmark) -> tuple[Durations, ...]:
    """Our own durations, process by process."""
    rows = benchmark.extra_info.get("durations_ns")
    try:
        made = tuple(np.asarray(row, np.float64) / 1e9 for row in rows or ())
    except (TypeError, ValueError):
        made = (np.zeros(0),)
    for row in made:
        if row.ndim != 1 or not row.size:
            raise DataError(
                f"{place}: durations_ns isn't a list of durations for each process; save the run"
                " again"
            )
        _check(place, row)
    return made


def _rounds(place: str, benchmark: _Benchmark) -> tuple[Durations, ...]:
    """A foreign benchmark's durations: those of one process, where it has any."""
    if not benchmark.stats.data:
        return ()
    row = np.asarray(benchmark.stats.data, np.float64)
    _check(place, row)
    return (row,)


def _check(place: str, durations: Durations) -> None:
    if not np.isfinite(durations).all() or (durations <= 0.0).any():
        worst = durations[~np.isfinite(durations) | (durations <= 0.0)][0]
        raise DataError(
            f"{place} has a duration of {worst:g} s: a clock stood still or ran backwards; measure"
            " it again"
        )


def _stack(extra: Mapping[str, Any], machine: Mapping[str, Any], *, ours: bool) -> dict[str, str]:
    """What runs a benchmark: ours says it of each case, a foreign file of Python alone."""
    if ours:
        pairs = list(_items(extra.get("stack")))
    else:
        names = ("python_implementation", "python_version", "python_compiler", "system")
        pairs = [(name, machine.get(name)) for name in names]
    return {name: str(value) for name, value in pairs if value is not None}


def _machine(info: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """What identifies the hardware, and the same part by part for people."""
    own = info.get("edgeassay")
    if isinstance(own, Mapping) and isinstance(own.get("fingerprint"), str):
        parts = own.get("hardware", own)
        named = {k: _words(v) for k, v in _items(parts) if v is not None and k != "fingerprint"}
        return own["fingerprint"], named
    cpu = info.get("cpu")
    named = {"machine": _words(info.get("machine")), "processor": _words(info.get("processor"))}
    keys = ("vendor_id_raw", "brand_raw", "arch", "count")
    named |= {key: _words(value) for key, value in _items(cpu) if key in keys}
    digest = hashlib.sha256(json.dumps(named, sort_keys=True).encode("utf-8"))
    return f"foreign-{digest.hexdigest()[:12]}", {k: v for k, v in named.items() if v}


def _items(value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()


def _words(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _moment(path: Path, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise DataError(f"{path}: datetime = {text!r} is no date; save the run again") from None
