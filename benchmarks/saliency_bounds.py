"""How often the bounds of a mean agreement of maps miss it, by simulation.

    python benchmarks/saliency_bounds.py [--runs 1000]

Agreements pile up near 1 and have a tail towards 0. Patients have one image each, as saliency's
sample has. A bound that holds misses 5 % of the time.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from edgeassay.stats.patient_means import mean_bounds

CONFIDENCE = 0.95
PATIENTS = (12, 20, 30, 64)
RESAMPLES = 1000

Draw = Callable[[np.random.Generator, int], np.ndarray]


def even(rng: np.random.Generator, count: int) -> np.ndarray:
    """Overlaps such as a 4-bit variant's: around 0.85, hardly skewed."""
    return rng.beta(17.0, 3.0, count)


def skewed(rng: np.random.Generator, count: int) -> np.ndarray:
    """Correlations such as an int8 variant's: most above 0.99, some at 0.9, few below."""
    return 1.0 - np.minimum(1.0, rng.lognormal(np.log(0.008), 1.2, count))


def flat(rng: np.random.Generator, count: int) -> np.ndarray:
    """The same, and one image in ten has a flat map: 0."""
    return np.where(rng.random(count) < 0.1, 0.0, skewed(rng, count))


def rarely_flat(rng: np.random.Generator, count: int) -> np.ndarray:
    """The same, with one image in fifty: rarer than so few patients can show."""
    return np.where(rng.random(count) < 0.02, 0.0, skewed(rng, count))


def some_flat(rng: np.random.Generator, count: int) -> np.ndarray:
    """The same, with one image in three."""
    return np.where(rng.random(count) < 1 / 3, 0.0, skewed(rng, count))


POPULATIONS: dict[str, Draw] = {
    "hardly skewed": even,
    "skewed": skewed,
    "skewed, 1 in 50 flat": rarely_flat,
    "skewed, 1 in 10 flat": flat,
    "skewed, 1 in 3 flat": some_flat,
}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    runs = parser.parse_args().runs
    print("| agreement | patients | true mean below the lower bound % | above the upper bound % |")
    print("|---|---|---|---|")
    for name, draw in POPULATIONS.items():
        truth = float(draw(np.random.default_rng(0), 2_000_000).mean())
        for patients in PATIENTS:
            rng = np.random.default_rng(patients)
            below = above = 0
            for run in range(runs):
                values = draw(rng, patients)
                bounds = mean_bounds(
                    values, np.arange(patients), CONFIDENCE, resamples=RESAMPLES, seed=run
                )
                below += truth < bounds.low
                above += truth > bounds.high
            print(f"| {name} | {patients} | {100 * below / runs:.1f} | {100 * above / runs:.1f} |")


if __name__ == "__main__":
    main()
