"""What the bounds of rates, drops and calibration drifts hold: `python benchmarks/rates.py`.

Prints Markdown tables; asserts nothing. Seeded, about two minutes on two cores. A false pass is an
upper bound of the drop below a true drop that equals the margin (for rates: a lower bound above the
true rate); a false failure is the same on the other side. Both should be 5 % at most.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, ndtri

from edgeassay.stats.bounds import Bounds
from edgeassay.stats.calibration import brier_drift_bounds, ece_drift_bounds
from edgeassay.stats.paired_rates import PairedHits, mean_paired_drop_bounds, paired_drop_bounds
from edgeassay.stats.rates import Hits, mean_rate_bounds, rate_bounds

CONFIDENCE = 0.95
REPEATS = 1000
LIKENESS = 0.5  # of the scores of one patient's images
AGREEMENT = 0.97  # correlation of both models' scores
LAYOUTS = {
    "1": [1],
    "4": [4],
    "1 to 20": [1] * 10 + [2] * 4 + [3, 4, 5, 8, 12, 20],
}

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One cell: patients, their images (a key of LAYOUTS), the reference's rate and its drop."""

    patients: int
    layout: str
    rate: float
    drop: float
    likeness: float = LIKENESS


def decide(rng: np.random.Generator, s: Setting) -> tuple[Mask, Mask, Codes]:
    """Both models' decisions, and whose image each is."""
    codes = np.repeat(np.arange(s.patients), rng.choice(LAYOUTS[s.layout], s.patients))
    patient = rng.normal(size=(s.patients, 2))[codes]
    scores = np.sqrt(s.likeness) * patient
    scores += np.sqrt(1 - s.likeness) * rng.normal(size=scores.shape)
    first, other = scores.T
    second = AGREEMENT * first + np.sqrt(1 - AGREEMENT**2) * other
    return first < ndtri(s.rate), second < ndtri(s.rate - s.drop), codes


class Tally:
    """Counts bounds that miss the truth, in per cent."""

    def __init__(self) -> None:
        self.above = self.below = self.number = 0
        self.reach = 0.0

    def add(self, bounds: Bounds, truth: float) -> None:
        """Count one sample's bounds."""
        self.above += bounds.high < truth
        self.below += bounds.low > truth
        self.reach += bounds.high - bounds.value
        self.number += 1

    def __str__(self) -> str:
        missed = [f"{100 * count / self.number:.1f}" for count in (self.above, self.below)]
        return " / ".join(missed) + f" ({self.reach / self.number:.3f})"


def drops(s: Setting) -> list[str]:
    """A row: the drop, the reference's rate, and how often both models decide differently."""
    rng = np.random.default_rng([s.patients, len(s.layout), int(1000 * s.rate), int(1000 * s.drop)])
    drop, rate = Tally(), Tally()
    for _ in range(REPEATS):
        reference, candidate, codes = decide(rng, s)
        drop.add(paired_drop_bounds(reference, candidate, codes, CONFIDENCE), s.drop)
        rate.add(rate_bounds(reference, codes, CONFIDENCE), s.rate)
    return [
        s.layout,
        f"{s.likeness:g}",
        str(s.patients),
        f"{s.rate}",
        f"{s.drop}",
        f"{drop}",
        f"{rate}",
    ]


def flips(s: Setting) -> list[str]:
    """A row: the share of images on which both decide differently."""
    rng = np.random.default_rng([1, s.patients, len(s.layout), int(1000 * s.rate)])
    # The truth from many patients of one image: the share doesn't depend on whose images they are.
    many = Setting(patients=4_000_000, layout="1", rate=s.rate, drop=s.drop, likeness=0.0)
    first, second, _ = decide(rng, many)
    truth, tally = float((first != second).mean()), Tally()
    for _ in range(REPEATS):
        first, second, codes = decide(rng, s)
        tally.add(rate_bounds(first != second, codes, CONFIDENCE), truth)
    return [s.layout, f"{s.patients}", f"{truth:.4f}", f"{tally}"]


def means(arguments: tuple[int, float, Setting]) -> list[str]:
    """A row: the mean over classes, of which each patient has each with a probability."""
    classes, share, s = arguments
    rng = np.random.default_rng([2, classes, s.patients, len(s.layout), int(1000 * s.rate)])
    drop, rate = Tally(), Tally()
    for _ in range(REPEATS // 4):
        codes = np.repeat(np.arange(s.patients), rng.choice(LAYOUTS[s.layout], s.patients))
        common = [rng.normal(size=(s.patients, 2))[codes], rng.normal(size=(len(codes), 2))]
        pairs: list[PairedHits] = []
        while len(pairs) < classes:
            own = [rng.normal(size=(s.patients, 2))[codes], rng.normal(size=(len(codes), 2))]
            mixed = [np.sqrt(0.5) * a + np.sqrt(0.5) * b for a, b in zip(common, own, strict=True)]
            both = np.sqrt(s.likeness) * mixed[0] + np.sqrt(1 - s.likeness) * mixed[1]
            has = (rng.random(s.patients) < share)[codes]
            if not has.any():
                continue
            first, other = both[has].T
            second = AGREEMENT * first + np.sqrt(1 - AGREEMENT**2) * other
            pairs.append(
                PairedHits(
                    reference=first < ndtri(s.rate),
                    candidate=second < ndtri(s.rate - s.drop),
                    codes=codes[has],
                )
            )
        drop.add(mean_paired_drop_bounds(pairs, CONFIDENCE), s.drop)
        hits = [Hits(hits=pair.reference, codes=pair.codes) for pair in pairs]
        rate.add(mean_rate_bounds(hits, CONFIDENCE), s.rate)
    return [
        f"{classes}",
        f"{share:g}",
        s.layout,
        f"{s.patients}",
        f"{s.rate}",
        f"{s.drop}",
        f"{drop}",
        f"{rate}",
    ]


# Slope and offset of the reference's and the candidate's logits, the candidate's own noise, and
# the mean logit.
SCENES = {
    "calibrated, then shifted": (1.0, 0.0, 1.0, 0.3, 0.1, -1.0),
    "the same, finding rare": (1.0, 0.0, 1.0, 0.3, 0.1, -3.5),
    "shifted, then more": (1.0, 0.3, 1.0, 0.5, 0.1, -1.0),
    "shifted, then less": (1.0, 0.5, 1.0, 0.2, 0.1, -1.0),
    "calibrated, then overconfident": (1.0, 0.0, 1.3, 0.0, 0.1, 0.0),
    "overconfident, then calibrated": (1.3, 0.0, 1.0, 0.0, 0.1, 0.0),
    "hardly moved": (1.0, 0.0, 1.0, 0.05, 0.05, -1.0),
}
Drawn = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64], Codes]


def score(rng: np.random.Generator, scene: str, patients: int, images: int) -> Drawn:
    """Both models' scores, the true probabilities, and whose image each is."""
    slope, offset, slope_after, offset_after, noise, middle = SCENES[scene]
    codes = np.repeat(np.arange(patients), images)
    logits = middle + 1.5 * rng.normal(size=patients)[codes] + 0.7 * rng.normal(size=len(codes))
    moved = slope_after * logits + offset_after + noise * rng.normal(size=len(codes))
    return expit(slope * logits + offset), expit(moved), expit(logits), codes


def drifts(arguments: tuple[str, int, int]) -> list[str]:
    """A row: the drift of both calibration figures."""
    scene, patients, images = arguments
    rng = np.random.default_rng([3, list(SCENES).index(scene), patients, images])
    first, second, truth, _ = score(rng, scene, 400_000, 1)
    edges = np.quantile(first, np.arange(1, 15) / 15)
    where = np.searchsorted(edges, first)
    ece = sum(
        sign * float(np.abs(np.bincount(where, weights=scores - truth)).sum()) / len(first)
        for sign, scores in ((1, second), (-1, first))
    )
    brier = float(((second - truth) ** 2 - (first - truth) ** 2).mean())
    tallies = Tally(), Tally()
    for seed in range(REPEATS // 4):
        first, second, truth, codes = score(rng, scene, patients, images)
        labels = (rng.random(len(truth)) < truth).astype(np.int8)[:, None]
        both = labels, first[:, None], second[:, None], codes, CONFIDENCE
        tallies[0].add(brier_drift_bounds(*both), brier)
        tallies[1].add(ece_drift_bounds(*both, resamples=200, seed=seed), ece)
    row = [scene, f"{patients} x {images}", f"{brier:+.4f}", f"{tallies[0]}"]
    return [*row, f"{ece:+.4f}", f"{tallies[1]}"]


def table(head: Sequence[str], rows: Iterator[list[str]]) -> None:
    """Print a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    sys.stdout.write("\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines))
    sys.stdout.flush()


def main() -> None:
    """Simulate every table in turn."""
    cells = [
        Setting(patients=patients, layout=layout, rate=rate, drop=drop, likeness=likeness)
        for layout, likeness in (("1", 0.5), ("4", 0.5), ("1 to 20", 0.5), ("1 to 20", 0.95))
        for patients in (10, 20, 42, 100, 800)
        for rate in (0.8, 0.95, 0.99)
        for drop in (0.02, 0.05)
        if likeness == 0.5 or patients < 800
    ]
    missed = "high / low missed % (mean reach)"
    with ProcessPoolExecutor(2) as pool:
        head = ["images a patient", "likeness", "patients", "rate", "drop"]
        table([*head, f"drop: {missed}", f"rate: {missed}"], pool.map(drops, cells))
        alike = [c for c in cells if c.likeness == 0.5 and c.drop == 0.02 and c.rate < 0.99]
        head = ["images a patient", "patients", "true flip rate"]
        table([*head, missed], pool.map(flips, alike))
        several = [
            (classes, share, c)
            for classes, share in ((5, 0.3), (5, 1.0), (14, 0.2))
            for c in cells
            if c.likeness == 0.5
            and c.layout != "4"
            and c.patients in (42, 100)
            and (c.rate, c.drop) in ((0.8, 0.05), (0.95, 0.02))
        ]
        head = ["classes", "share of patients", "images a patient", "patients", "rate", "drop"]
        rows = pool.map(means, several)
        table([*head, f"mean drop: {missed}", f"mean rate: {missed}"], rows)
        scenes = [
            (scene, *size)
            for scene in SCENES
            for size in ((10, 1), (20, 1), (42, 1), (100, 1), (600, 1), (150, 4))
        ]
        head = ["models", "patients x images", "Brier drift", missed, "ECE drift", missed]
        table(head, pool.map(drifts, scenes))


if __name__ == "__main__":
    main()
