"""How often the bounds of docs/statistics.md, section Time, hold what they promise: simulated.

`python benchmarks/latency_bounds.py` prints the document's tables. Seeded; a minute or less.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import signal, special

from edgeassay.stats import percentile_bounds, ratio_bounds

Array = npt.NDArray[np.float64]

CONFIDENCE = 0.95
SHARE = 0.95
TRIALS = 4_000
ROUNDS = 60
BETWEEN = 0.035  # spread of processes, of the logarithm
PERSISTENCE = 0.9  # AR(1) from round to round
TRUTH_DRAWS = 4_000_000


def plain(z: Array) -> Array:
    """Rounds that spread by 3 % around their process."""
    return np.exp(0.03 * z)


def skewed(z: Array) -> Array:
    """A long tail of slow rounds."""
    return 1.0 + 0.1 * np.exp(0.8 * z)


def bimodal(z: Array) -> Array:
    """Every tenth round takes half as long again."""
    return np.where(special.ndtr(z) > 0.9, 1.5, 1.0) * np.exp(0.01 * z)


SHAPES: dict[str, Callable[[Array], Array]] = {
    "3 % normal": plain,
    "skewed": skewed,
    "bimodal": bimodal,
}


def processes(rng: np.random.Generator, count: int, shape: Callable[[Array], Array]) -> Array:
    """Durations of (processes, rounds)."""
    steps = rng.standard_normal((count, ROUNDS)) * np.sqrt(1.0 - PERSISTENCE**2)
    steps[:, 0] = rng.standard_normal(count)  # it begins as it goes on
    rounds = signal.lfilter([1.0], [1.0, -PERSISTENCE], steps, axis=1)
    speed: Array = np.exp(BETWEEN * rng.standard_normal((count, 1)))
    return speed * shape(rounds)


def p95_table() -> list[str]:
    """How often the upper bound of p95 is one, and how far above p95 it lies."""
    rows = [
        "| rounds | processes | one round a process: coverage | bound / p95, median |"
        " all rounds as if independent: coverage |",
        "|---|---|---|---|---|",
    ]
    for name, shape in SHAPES.items():
        rng = np.random.default_rng(59)
        speed = np.exp(BETWEEN * rng.standard_normal(TRUTH_DRAWS))
        truth = float(np.quantile(speed * shape(rng.standard_normal(TRUTH_DRAWS)), SHARE))
        for count in (3, 59, 93):
            drawn = rng.integers(0, ROUNDS, (TRIALS, count))
            bounds, naive = [], []
            for trial in range(TRIALS):
                durations = processes(rng, count, shape)
                own = durations[np.arange(count), drawn[trial]]
                bounds.append(percentile_bounds(own, SHARE, CONFIDENCE)[1])
                naive.append(percentile_bounds(durations, SHARE, CONFIDENCE)[1] or 0.0)
            found = np.array([b for b in bounds if b is not None])
            covered = f"{np.mean(found >= truth):.1%}" if len(found) else "no bound"
            distance = f"{np.median(found) / truth:.3f}" if len(found) else ""
            rows.append(
                f"| {name} | {count} | {covered} | {distance} |"
                f" {np.mean(np.array(naive) >= truth):.1%} |"
            )
    return rows


def spreads(rng: np.random.Generator, shape: str, size: tuple[int, int]) -> Array:
    """Logarithms of ratios around their mean, 0, with a spread of `BETWEEN`."""
    if shape == "normal":
        return BETWEEN * rng.standard_normal(size)
    if shape == "skewed":
        return BETWEEN * (rng.standard_exponential(size) - 1.0)
    slow = (rng.random(size) < 0.2).astype(np.float64)  # a fifth of the processes, 8 % slower
    return 0.08 * (slow - 0.2) + 0.01 * rng.standard_normal(size)


def bootstrap_bounds(rng: np.random.Generator, ratios: Array) -> tuple[float, float]:
    """Percentiles of the mean of processes drawn anew."""
    logs = np.log(ratios)
    means = logs[rng.integers(0, len(logs), (400, len(logs)))].mean(axis=1)
    low, high = np.exp(np.quantile(means, [1.0 - CONFIDENCE, CONFIDENCE]))
    return float(low), float(high)


def ratio_table() -> list[str]:
    """How often the bounds of a ratio are such, and how far they are apart."""
    rows = [
        "| processes differ | processes | t: lower / upper coverage | upper / ratio, median |"
        " bootstrap: lower / upper coverage | median by order: upper coverage |"
        " upper / ratio, median |",
        "|---|---|---|---|---|---|---|",
    ]
    for shape in ("normal", "skewed", "bimodal"):
        truth = float(np.exp(np.median(spreads(np.random.default_rng(0), shape, (TRIALS, 250)))))
        for count in (3, 5, 10):
            rng = np.random.default_rng(count)
            ratios = np.exp(spreads(rng, shape, (TRIALS, count)))
            by_t = np.array([ratio_bounds(row, CONFIDENCE)[1:] for row in ratios])
            anew = np.array([bootstrap_bounds(rng, row) for row in ratios])
            ordered = [percentile_bounds(row, 0.5, CONFIDENCE)[1] for row in ratios]
            found = np.array([bound for bound in ordered if bound is not None])
            covered, above = "no bound", ""
            if len(found):
                covered, above = f"{np.mean(found >= truth):.1%}", f"{np.median(found):.3f}"
            rows.append(
                f"| {shape} | {count} | {np.mean(by_t[:, 0] <= 1.0):.1%} /"
                f" {np.mean(by_t[:, 1] >= 1.0):.1%} | {np.median(by_t[:, 1]):.3f} |"
                f" {np.mean(anew[:, 0] <= 1.0):.1%} / {np.mean(anew[:, 1] >= 1.0):.1%} |"
                f" {covered} | {above} |"
            )
    return rows


def main() -> None:
    """Print both tables as Markdown."""
    sys.stdout.write("\n".join([*p95_table(), "", *ratio_table(), ""]))


if __name__ == "__main__":
    main()
