"""Baselines: what was promoted, by hardware, and what a run is judged against."""

from edgeassay.baselines.against import Against, baseline_claims, load_against
from edgeassay.baselines.files import Baseline, Line, Origin, read_baseline

__all__ = [
    "Against",
    "Baseline",
    "Line",
    "Origin",
    "baseline_claims",
    "load_against",
    "read_baseline",
]
