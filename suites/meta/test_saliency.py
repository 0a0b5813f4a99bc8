"""Maps of what a network looks at: how they are made, how alike two are, and what is left out."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image
from scipy.stats import spearmanr

from edgeassay.config.shapes import defaults
from edgeassay.datasets import Split, one_each
from edgeassay.errors import Absent, ConfigError, NoEvidence
from edgeassay.evaluations import Evaluations
from edgeassay.evidence import Evidence
from edgeassay.measure.occlusion import Grid, OccludedInputs, OccludedScores, cover
from edgeassay.occlusions import MapsCompared, Occlusions
from edgeassay.rig import Rig
from edgeassay.saliency.finding import Found, Row, Types, types_of
from edgeassay.saliency.page import chosen, heat, page
from edgeassay.spec import (
    Case,
    ClaimName,
    Kind,
    Measurement,
    Preprocess,
    Saliency,
    Sample,
    Verdict,
)
from edgeassay.stats.arrays import Floats
from edgeassay.stats.patient_means import mean_bounds
from edgeassay.stats.saliency import rank_correlations, top_overlaps
from suites.meta.compared import CASE, NEED, claim, judged
from suites.meta.matrix_files import HOSTILE
from suites.meta.project import MODEL_TOML
from suites.meta.test_matrix import limits, make
from suites.meta.test_matrix_page import Checked

SETTINGS = Saliency(**defaults()["saliency"])
GREY = Preprocess(color="grey", size=(32, 32))
CORRELATION, OVERLAP = ClaimName.MIN_SALIENCY_CORRELATION, ClaimName.MIN_SALIENCY_OVERLAP


def tied(seed: int, values: int = 7, shape: tuple[int, int] = (20, 225)) -> Floats:
    """Maps of few different values, as an int8 output gives."""
    return np.random.default_rng(seed).integers(0, values, shape) / 3.0


@pytest.mark.parametrize("values", [2, 7, 100_000])
def test_rank_correlations_are_scipys(values: int) -> None:
    first, second = tied(1, values), tied(2, values)
    expected = [spearmanr(a, b).statistic for a, b in zip(first, second, strict=True)]
    assert rank_correlations(first, second) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("values", [2, 3, 7, 11, 100_000])
def test_maps_agree_with_themselves_exactly(values: int) -> None:
    for share in (0.1, 0.03, 0.5, 1.0):
        assert (top_overlaps(tied(3, values), tied(3, values), share) == 1.0).all()
    assert (rank_correlations(tied(3, values), tied(3, values)) == 1.0).all()
    # Only ranks count: what grows with the values changes nothing, and turned around it is -1.
    assert (rank_correlations(tied(3, values), np.exp(tied(3, values) / values)) == 1.0).all()
    assert (rank_correlations(tied(3, values), -tied(3, values)) == -1.0).all()


def test_the_overlap_of_the_top_by_hand() -> None:
    ten = np.arange(10.0)[np.newaxis]
    assert top_overlaps(ten, ten[:, ::-1], 0.3) == [0.0]
    swapped = ten.copy()
    swapped[0, [0, 9]] = swapped[0, [9, 0]]
    assert top_overlaps(ten, swapped, 0.3)[0] == pytest.approx(2 / 3)
    # Four share the three places; two of them are among the others' three.
    shared = np.array([[1.0, 0, 0, 0, 0, 0, 1.0, 0, 1.0, 1.0]])
    assert top_overlaps(ten, shared, 0.3)[0] == pytest.approx(2 * 0.75 / 3)
    # A share of positions is rounded up, and an eighth of 8 is 1, whatever 0.1 is in binary.
    assert top_overlaps(ten, swapped, 0.11)[0] == pytest.approx(0.5)
    assert top_overlaps(np.eye(10)[:1], np.eye(10)[1:2], 0.1) == [0.0]


def test_a_map_that_points_nowhere_agrees_as_chance_would() -> None:
    rng = np.random.default_rng(4)
    maps, nowhere = rng.random((5, 225)), np.full((5, 225), 0.25)
    assert (rank_correlations(maps, nowhere) == 0.0).all()
    assert top_overlaps(maps, nowhere, 0.1) == pytest.approx(23 / 225)
    shuffled = np.array([rng.permutation(225) for _ in range(400)], np.float64)
    other = np.array([rng.permutation(225) for _ in range(400)], np.float64)
    assert top_overlaps(shuffled, other, 0.1).mean() == pytest.approx(23 / 225, abs=0.01)
    assert rank_correlations(shuffled, other).mean() == pytest.approx(0.0, abs=0.02)


def test_unlike_maps_are_refused() -> None:
    with pytest.raises(ValueError, match="both alike"):
        rank_correlations(np.zeros((2, 3)), np.zeros((2, 4)))
    with pytest.raises(ValueError, match="share of positions"):
        top_overlaps(np.zeros((2, 3)), np.zeros((2, 3)), 0.0)


def bounds(values: Floats, codes: Any = None) -> Any:
    found = np.arange(len(values)) if codes is None else codes
    return mean_bounds(values, found, 0.95, resamples=400, seed=1)


def test_the_bounds_of_the_mean_hold_where_few_images_have_a_tail() -> None:
    rng, missed, plain = np.random.default_rng(5), 0, 0
    tail = 1.0 - np.minimum(1.0, rng.lognormal(np.log(0.008), 1.2, 200_000))
    for _ in range(200):
        values = rng.choice(tail, 30)
        found = bounds(values)
        assert found.low < found.value < found.high <= 1.0
        missed += bool(tail.mean() < found.low)
        drawn = rng.choice(values, (400, 30)).mean(axis=1)
        plain += bool(tail.mean() < np.quantile(drawn, 0.05))
    assert missed <= 20
    assert plain > 20, "percentiles alone would do, and the further patient is in vain"


def test_the_unit_of_the_bounds_is_the_patient() -> None:
    rng = np.random.default_rng(6)
    each = rng.beta(17.0, 3.0, 30)
    alone, together = bounds(each), bounds(np.repeat(each, 10), np.repeat(np.arange(30), 10))
    assert together.low == pytest.approx(alone.low)
    assert bounds(np.repeat(each, 10)).low > together.low
    assert bounds(each[:10], np.zeros(10, int)).low == -np.inf
    same = bounds(np.ones(30))
    assert (same.value, same.high) == (1.0, 1.0)
    assert same.low == pytest.approx(1.0 + math.log(0.05) / 30)


@pytest.mark.parametrize("size", [(128, 128), (96, 96), (224, 224)])
def test_usual_sizes_have_fifteen_places_a_side(size: tuple[int, int]) -> None:
    grid = Grid.of(size, SETTINGS)
    assert grid.shape == (15, 15)
    assert grid.side == size[0] // 8


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (33, 50), (100, 7), (127, 128)])
@pytest.mark.parametrize(("patch", "stride"), [(0.125, 0.0625), (0.3, 0.3), (0.02, 0.02)])
def test_every_pixel_is_covered_and_no_patch_leaves_the_image(
    size: tuple[int, int], patch: float, stride: float
) -> None:
    grid = Grid.of(size, replace(SETTINGS, patch=patch, stride=stride))
    seen = np.zeros(size, bool)
    for top in grid.tops:
        for left in grid.lefts:
            assert 0 <= top <= size[0] - grid.side
            assert 0 <= left <= size[1] - grid.side
            seen[top : top + grid.side, left : left + grid.side] = True
    assert seen.all()
    assert grid.positions == len(set(grid.tops)) * len(set(grid.lefts))


def test_a_patch_has_the_mean_of_the_images_own_channels() -> None:
    image = np.random.default_rng(7).random((6, 8, 3)).astype(np.float32)
    grid = Grid(side=2, tops=(0, 4), lefts=(0, 3, 6))
    covered = list(cover(image, grid))
    assert len(covered) == grid.positions == 6
    fifth = covered[4]
    assert fifth[4:6, 3:5] == pytest.approx(np.broadcast_to(image.mean(axis=(0, 1)), (2, 2, 3)))
    untouched = np.ones((6, 8), bool)
    untouched[4:6, 3:5] = False
    assert np.array_equal(fifth[untouched], image[untouched])
    turned = list(cover(image.transpose(2, 0, 1).copy(), grid, channels_last=False))
    assert np.array_equal(turned[4].transpose(1, 2, 0), fifth)


def split_of(images: int, patients: list[str] | None = None) -> Split:
    rng = np.random.default_rng(8)
    pixels = rng.integers(0, 256, (images, 32, 32), np.uint8)
    return Split(
        name="test",
        names=[f"{i}.png" for i in range(images)],
        labels=(np.arange(images) % 2).astype(np.int8)[:, np.newaxis],
        patients=patients,
        load=lambda i: Image.fromarray(pixels[i]),
        digest=lambda i: hashlib.sha256(pixels[i].tobytes()).digest(),
    )


def test_an_images_shard_is_the_image_and_then_every_place() -> None:
    inputs = OccludedInputs(split=split_of(3), settings=GREY, grid=Grid.of((32, 32), SETTINGS))
    each = 1 + inputs.grid.positions
    assert [(s.start, s.stop) for s in inputs.shards] == [
        (0, each),
        (each, 2 * each),
        (2 * each, 3 * each),
    ]
    assert len({s.digest for s in inputs.shards}) == 3
    assert len(inputs) == 3 * each
    rows = np.concatenate(list(inputs.parts(inputs.shards[1])))
    pixels = np.asarray(inputs.split.load(1), np.float32) / np.float32(255)
    assert len(rows) == each
    assert np.array_equal(rows[0, ..., 0], pixels)
    assert np.array_equal(rows[1:], np.stack(list(cover(rows[0], inputs.grid))))


def test_a_map_is_how_far_the_score_of_one_class_falls() -> None:
    scores = np.array([[0.2, 0.9], [0.1, 0.5], [0.3, 1.0], [0.6, 0.4], [0.5, 0.1], [0.6, 0.6]])
    made = OccludedScores.of(scores.astype(np.float32), 2)
    assert made.classes.tolist() == [1, 0]
    assert made.maps(made.classes) == pytest.approx(np.array([[0.4, -0.1], [0.1, 0.0]]))
    # Of another network the same class, whichever it finds highest itself.
    assert made.maps(np.array([0, 0])) == pytest.approx(np.array([[0.1, -0.1], [0.1, 0.0]]))


def test_of_every_patient_there_is_one_image_and_not_always_the_first() -> None:
    split = split_of(60, [f"p{i // 4}" for i in range(60)])
    part = one_each(split, 1)
    assert part.patients is not None
    assert sorted(part.patients) == sorted(set(split.patients or ()))
    assert [split.names.index(name) for name in part.names] != list(range(0, 60, 4))
    assert list(part.names) == list(one_each(split, 1).names)
    assert list(part.names) != list(one_each(split, 2).names)
    assert one_each(split_of(5), 1).names == split_of(5).names


def compared(reference: Floats, candidate: Floats, **changed: Any) -> MapsCompared:
    images = len(reference)
    given: dict[str, Any] = {
        "inputs": None,
        "codes": np.arange(images),
        "classes": np.zeros(images, np.intp),
        "reference": reference,
        "candidate": candidate,
        "top": SETTINGS.top,
        "covered": images,
    }
    return MapsCompared(**given | changed)


def maps(images: int, seed: int = 9) -> Floats:
    return np.random.default_rng(seed).normal(0.0, 0.1, (images, 225))


def evidence(found: MapsCompared) -> Evidence:
    model = SimpleNamespace(statistics=NEED, saliency=SETTINGS, file="models/m/model.toml")
    return cast(
        Evidence,
        SimpleNamespace(
            rig=SimpleNamespace(model=lambda _: model),
            occlusions=SimpleNamespace(compared=lambda _: found),
        ),
    )


def test_saliency_that_moved_fails_and_saliency_that_stayed_passes() -> None:
    first = maps(40)
    noisy = first + np.random.default_rng(1).normal(0.0, 0.005, first.shape)
    for name, limit in ((CORRELATION, 0.95), (OVERLAP, 0.85)):
        stays = judged(evidence(compared(first, first)), claim(name, 0.9))
        assert stays.verdict is Verdict.PASS
        assert stays.measurement is not None
        assert stays.measurement.value == 1.0
        assert stays.measurement.low == pytest.approx(1.0 + math.log(0.05) / 40)
        assert judged(evidence(compared(first, noisy)), claim(name, limit)).verdict is Verdict.PASS
        elsewhere = judged(evidence(compared(first, first[:, ::-1])), claim(name, limit))
        assert elsewhere.verdict is Verdict.FAIL
        assert "n = 40" in elsewhere.reason


def test_a_flat_map_of_the_variant_counts_as_chance_and_is_told() -> None:
    first = maps(40)
    flat = first.copy()
    flat[4:7] = 0.2
    found = compared(first, flat, covered=46)
    assert (found.correlations[4:7] == 0.0).all()
    assert found.overlaps[4:7] == pytest.approx(23 / 225)
    judgement = judged(evidence(found), claim(CORRELATION, 0.5))
    assert judgement.measurement is not None
    assert judgement.measurement.value == pytest.approx(37 / 40)
    words = "6 of 46 images left out, on which the reference's score moves by less than 0.05"
    assert words in judgement.reason
    assert "on 3 the variant's score doesn't move at all" in judgement.reason


class Scripted(Occlusions):
    """What each variant says of images, as they are and covered, by the images' numbers."""

    def __init__(self, reference: Floats, candidate: Floats) -> None:
        model = SimpleNamespace(saliency=SETTINGS)
        plan = SimpleNamespace(reference_of=lambda case: replace(case, variant="fp32"))
        rig = SimpleNamespace(model=lambda _: model, plan=plan)
        super().__init__(cast(Rig, rig), cast(Evaluations, None))
        self.said = {"fp32": reference, "int8": candidate}
        self.ran: dict[str, list[int]] = {}

    def inputs(self, model_id: str) -> OccludedInputs:
        grid = Grid.of((32, 32), SETTINGS)
        return OccludedInputs(split=split_of(len(self.said["fp32"])), settings=GREY, grid=grid)

    def _run(self, case: Case, inputs: OccludedInputs) -> OccludedScores:
        rows = [int(name.removesuffix(".png")) for name in inputs.split.names]
        self.ran[case.variant] = rows
        falls = self.said[case.variant][rows]
        # Of two classes the second is the higher one.
        scores = np.stack([np.zeros_like(falls), 0.9 - falls], axis=2)
        whole = np.tile(np.array([0.1, 0.9]), (len(rows), 1))
        return OccludedScores(whole=whole.astype(np.float32), covered=scores.astype(np.float32))


def test_the_references_maps_alone_say_which_images_a_variant_is_run_on() -> None:
    first = maps(40)
    first[[3, 8]] *= 0.01  # its score hardly moves there
    first[20] = 0.0
    moved = maps(40, seed=10)
    asked = Scripted(first, moved)
    found = asked.compared(CASE)
    left = [i for i in range(40) if i not in (3, 8, 20)]
    assert asked.ran == {"fp32": list(range(40)), "int8": left}
    assert (found.images, found.covered) == (37, 40)
    assert found.inputs.split.names[3] == "4.png"
    assert (found.classes == 1).all()
    assert found.reference == pytest.approx(first[left], abs=1e-6)
    assert found.candidate == pytest.approx(moved[left], abs=1e-6)
    assert (asked.compared(replace(CASE, variant="fp32")).correlations == 1.0).all()


def test_without_any_map_there_is_no_evidence() -> None:
    for faint in (maps(40) * 0.001, np.zeros((40, 225))):
        with pytest.raises(NoEvidence, match="on none of 40 images does the score of fp32 move"):
            Scripted(faint, maps(40)).compared(CASE)


def test_few_patients_decide_nothing() -> None:
    few = compared(maps(40), maps(40), codes=np.arange(40) // 4)
    judgement = judged(evidence(few), claim(CORRELATION, 0.5))
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.reason.startswith("too few patients: 10 have a map, and 30 are needed")


LIMIT = "min_saliency_correlation = 0.8\n"


def test_the_reference_variant_makes_no_claim_even_beside_a_file_of_predictions(
    tmp_path: Path,
) -> None:
    text = MODEL_TOML.replace("[limits]\n", f"[limits]\n{LIMIT}")
    assert limits(make(tmp_path, text), CORRELATION) == {"int8": 0.8}
    released = text + '\n[reference]\npredictions = "released.csv"\n'
    made = make(tmp_path, released)
    assert limits(made, CORRELATION) == {"int8": 0.8}
    assert set(limits(made, ClaimName.MEAN_AUC_DROP)) == {"fp32", "int8"}
    assert limits(make(tmp_path), CORRELATION) == {}
    with pytest.raises(ConfigError, match="compares with 'fp32', the reference"):
        make(tmp_path, f"{released}\n[limits.fp32]\n{LIMIT}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("images = 1", "saliency.images = 1 must be from 2"),
        ("images = 8", "saliency.min_patients = 30 must be from 2 to 8"),
        ("patch = 0.9", "saliency.patch = 0.9 must be from 0.02 to 0.5"),
        ("stride = 0.2", "saliency.stride = 0.2 must be from 0.02 to 0.125"),
        ("top = 0", "saliency.top = 0.0 must be from 0.01 to 0.5"),
        ("least_range = -0.1", "saliency.least_range = -0.1 must be a number from 0 on"),
        ("least_range = nan", "saliency.least_range = nan must be a number from 0 on"),
        ("pach = 0.1", "unknown key 'saliency.pach'; did you mean 'patch'?"),
    ],
)
def test_what_no_map_can_be_made_of_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"tiny/model\.toml: ") as found:
        make(tmp_path, f"{MODEL_TOML}\n[saliency]\n{text}\n")
    assert words in str(found.value)


def test_a_device_that_takes_few_images_takes_no_maps(tmp_path: Path) -> None:
    model = replace(make(tmp_path).models["tiny"], preprocess=GREY)
    dataset = SimpleNamespace(splits={"evaluation": split_of(100)}, where="here", classes=("a",))
    settings = SimpleNamespace(sample=Sample(images=64, source="devices/slow.toml:images"))
    rig = SimpleNamespace(
        plan=SimpleNamespace(models={"tiny": model}),
        settings=settings,
        dataset=lambda _: dataset,
    )
    asked = SimpleNamespace(data=lambda _: None)
    occlusions = Occlusions(cast(Rig, rig), cast(Evaluations, asked))
    with pytest.raises(Absent, match="48 images take 10,848 inferences, and devices/slow"):
        occlusions.inputs("tiny")
    settings.sample = None
    taken = occlusions.inputs("tiny")
    assert len(taken.split) == 48
    assert occlusions.inputs("tiny") is taken


@pytest.mark.parametrize(
    ("constants", "most"),
    [
        ({"INT4": 500, "FLOAT32": 2000}, "int4"),
        ({"INT8": 900, "INT64": 5000}, "int8"),
        ({"FLOAT16": 80, "BOOL": 30}, "float16"),
        ({}, ""),
    ],
)
def test_most_weights_are_counted_in_numbers_not_in_bytes(
    monkeypatch: pytest.MonkeyPatch, constants: dict[str, int], most: str
) -> None:
    graph = SimpleNamespace(constant_bytes=constants, types={"INT8": 3, "INT32": 2})
    monkeypatch.setattr("edgeassay.saliency.finding.read_graph", lambda _: graph)
    rig = SimpleNamespace(artifact=lambda _: SimpleNamespace(path=None))
    assert types_of(cast(Rig, rig), CASE) == Types(weights=most, tensors="int8")


def found_of(count: int = 12, name: str = "0.png", variant: str = "int8") -> Found:
    first = maps(count)
    steps = np.random.default_rng(3).normal(0.0, 1.0, first.shape)
    moved = first + steps * np.linspace(0.0, 0.2, count)[:, np.newaxis]
    inputs = OccludedInputs(split=split_of(count), settings=GREY, grid=Grid.of((32, 32), SETTINGS))
    measured = Measurement(value=0.9, unit="share", n=count, low=0.8, high=1.0, confidence=0.95)
    inputs = replace(inputs, split=replace(inputs.split, names=[name, *inputs.split.names[1:]]))
    rows = [
        Row(
            case=replace(CASE, variant=one),
            types=Types(weights="int8", tensors="int8"),
            kind=Kind.MEASURED,
            compared=compared(first, candidate, inputs=inputs),
            correlation=measured,
            overlap=measured,
        )
        for one, candidate in (("fp32", first), (variant, moved))
    ]
    broken = Row(case=CASE, types=Types(), kind=Kind.MEASURED, reason=name)
    model = SimpleNamespace(
        id=variant,
        title=name,
        classes=(name,),
        saliency=SETTINGS,
        statistics=NEED,
        reference=SimpleNamespace(variant="fp32"),
    )
    return Found(model=cast(Any, model), inputs=inputs, rows=(*rows, broken))


def test_the_page_shows_images_from_the_least_to_the_most_alike_and_needs_nothing_else() -> None:
    found = found_of()
    assert chosen(found.rows, 3) == [11, 5, 0]
    assert sorted(chosen(found.rows, 100)) == list(range(12))
    text = page(found, 3)
    checked = Checked(text)
    assert checked.tags.count("figure") == 3 * 3
    sources = [link for link in checked.links if link]
    assert len(sources) == 9
    assert all(link.startswith("data:image/png;base64,") for link in sources)
    assert "http" not in text
    assert "script" not in checked.tags
    assert not found.complete


def test_what_files_say_is_text_on_the_page() -> None:
    assert HOSTILE not in page(found_of(name=HOSTILE, variant=HOSTILE), 12)


def test_a_map_is_drawn_strongest_where_the_score_moves_most() -> None:
    drawn = np.asarray(heat(np.array([0.0, 0.5, -1.0, 0.25]), (2, 2)))
    assert drawn[..., 3].tolist() == [[0, 128], [255, 64]]
    assert drawn[0, 1, 0] > drawn[0, 1, 2], "what falls is warm"
    assert drawn[1, 0, 2] > drawn[1, 0, 0], "what rises is cold"
    assert not np.asarray(heat(np.zeros(4), (2, 2)))[..., 3].any()
