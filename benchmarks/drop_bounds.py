"""How often the bounds of a mean drop over images miss it, by how patients differ and how many are
there: `python benchmarks/drop_bounds.py [RUNS]` prints the table of docs/segmentation.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from edgeassay.stats.patient_means import drop_bounds

Draw = Callable[[np.random.Generator, int], npt.NDArray[np.floating]]

CONFIDENCE: Final = 0.95
PATIENTS: Final = (4, 10, 20, 30, 60)
# How a patient's drop comes about, with the mean of all patients there are.
DROPS: Final[Mapping[str, tuple[Draw, float]]] = {
    "normal": (lambda rng, n: rng.normal(0.0, 0.01, n), 0.0),
    "skewed": (lambda rng, n: rng.exponential(0.01, n), 0.01),
    "long tails": (lambda rng, n: 0.01 * rng.standard_t(3, n), 0.0),
    "1 in 10 loses 0.3": (lambda rng, n: 0.3 * (rng.random(n) < 0.1), 0.03),
    "1 in 50 loses 0.3": (lambda rng, n: 0.3 * (rng.random(n) < 0.02), 0.006),
}


def missed(draw: Draw, truth: float, patients: int, runs: int) -> tuple[float, float]:
    """The share of runs in which the truth lies below the lower bound, and above the upper one."""
    rng, below, above = np.random.default_rng(1), 0, 0
    for run in range(runs):
        codes = np.repeat(np.arange(patients), rng.integers(1, 5, patients))
        drops = draw(rng, patients)[codes] + rng.normal(0.0, 0.005, len(codes))
        bounds = drop_bounds(drops, codes, CONFIDENCE, resamples=1000, seed=run)
        below, above = below + (bounds.low > truth), above + (bounds.high < truth)
    return below / runs, above / runs


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    print("| drop | patients | mean below the lower bound % | above the upper bound % |")
    print("|---|---|---|---|")
    for name, (draw_, truth_) in DROPS.items():
        for patients_ in PATIENTS:
            low, high = missed(draw_, truth_, patients_, count)
            print(f"| {name} | {patients_} | {100 * low:.1f} | {100 * high:.1f} |", flush=True)
