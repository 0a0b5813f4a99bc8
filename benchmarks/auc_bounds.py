"""How often the bounds of an AUC's drop are wrong: a seeded simulation, printed as Markdown.

Two models score the same images; their scores are normal, correlated as a network's and its
compressed form's are, and the candidate's true AUC is lower by the margin. A *false pass* is an
upper bound below that margin, a *false fail* a lower bound above it: 5 % each would be exact.

    python benchmarks/auc_bounds.py [--trials 2000] [--power | --single | --dominant]

Plain DeLong limits stand beside ours. Takes about 10 minutes on one core with 2,000 trials.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import expit, ndtri

from edgeassay.stats import Bounds, compare_aucs
from edgeassay.stats.auc import placements

LEVEL = 0.95
TIES = 79  # distinct scores of an int8 network with one output, as measured
LARGE = 400_000


@dataclass(frozen=True, kw_only=True)
class World:
    """What is true: the reference's AUC, the drop, how alike both models' scores are (their
    correlation among images of one label), and what the data is like.
    """

    auc: float
    drop: float
    likeness: float
    positives: int
    images_a_patient: int = 1
    ties: bool = False

    @property
    def negatives(self) -> int:
        """Four for each positive, two where there are many."""
        return 4 * self.positives if self.positives < 800 else 2 * self.positives


def _scores(
    rng: np.random.Generator, images: int, patient_of: npt.NDArray[np.intp], world: World
) -> npt.NDArray[np.float64]:
    """Both models' scores of images of one label, (images, 2), mean 0 and variance 1; half of the
    variance is the patient's where a patient has several images.
    """
    shape = np.linalg.cholesky([[1.0, world.likeness], [world.likeness, 1.0]]).T
    own = rng.normal(size=(images, 2)) @ shape
    if world.images_a_patient == 1:
        return own
    patients = rng.normal(size=(int(patient_of.max()) + 1, 2)) @ shape
    return np.sqrt(0.5) * (own + patients[patient_of])


def draw(
    rng: np.random.Generator, world: World
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Labels (images, 1), both models' scores (images, 2), and patients (images,)."""
    sizes = (world.positives, world.negatives)
    patients = [np.arange(size) // world.images_a_patient for size in sizes]
    shifts = np.sqrt(2.0) * ndtri([world.auc, world.auc - world.drop])
    scores = [_scores(rng, size, who, world) for size, who in zip(sizes, patients, strict=True)]
    scores[0] = scores[0] + shifts
    both = np.concatenate(scores)
    if world.ties:
        grid = expit(2.0 * (both[:, 1] - shifts[1] / 2))
        both[:, 1] = np.round(grid * TIES) / TIES
    labels = np.repeat([1, 0], sizes)[:, np.newaxis].astype(np.int8)
    return labels, both, np.concatenate([patients[0], patients[1] + patients[0].max() + 1])


def true_drop(world: World) -> float:
    """The drop in a very large sample: ties cost a little of it."""
    if not world.ties:
        return world.drop
    large = replace(world, positives=LARGE, images_a_patient=1)
    labels, scores, _ = draw(np.random.default_rng(0), large)
    positive = labels[:, 0] == 1
    found = [float(placements(positive, scores[:, m])[positive].mean()) for m in (0, 1)]
    return found[0] - found[1]


def trials(world: World, number: int, seed: int) -> Iterator[tuple[Bounds, Bounds]]:
    """Our bounds and plain DeLong's, in samples from a world."""
    rng = np.random.default_rng(seed)
    for _ in range(number):
        labels, scores, codes = draw(rng, world)
        drop = compare_aucs(labels, scores[:, :1], scores[:, 1:], codes).mean()
        assert drop is not None
        reach = float(ndtri(LEVEL) * np.sqrt(drop.variance))
        plain = Bounds(value=drop.value, low=drop.value - reach, high=drop.value + reach)
        yield drop.bounds(LEVEL), plain


def rates(world: World, number: int) -> str:
    """A row: how often each is wrong on either side, and how far the bounds reach."""
    truth = true_drop(world)
    found = list(trials(world, number, seed=11))
    cells = []
    for kind in (0, 1):
        passes = np.mean([bounds[kind].high < truth for bounds in found])
        fails = np.mean([bounds[kind].low > truth for bounds in found])
        reach = np.mean([bounds[kind].high - bounds[kind].value for bounds in found])
        cells.append(f"{100 * passes:.1f} | {100 * fails:.1f} | {reach:.4f}")
    return " | ".join(cells)


def margin_of(auc: float) -> float:
    """The margin that stands to an AUC as 0.01 does to 0.95."""
    return 0.005 if auc > 0.97 else 0.01


def false_passes(number: int) -> None:
    """The table of errors."""
    print(
        f"{number:,} trials a row: a rate of 5 % is known to {196 * np.sqrt(0.0475 / number):.1f}"
    )
    print(
        "| AUC | margin | positives | images a patient | ties | likeness | false pass % |"
        " false fail % | reach | DeLong: false pass % | false fail % | reach |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for auc in (0.75, 0.85, 0.95, 0.99):
        for likeness in (0.8, 0.97):
            for positives in (10, 20, 42, 100, 800):
                for images, ties in ((1, False), (1, True), (4, True)):
                    if positives // images < 10:
                        continue
                    world = World(
                        auc=auc,
                        drop=margin_of(auc),
                        likeness=likeness,
                        positives=positives,
                        images_a_patient=images,
                        ties=ties,
                    )
                    some = number if positives < 800 else max(200, number // 4)
                    print(
                        f"| {auc} | {margin_of(auc)} | {positives} | {images} |"
                        f" {'int8' if ties else ''} | {likeness} | {rates(world, some)} |",
                        flush=True,
                    )


def power(number: int) -> None:
    """The share of passes where there is no drop at all, or half the margin."""
    print(
        "| AUC | margin | likeness | positives | pass %, drop 0 | pass %, half the margin |"
        " fail %, twice the margin |"
    )
    print("|---|---|---|---|---|---|---|")
    for auc in (0.85, 0.95, 0.99):
        for likeness in (0.8, 0.97, 0.995):
            for positives in (42, 100, 300, 800):
                margin, cells = margin_of(auc), []
                for drop in (0.0, margin / 2, 2 * margin):
                    world = World(auc=auc, drop=drop, likeness=likeness, positives=positives)
                    found = [ours for ours, _ in trials(world, number, seed=12)]
                    hits = [b.low > margin if drop > margin else b.high <= margin for b in found]
                    cells.append(f"{100 * np.mean(hits):.0f}")
                print(
                    f"| {auc} | {margin} | {likeness} | {positives} | {' | '.join(cells)} |",
                    flush=True,
                )


def single(number: int) -> None:
    """How often the bounds of one AUC miss it."""
    print("| AUC | positives | images a patient | below the lower bound % | above the upper % |")
    print("|---|---|---|---|---|")
    for auc in (0.75, 0.85, 0.95, 0.99):
        for positives in (20, 42, 100, 800):
            for images in (1, 4):
                if positives // images < 10:
                    continue
                world = World(
                    auc=auc, drop=0.0, likeness=0.9, positives=positives, images_a_patient=images
                )
                rng, low, high = np.random.default_rng(13), 0, 0
                for _ in range(number):
                    labels, scores, codes = draw(rng, world)
                    found = compare_aucs(labels, scores[:, :1], scores[:, 1:], codes).mean()
                    assert found is not None
                    bounds = found.reference.bounds(LEVEL)
                    low, high = low + (auc < bounds.low), high + (auc > bounds.high)
                print(
                    f"| {auc} | {positives} | {images} | {100 * low / number:.1f} |"
                    f" {100 * high / number:.1f} |",
                    flush=True,
                )


def dominant(number: int) -> None:
    """False passes where one patient has 100 images, and the others one each."""
    print("| other patients | its images | false pass % | worth, in patients |")
    print("|---|---|---|---|")
    for others in (100, 300, 1000, 3000):
        for share in (0.5, 1.0):
            rng, passes, worth = np.random.default_rng(14), 0, 0.0
            for _ in range(number):
                labels, scores, codes = _with_dominant(rng, others, share)
                drop = compare_aucs(labels, scores[:, :1], scores[:, 1:], codes).mean()
                assert drop is not None
                passes += drop.bounds(LEVEL).high < margin_of(0.85)
                worth = drop.reference.counts[0].effective_patients
            kind = "all positive" if share == 1.0 else "half positive"
            print(f"| {others} | {kind} | {100 * passes / number:.1f} | {worth:.0f} |", flush=True)


def _with_dominant(
    rng: np.random.Generator, others: int, share: float
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Others of one image, half of them positive, and a patient of 100, half of whose variance is
    the patient's.
    """
    shifts = np.sqrt(2.0) * ndtri([0.85, 0.84])
    world = World(auc=0.85, drop=0.01, likeness=0.97, positives=1, images_a_patient=2)
    codes = np.concatenate([np.arange(others), np.full(100, others)])
    positive = np.concatenate([rng.random(others) < 0.5, np.arange(100) < 100 * share])
    scores = _scores(rng, others + 100, codes.astype(np.intp), world)
    scores[positive] += shifts
    return positive[:, np.newaxis].astype(np.int8), scores, codes.astype(np.intp)


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--power", action="store_true", help="how often a good model passes")
    parser.add_argument("--single", action="store_true", help="bounds of a single AUC")
    parser.add_argument("--dominant", action="store_true", help="one patient of 100 images")
    options = parser.parse_args()
    chosen = false_passes
    for name, job in (("power", power), ("single", single), ("dominant", dominant)):
        chosen = job if getattr(options, name) else chosen
    chosen(options.trials)


if __name__ == "__main__":
    main()
