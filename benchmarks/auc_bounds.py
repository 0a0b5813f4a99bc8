"""How often the bounds of an AUC's drop are wrong: a seeded simulation, printed as Markdown.

Two models score the same images; their scores are normal, correlated as a network's and its
compressed form's are, and the candidate's true AUC is lower by the margin. A *false pass* is an
upper bound below that margin, a *false fail* a lower bound above it: 5 % each would be exact.

    python benchmarks/auc_bounds.py [--trials 2000]
        [--power | --single | --hard | --rare | --near-one | --dominant]

Plain DeLong limits stand beside ours. Takes about 10 minutes on one core with 2,000 trials.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

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
    levels: int | None = None  # how many distinct scores both models have
    of: int | None = None  # how many images there are

    @property
    def negatives(self) -> int:
        """Four for each positive, two where there are many."""
        if self.of is not None:
            return self.of - self.positives
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
    if world.levels is not None:
        both = np.round(expit(2.0 * (both - shifts[0] / 2)) * (world.levels - 1))
    labels = np.repeat([1, 0], sizes)[:, np.newaxis].astype(np.int8)
    return labels, both, np.concatenate([patients[0], patients[1] + patients[0].max() + 1])


def true_drop(world: World) -> float:
    """The drop in a very large sample: ties cost a little of it."""
    if not world.ties and world.levels is None:
        return world.drop
    large = replace(world, positives=LARGE, images_a_patient=1, of=2 * LARGE)
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


def near_one(number: int) -> None:
    """Few images and few distinct scores near an AUC of 1, where few images carry all of a drop."""
    print(
        "| AUC | margin | positives / negatives | likeness | false pass % | false fail % | reach |"
        " longest reach |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for auc, margin in ((0.98, 0.005), (0.99, 0.005), (0.995, 0.003)):
        for positives in (100, 40):
            for likeness in (0.9, 0.97, 0.99):
                world = World(
                    auc=auc, drop=margin, likeness=likeness, positives=positives, levels=9, of=200
                )
                truth, found = true_drop(world), [ours for ours, _ in trials(world, number, 16)]
                reaches = [bounds.high - bounds.value for bounds in found]
                passes = 100 * np.mean([bounds.high < truth for bounds in found])
                fails = 100 * np.mean([bounds.low > truth for bounds in found])
                print(
                    f"| {auc} | {margin} | {positives} / {200 - positives} | {likeness} |"
                    f" {passes:.1f} | {fails:.1f} | {np.mean(reaches):.4f} |"
                    f" {np.max(reaches):.4f} |",
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


@dataclass(frozen=True, kw_only=True)
class HardWorld:
    """Scores that few samples tell apart: `levels` are the shares of positives at each distinct
    score, and those of the negatives turned round; None for normal scores with an AUC of 0.94.

    A share of one kind's images changes, so large that the true drop is `margin`: by `steps`
    levels, or to a score drawn from the other kind. All others keep their scores, but for `noise`
    (its standard deviation).
    """

    name: str
    margin: float
    positives: int
    negatives: int
    levels: tuple[float, ...] | None = None
    steps: int = 1
    changed: int = 1
    noise: float = 0.0

    @property
    def lost(self) -> float:
        """What one changed image loses of its pairs, on average."""
        if self.levels is None:
            return HARD_AUC - 0.5
        others = self.levels[::-1]
        places = [sum(others[:k]) + others[k] / 2 for k in range(len(others))]
        return sum(
            share * (places[k] - places[max(0, k - self.steps)])
            for k, share in enumerate(self.levels)
        )

    def draw(
        self, rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Labels (images, 1), the reference's scores and the candidate's, likewise."""
        labels = np.repeat([1, 0], (self.positives, self.negatives))
        fails = (labels == self.changed) & (rng.random(len(labels)) < self.margin / self.lost)
        if self.levels is None:
            shift = np.sqrt(2.0) * ndtri(HARD_AUC)
            first = rng.normal(size=len(labels)) + shift * labels
            kept = first + self.noise * rng.normal(size=len(labels)) if self.noise else first
            second = np.where(fails, rng.normal(size=len(labels)) + shift * (1 - labels), kept)
        else:
            drawn = rng.choice(len(self.levels), size=len(labels), p=self.levels).astype(float)
            first = np.where(labels == 1, drawn, len(self.levels) - 1 - drawn)
            step = self.steps if self.changed == 1 else -self.steps
            second = np.clip(np.where(fails, first - step, first), 0, len(self.levels) - 1)
        return labels[:, np.newaxis].astype(np.int8), first[:, np.newaxis], second[:, np.newaxis]


HARD_AUC = 0.94
SIZES = ((20, 20), (25, 100), (100, 100), (100, 400), (400, 1600))


def hard_worlds() -> Iterator[HardWorld]:
    """Hard decisions, few distinct scores, and images that fail altogether."""
    kinds: list[tuple[str, tuple[float, ...] | None, int]] = [
        ("0 or 1, 97 % right", (0.03, 0.97), 1),
        ("0 or 1, 85 % right", (0.15, 0.85), 1),
        ("three scores, one lower", (0.05, 0.25, 0.7), 1),
        ("three scores, two lower", (0.05, 0.25, 0.7), 2),
        ("five scores, one lower", (0.03, 0.07, 0.2, 0.3, 0.4), 1),
        ("fail altogether, the others equal", None, 1),
    ]
    for name, levels, steps in kinds:
        for positives, negatives in SIZES:
            for margin in (0.002, 0.005, 0.01):
                for changed in (1, 0) if levels is None and positives != negatives else (1,):
                    who = "" if changed else " (negatives)"
                    yield HardWorld(
                        name=name + who,
                        margin=margin,
                        positives=positives,
                        negatives=negatives,
                        levels=levels,
                        steps=steps,
                        changed=changed,
                    )


def rare_worlds() -> Iterator[HardWorld]:
    """Images that fail altogether while all others move a little; and hard decisions on medium
    samples.
    """
    for positives, negatives, margin in (
        *((100, 100, 0.005), (100, 400, 0.005), (100, 400, 0.01), (400, 1600, 0.002)),
        *((400, 1600, 0.005), (800, 800, 0.005), (800, 800, 0.009)),
    ):
        yield HardWorld(
            name="fail altogether, the others move a little",
            margin=margin,
            positives=positives,
            negatives=negatives,
            noise=0.02,
        )
    for each, margin in ((700, 0.015), (1000, 0.007), (2000, 0.01)):
        yield HardWorld(
            name="0 or 1, 97 % right",
            margin=margin,
            positives=each,
            negatives=each,
            levels=(0.03, 0.97),
        )


def hard(number: int, worlds: Callable[[], Iterator[HardWorld]] = hard_worlds) -> None:
    """False passes and false failures where few samples tell two models apart."""
    print("| scores | margin | positives / negatives | false pass % | false fail % | reach |")
    print("|---|---|---|---|---|---|")
    for world in worlds():
        rng, found = np.random.default_rng(15), []
        for _ in range(number):
            labels, first, second = world.draw(rng)
            drop = compare_aucs(labels, first, second, np.arange(len(labels))).mean()
            assert drop is not None
            found.append(drop.bounds(LEVEL))
        passes = 100 * np.mean([bounds.high < world.margin for bounds in found])
        fails = 100 * np.mean([bounds.low > world.margin for bounds in found])
        reach = np.mean([bounds.high - bounds.value for bounds in found])
        print(
            f"| {world.name} | {world.margin} | {world.positives} / {world.negatives} |"
            f" {passes:.1f} | {fails:.1f} | {reach:.4f} |",
            flush=True,
        )


@dataclass(frozen=True, kw_only=True)
class Dominant:
    """Few `patients` have a `share` of the positives, and `alike` of the variance of their scores
    is the patient's; all others have one image, and there are two negatives a positive.
    """

    positives: int
    share: float
    patients: int = 1
    auc: float = 0.85
    alike: float = 0.5

    def draw(
        self, rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64], npt.NDArray[np.intp]]:
        """Labels (images, 1), both models' scores (images, 2), and patients (images,)."""
        each = round(self.positives * self.share / self.patients)
        sizes = [each] * self.patients + [1] * (3 * self.positives - each * self.patients)
        codes = np.repeat(np.arange(len(sizes)), sizes)
        shape = np.linalg.cholesky([[1.0, 0.97], [0.97, 1.0]]).T
        own = rng.normal(size=(len(codes), 2)) @ shape
        theirs = (rng.normal(size=(len(sizes), 2)) @ shape)[codes]
        scores = np.sqrt(1.0 - self.alike) * own + np.sqrt(self.alike) * theirs
        labels = (np.arange(len(codes)) < self.positives)[:, np.newaxis].astype(np.int8)
        scores += labels * np.sqrt(2.0) * ndtri([self.auc, self.auc - 0.01])
        return labels, scores, codes


DOMINANT = (
    Dominant(positives=80, share=0.75),
    Dominant(positives=200, share=0.9),
    Dominant(positives=200, share=0.9, patients=5, auc=0.95),
    Dominant(positives=200, share=0.3),
    Dominant(positives=200, share=0.2),
    Dominant(positives=200, share=0.2, auc=0.95, alike=0.9),
    Dominant(positives=200, share=0.1),
    Dominant(positives=400, share=0.1, alike=0.9),
    Dominant(positives=400, share=0.5, patients=10),
    Dominant(positives=400, share=0.7, patients=20),
)


def dominant(number: int) -> None:
    """False passes where few patients have a large share of the positives."""
    print(
        "| positives | of whom | AUC | alike | false pass % | false fail % | reach |"
        " worth, in patients |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for row in DOMINANT:
        rng, found, worth = np.random.default_rng(14), [], 0.0
        for _ in range(number):
            labels, scores, codes = row.draw(rng)
            drop = compare_aucs(labels, scores[:, :1], scores[:, 1:], codes).mean()
            assert drop is not None
            found.append(drop.bounds(LEVEL))
            worth = drop.reference.counts[0].effective_patients
        passes = 100 * np.mean([bounds.high < 0.01 for bounds in found])
        fails = 100 * np.mean([bounds.low > 0.01 for bounds in found])
        reach = np.mean([bounds.high - bounds.value for bounds in found])
        print(
            f"| {row.positives} | {row.share:.0%} of {row.patients} | {row.auc} | {row.alike} |"
            f" {passes:.1f} | {fails:.1f} | {reach:.4f} | {worth:.1f} |",
            flush=True,
        )


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--power", action="store_true", help="how often a good model passes")
    parser.add_argument("--single", action="store_true", help="bounds of a single AUC")
    parser.add_argument("--hard", action="store_true", help="few distinct scores, few failures")
    parser.add_argument("--rare", action="store_true", help="failures that a sample hides")
    parser.add_argument("--near-one", action="store_true", help="few scores, an AUC of nearly 1")
    parser.add_argument("--dominant", action="store_true", help="few patients with most images")
    options = parser.parse_args()
    chosen = false_passes
    for name, job in (
        ("near_one", near_one),
        ("power", power),
        ("single", single),
        ("hard", hard),
        ("dominant", dominant),
        ("rare", partial(hard, worlds=rare_worlds)),
    ):
        chosen = job if getattr(options, name) else chosen
    chosen(options.trials)


if __name__ == "__main__":
    main()
