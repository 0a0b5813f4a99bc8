"""What a saved run has: benchmarks with their durations, and our own claims where it is ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeassay.runs.estimates import EstimateRecord
from edgeassay.runs.records import CaseId, ClaimRecord

Durations = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Timed:
    """One benchmark of a saved run.

    `key` is what it is matched by: the case's id with its device, or a foreign benchmark's full
    name. `processes` has the durations in s of each fresh process; one array where all that is
    known is of one process, none where only `median_s` is left, with all else that pytest-benchmark
    says of the durations in `summary`. `stack` is what runs it; a change
    there is told and doesn't make it incomparable. `disturbed` is what others did to the machine
    beyond its tolerance. `size_bytes` is the artifact's, `mean_auc` what it reached in that run, or
    of what is segmented `mean_dice`.
    """

    key: str
    name: str
    case: CaseId | None
    artifact_sha256: str | None
    stack: Mapping[str, str]
    processes: tuple[Durations, ...]
    median_s: float
    summary: tuple[float | None, ...] = ()
    disturbed: str | None = None
    size_bytes: int | None = None
    mean_auc: float | None = None
    mean_dice: float | None = None

    @cached_property
    def process_medians_s(self) -> Durations:
        """The median of each process's durations."""
        return np.array([np.median(one) for one in self.processes])


@dataclass(frozen=True, kw_only=True)
class SavedRun:
    """A file of pytest-benchmark's.

    `hardware` identifies the machine: our fingerprint, or what pytest-benchmark tells of the CPU;
    `machine` is the same for people, part by part. `claims` and `complete` are of our own runs:
    a foreign one has no claims. `scores` has the digests of each case's scores and of their data,
    `estimates` what a compiler said of cases that nothing ran.
    """

    where: str
    version: str
    commit: str | None
    dirty: bool
    branch: str | None
    saved: datetime | None
    hardware: str
    machine: Mapping[str, str]
    ours: bool
    complete: bool
    benchmarks: Mapping[str, Timed]
    claims: tuple[ClaimRecord, ...] = ()
    scores: Mapping[CaseId, Mapping[str, Any]] = field(default_factory=dict)
    estimates: Mapping[CaseId, EstimateRecord] = field(default_factory=dict)


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """What differs between two machines or stacks: its name, what it was and what it is."""
    names = dict.fromkeys([*old, *new])
    pairs = [(name, old.get(name) or "none", new.get(name) or "none") for name in names]
    return [(name, was, now) for name, was, now in pairs if was != now]
