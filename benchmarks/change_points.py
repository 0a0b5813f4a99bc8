"""What a change point of `edgeassay history` is worth: the table of docs/history.md.

`python benchmarks/change_points.py`, about two minutes. Simulated series of a benchmark's medians,
one a run: noise of 2.5 % around a level, either independent from run to run or resembling the run
before (a loaded evening, a warm machine), and in some every twentieth run 20 % slower. The level
stays, or is 5 % higher from some run on.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy import signal

from edgeassay.config.shapes import default_history
from edgeassay.spec import History
from edgeassay.stats.arrays import Floats, Mask
from edgeassay.stats.series import change_points, noise_of, without_outliers

NOISE = 0.025
STEP = 0.05
OUTLIERS = 0.05  # of the runs
OUTLIER = 0.20
SERIES = 1000


def drawn(rng: np.random.Generator, runs: int, persistence: float) -> Floats:
    """The logarithms of a series of medians at one level."""
    steps = rng.standard_normal(runs) * np.sqrt(1.0 - persistence**2)
    steps[0] = rng.standard_normal()  # it begins as it goes on
    made: Floats = NOISE * signal.lfilter([1.0], [1.0, -persistence], steps)
    return made


def found(values: Floats, settings: History) -> list[int]:
    """Change points as `edgeassay history` finds them."""
    noise = noise_of(values, settings.least_noise)
    calm = without_outliers(values, noise.sd, settings.least_stretch)
    return change_points(calm, noise, penalty=settings.penalty, stretch=settings.least_stretch)


def row(runs: int, persistence: float, settings: History) -> str:
    """What 1,000 series of this length show."""
    rng = np.random.default_rng(runs)
    false = disturbed = middle = exact = latest = 0
    for _ in range(SERIES):
        noise = drawn(rng, runs, persistence)
        false += len(found(noise, settings))
        outliers = np.where(rng.random(runs) < OUTLIERS, np.log1p(OUTLIER), 0.0)
        disturbed += len(found(noise + outliers, settings))
        at = np.arange(runs)
        distances = [abs(i - runs // 2) for i in found(stepped(noise, at >= runs // 2), settings)]
        middle += min(distances, default=runs) <= 5
        exact += min(distances, default=runs) <= 2
        latest += bool(found(stepped(noise, at >= runs - 10), settings))
    shares = (middle / SERIES, exact / SERIES, latest / SERIES)
    return (
        f"| {persistence:.1f} | {runs:,} | {false / SERIES:.3f} | {disturbed / SERIES:.3f} |"
        f" {' | '.join(f'{share:.0%}' for share in shares)} |"
    )


def stepped(noise: Floats, after: Mask) -> Floats:
    """A series that is slower from some run on."""
    return noise + np.where(after, np.log1p(STEP), 0.0)


def main() -> None:
    """Print the table as Markdown."""
    settings = default_history()
    lines = [
        "| resemblance | runs | false change points a series | the same with outliers |"
        " 5 % found in the middle, within 5 runs | within 2 | 5 % found 10 runs after |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for persistence in (0.0, 0.3, 0.6):
        lines += [row(runs, persistence, settings) for runs in (20, 30, 50, 100, 300, 1000)]
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
