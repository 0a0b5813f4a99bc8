"""Benchmarks of saved runs with a known truth, drawn by a seed."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from edgeassay.changes import Pair
from edgeassay.config.comparison import load_comparison
from edgeassay.runs.records import CaseId
from edgeassay.runs.saved import Timed
from edgeassay.spec import Allowed, Noise
from suites.meta.project import ROOT

ROUNDS: Final = 5
CV: Final = 0.025  # what fresh processes of one build differ by on a quiet machine
CASE: Final = CaseId(model="chest", variant="int8", runtime="litert", device="host")


def defaults() -> tuple[Allowed, Noise]:
    """The limits and the noise that hold where no compare.toml says other."""
    comparison = load_comparison(None, ROOT / "suites")
    return comparison.allowed("any", None), comparison.noise


def timed(
    key: str = "chest-int8-litert on host",
    *,
    seed: int = 1,
    ms: float = 3.0,
    processes: int = 20,
    rounds: int = ROUNDS,
    cv: float = CV,
    drawn: bool = False,
    **known: Any,
) -> Timed:
    """A benchmark whose processes differ by `cv`, and their rounds by half of it. Its processes
    spread by just that around `ms`, or are a sample where they are `drawn`.
    """
    rng = np.random.default_rng([seed, processes, *key.encode()])
    logs = rng.normal(size=processes)
    if not drawn:
        logs = logs - logs.mean() if processes else logs
        logs = logs / logs.std(ddof=1) if processes > 1 else logs
    within = rng.normal(size=(processes, rounds))
    within -= np.median(within, axis=1, keepdims=True)
    durations = tuple(ms / 1e3 * np.exp(cv * logs[:, np.newaxis] + 0.5 * cv * within))
    median = float(np.median(durations)) if processes else ms / 1e3
    given: dict[str, Any] = {
        "name": key.partition(" on ")[0],
        "case": CASE,
        "artifact_sha256": "a" * 64,
        "stack": {"runtime_version": "2.3.0"},
        "summary": (median,),
    }
    return Timed(key=key, processes=durations, median_s=median, **{**given, **known})


def pair(base: Timed, head: Timed) -> Pair:
    """Two benchmarks, with the limits that hold by default."""
    return Pair(base=base, head=head, allowed=defaults()[0])
