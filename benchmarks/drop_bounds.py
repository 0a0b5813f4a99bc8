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
    "1 in 20 loses 0.4, the others nothing": (lambda rng, n: 0.4 * (rng.random(n) < 0.05), 0.02),
    "1 in 50 loses 0.8, the others nothing": (lambda rng, n: 0.8 * (rng.random(n) < 0.02), 0.016),
}
# Of these, images that aren't lost don't move at all.
EXACT: Final = frozenset(name for name in DROPS if name.endswith("the others nothing"))


def missed(name: str, patients: int, runs: int) -> tuple[float, float]:
    """The share of runs in which the truth lies below the lower bound, and above the upper one."""
    draw, truth = DROPS[name]
    rng, below, above = np.random.default_rng(1), 0, 0
    for run in range(runs):
        codes = np.repeat(np.arange(patients), rng.integers(1, 5, patients))
        noise = 0.0 if name in EXACT else rng.normal(0.0, 0.005, len(codes))
        drops = draw(rng, patients)[codes] + noise
        bounds = drop_bounds(drops, codes, CONFIDENCE, possible=0.9, resamples=1000, seed=run)
        below, above = below + (bounds.low > truth), above + (bounds.high < truth)
    return below / runs, above / runs


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    print("| drop | patients | mean below the lower bound % | above the upper bound % |")
    print("|---|---|---|---|")
    for name_ in DROPS:
        for patients_ in PATIENTS:
            low, high = missed(name_, patients_, count)
            print(f"| {name_} | {patients_} | {100 * low:.1f} | {100 * high:.1f} |", flush=True)
