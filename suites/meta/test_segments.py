"""From raw outputs to what is marked, and from that to claims: grids, layouts, empty masks."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt
import pytest

from edgeassay.config import load_model
from edgeassay.config.shapes import default_segmentation
from edgeassay.datasets import Split, draw_calibration, draw_sample, open_dataset
from edgeassay.datasets.checking import check_data
from edgeassay.datasets.split import Dataset
from edgeassay.errors import ConfigError, MeasurementError, NoEvidence
from edgeassay.measure.accuracy import Gathered, Keep, Outputs, Runner, gather
from edgeassay.measure.fit import check_fits, mask_axes
from edgeassay.measure.overlaps import Overlaps, dices, drop_measured, mean_measured, surface_dices
from edgeassay.measure.parity import compare_outputs, together
from edgeassay.measure.segments import Marking, Segments, whole
from edgeassay.measure.shards import Shard, ShardStore
from edgeassay.progress import silent
from edgeassay.spec import ModelSpec, Preprocess, Role, Sample, Task
from edgeassay.workers import Loaded, TensorSpec
from suites.meta.segmented import MODEL_TOML, write_blobs

GREY = Preprocess(color="grey", size=(4, 6))


def split(masks: Sequence[npt.NDArray[Any]], patients: Sequence[str] | None = None) -> Split:
    names = [f"{k}.png" for k in range(len(masks))]

    def unread(index: int) -> Any:
        raise AssertionError(f"image {index} isn't looked at")

    return Split(
        name="test",
        names=names,
        labels=np.zeros((len(names), 0), np.int8),
        patients=patients,
        load=unread,
        digest=unread,
        masks=lambda i: masks[i].astype(np.uint8),
    )


def loaded(shape: tuple[int, ...], scale: float = 0.0, zero: int = 0) -> Loaded:
    """What a network says of itself that takes grey images of 4x6."""
    taken = TensorSpec(
        name="image", shape=(1, 4, 6, 1), dtype=np.dtype(np.float32), scale=0.0, zero_point=0
    )
    given = TensorSpec(
        name="marks",
        shape=shape,
        dtype=np.dtype(np.int8 if scale else np.float32),
        scale=scale,
        zero_point=zero,
    )
    return Loaded(handle="1", label="m/v", sha256="0" * 64, inputs=(taken,), outputs=(given,))


def marking(masks: Sequence[npt.NDArray[Any]], *, boundaries: bool = False) -> Marking:
    return Marking(
        split=split(masks),
        classes=masks[0].shape[2],
        preprocess=GREY,
        settings=default_segmentation(),
        with_boundaries=boundaries,
    )


@pytest.mark.parametrize(
    ("shape", "classes", "axes"),
    [
        ((1, 4, 6, 2), 2, (1, 2, 3)),
        ((1, 2, 4, 6), 2, (2, 3, 1)),
        ((1, 4, 6), 1, (1, 2, None)),
        ((1, 4, 6, 1), 1, (1, 2, 3)),
        ((1, 1, 4, 6), 1, (2, 3, 1)),
        ((1, 2, 2, 2), 2, (1, 2, 3)),
        ((1, 6, 4, 6), 6, (2, 3, 1)),  # both fit, and these sides are the input's
        ((1, 4, 6), 2, None),
        ((1, 2), 2, None),
        ((1, 1, 1, 1), 1, None),
        ((2, 4, 6, 1), 1, None),
        ((1, 4, 6, 3), 2, None),
    ],
)
def test_which_outputs_are_planes_of_pixels(
    shape: tuple[int, ...], classes: int, axes: tuple[int, int, int | None] | None
) -> None:
    assert mask_axes(shape, classes, (4, 6)) == axes
    if axes is not None:
        check_fits(loaded(shape), GREY, classes, "model.toml", Task.SEGMENTATION)
        return
    with pytest.raises(MeasurementError, match="one output a pixel and class"):
        check_fits(loaded(shape), GREY, classes, "model.toml", Task.SEGMENTATION)


def test_layouts_and_integers_mark_the_same_pixels() -> None:
    rng = np.random.default_rng(1)
    drawn = [rng.random((4, 6, 2)) < 0.5 for _ in range(3)]
    values = rng.integers(-128, 128, (3, 4, 6, 2)).astype(np.int8)
    real = (values.astype(np.float32) + 128.0) / 256.0
    shard = Shard(start=0, stop=3, digest="")
    made = [
        marking(drawn).take(shard, array.reshape(3, -1), network).pixels
        for array, network in (
            (real, loaded((1, 4, 6, 2))),
            (real.transpose(0, 3, 1, 2), loaded((1, 2, 4, 6))),
            (values, loaded((1, 4, 6, 2), 1.0 / 256.0, -128)),
        )
    ]
    marked = real >= 0.5
    for k in range(2):
        both = [int((d[..., k] & m[..., k]).sum()) for d, m in zip(drawn, marked, strict=True)]
        assert made[0][:, k, 0].tolist() == both
    assert (made[0] == made[1]).all()
    assert (made[0] == made[2]).all()


def test_outputs_on_a_coarser_grid_are_resized_before_the_threshold() -> None:
    drawn = np.zeros((8, 12, 1), bool)
    drawn[:, 6:] = True
    ramp = np.repeat(np.linspace(0.0, 1.0, 6, dtype=np.float32)[None], 4, axis=0).reshape(1, -1)
    part = marking([drawn]).take(Shard(start=0, stop=1, digest=""), ramp, loaded((1, 4, 6, 1)))
    assert part.pixels[0, 0].tolist() == [48, 0, 0]
    # Thresholded before, a column of two pixels could only be marked whole.
    shifted = (ramp + 0.05).astype(np.float32)
    part = marking([drawn]).take(Shard(start=0, stop=1, digest=""), shifted, loaded((1, 4, 6, 1)))
    assert part.pixels[0, 0].tolist() == [48, 8, 0]


def test_outputs_that_are_no_numbers_are_counted() -> None:
    drawn = [np.ones((4, 6, 1), bool)] * 2
    values = np.ones((2, 24), np.float32)
    values[1, 5] = np.nan
    network, one = loaded((1, 4, 6, 1)), Shard(start=0, stop=2, digest="")
    made = whole([marking(drawn).take(one, values, network)], {}, 0)
    assert (made.odd, made.numbers, len(made)) == (1, 48, 2)
    assert made.finite_share == pytest.approx(47 / 48)


def test_outputs_are_held_a_shard_at_a_time_and_kept_for_the_next_run(tmp_path: Path) -> None:
    every = [Shard(start=k, stop=k + 1, digest=f"{k:016x}") for k in range(6)]
    store = ShardStore(folder=tmp_path, fresh=False, settings={})
    made: list[weakref.ref[npt.NDArray[Any]]] = []
    held: list[int] = []

    def take(shard: Shard, values: npt.NDArray[Any], _: Loaded) -> float:
        made.append(weakref.ref(values))
        held.append(sum(one() is not None for one in made))
        return shard.start + float(values.sum())

    def run(shards: Sequence[Shard], keep: Keep) -> None:
        for shard in reversed(shards):
            values = np.full((1, 24), shard.start, np.float32)
            keep(shard, Outputs(values=values, loaded=loaded((1, 4, 6, 1)), worker={}))
            del values

    def refused(shards: Sequence[Shard], keep: Keep) -> None:
        raise AssertionError(f"{shards} are kept, and nothing is left for {keep}")

    def found(runner: Runner) -> Gathered[float]:
        return gather(
            every,
            every,
            store=store,
            runner=runner,
            check=lambda _: None,
            take=take,
            label="m/v",
            report=silent,
        )

    first = found(run)
    assert first.parts == [25.0 * k for k in range(6)]
    assert first.reused == 0
    again = found(refused)
    assert (again.parts, again.reused) == (first.parts, 6)
    assert max(held) <= 2  # the one that is taken, and the one before it


def segments(pixels: Sequence[Sequence[Sequence[int]]]) -> Segments:
    array = np.array(pixels, np.int64)
    lines = np.zeros((*array.shape[:2], 4), np.int64)
    return Segments(pixels=array, boundaries=lines, odd=0, numbers=1, worker={}, reused=0)


def beside(
    reference: Segments, candidate: Segments, empty: Literal["one", "skip"], classes: int = 1
) -> Overlaps:
    return Overlaps(
        classes=[f"c{k}" for k in range(classes)],
        reference=reference,
        candidate=candidate,
        codes=np.arange(len(reference)),
        empty=empty,
    )


# Of each image both, marked only, drawn only: well marked; not drawn and not marked; not drawn and
# marked.
REFERENCE = segments([[[5, 0, 0]], [[0, 0, 0]], [[0, 0, 0]]])
CANDIDATE = segments([[[4, 0, 1]], [[0, 0, 0]], [[0, 7, 0]]])


def test_an_empty_mask_counts_as_one_or_zero_or_not_at_all() -> None:
    one = beside(REFERENCE, CANDIDATE, "one")
    assert one.means(dices(CANDIDATE)).tolist() == pytest.approx([8 / 9, 1.0, 0.0])
    assert one.mean_dice_drop == pytest.approx((1 / 9 + 0.0 + 1.0) / 3)
    assert one.aside == "on 2 of 3 images nothing is drawn: marking none counts as 1"
    skip = beside(REFERENCE, CANDIDATE, "skip")
    assert skip.means(dices(CANDIDATE)).tolist() == pytest.approx([8 / 9])
    assert skip.mean_dice_drop == pytest.approx(1 / 9)
    assert skip.patients.count == 1
    assert skip.aside == "on 2 of 3 images nothing is drawn: they are left out"
    nothing = beside(segments([[[0, 0, 0]]]), segments([[[0, 1, 0]]]), "skip")
    with pytest.raises(NoEvidence, match=r"on none of 1 images is a pixel of c0 drawn"):
        _ = nothing.mean_dice
    assert beside(segments([[[0, 0, 0]]]), segments([[[0, 1, 0]]]), "one").mean_dice == 0.0


def test_of_several_classes_an_image_has_the_mean_of_those_that_count() -> None:
    made = segments([[[1, 0, 0], [0, 0, 0]], [[1, 0, 2], [1, 0, 0]]])
    assert beside(made, made, "skip", 2).means(dices(made)).tolist() == [1.0, 0.75]
    other = beside(made, segments([[[1, 0, 0], [0, 3, 0]], [[1, 0, 2], [1, 0, 0]]]), "one", 2)
    assert other.means(dices(other.candidate)).tolist() == [0.5, 0.75]
    assert other.aside is not None
    assert "on 1 of 4 pairs of image and class" in other.aside
    assert surface_dices(made).tolist() == [[1.0, 1.0], [1.0, 1.0]]


@pytest.fixture
def model(tmp_path: Path) -> ModelSpec:
    return declared(tmp_path, MODEL_TOML)


def declared(folder: Path, text: str) -> ModelSpec:
    path = folder / "tiny/model.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load_model(path.parent, folder)


def many(images: int, lost: int) -> Overlaps:
    """Images of one patient each, of whose 100 drawn pixels the candidate loses some."""
    reference = segments([[[90, 5, 10]]] * images)
    candidate = segments([[[90 - lost - k % 3, 5, 10 + lost + k % 3]] for k in range(images)])
    return beside(reference, candidate, "one")


def test_a_drop_is_paired_and_needs_patients(model: ModelSpec) -> None:
    measured, reference = drop_measured(many(40, 5), dices, "Dice", model, limit=0.01, seed=1)
    assert reference == pytest.approx(180 / 195)
    assert measured.insufficient is None
    assert measured.low is not None
    assert measured.low > 0.01  # so the gate is red
    assert measured.n == 40
    assert measured.value == pytest.approx(reference - many(40, 5).mean_dice)
    few, _ = drop_measured(many(29, 0), dices, "Dice", model, limit=0.01, seed=1)
    assert few.insufficient == (
        "too few patients: 29 have a mask, and 30 are needed before bounds can be relied on"
    )
    assert few.planning is not None
    assert "patients would pass with a chance of 80 %" in few.planning
    enough, _ = drop_measured(many(300, 0), dices, "Dice", model, limit=0.5, seed=1)
    assert enough.planning is not None
    assert "it isn't the amount of data that is in the way" in enough.planning


def test_a_least_dice_is_bounded_from_both_sides(model: ModelSpec) -> None:
    measured = mean_measured(many(40, 0), dices, "Dice", model, seed=1)
    assert measured.low is not None
    assert measured.high is not None
    assert 0.0 <= measured.low < measured.value < measured.high <= 1.0
    alone = mean_measured(many(1, 0), dices, "Dice", model, seed=1)
    assert alone.insufficient is not None
    assert alone.planning == "at least 30 patients are needed"


def test_what_is_segmented_has_claims_of_its_own(model: ModelSpec, tmp_path: Path) -> None:
    assert model.task is Task.SEGMENTATION
    assert model.statistics.co_primary == ("mean_dice_drop",)
    assert model.segmentation == default_segmentation()
    named = MODEL_TOML + "[statistics]\nco_primary = ['min_dice', 'mean_iou_drop']\n"
    assert declared(tmp_path, named).statistics.co_primary == ("min_dice", "mean_iou_drop")


CLASSIFIER = MODEL_TOML.replace('masks = { blob = "mask" }', "label = 'finding'").split("[limits]")[
    0
]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            MODEL_TOML.replace("min_dice = 0.6", "min_auc = 0.6"),
            r"tiny/model.toml:limits.min_auc: min_auc is about the scores of a classifier",
        ),
        (MODEL_TOML + "min_saliency_overlap = 0.5\n", "min_saliency_overlap is about the scores"),
        (
            CLASSIFIER + "[limits]\nmean_dice_drop = 0.1\n",
            r"limits.mean_dice_drop: mean_dice_drop is about the masks of a segmentation network",
        ),
        (CLASSIFIER + "[segmentation]\nthreshold = 0.4\n", r"\[data\] names no `masks`"),
        (MODEL_TOML + "[operating_point]\nthreshold = 0.4\n", r"`threshold` under \[segmentation"),
        (MODEL_TOML + "[reference]\npredictions = 'x.csv'\n", "a file of an image's scores"),
        (MODEL_TOML + "[segmentation]\nthreshold = nan\n", "must be a finite number"),
        (MODEL_TOML + "[segmentation]\ntolerance_px = -1.0\n", "tolerance_px = -1.0 must be from"),
        (MODEL_TOML + "[segmentation]\nmin_patients = 1\n", "min_patients = 1 must be from 2"),
        (MODEL_TOML + "[segmentation]\nempty = 'zero'\n", "segmentation.empty = 'zero'"),
        (MODEL_TOML + "[segmentation]\ntreshold = 0.4\n", "did you mean 'threshold'"),
    ],
)
def test_what_one_task_has_no_use_for_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        declared(tmp_path, text)


def test_samples_and_calibration_need_no_labels() -> None:
    masks = [np.full((4, 6, 1), k % 2, np.uint8) for k in range(12)]
    given = split(masks, patients=[f"p{k // 2}" for k in range(12)])
    drawn = draw_sample(given, Sample(images=5, source="--images"), 1)
    assert len(drawn) == 4  # two whole patients
    assert drawn.masks is not None
    rows = [given.names.index(name) for name in drawn.names]
    for place, row in enumerate(rows):
        assert (drawn.masks(place) == masks[row]).all()
    data = cast(Dataset, SimpleNamespace(where="x", splits={Role.CALIBRATION: given}))
    chosen = draw_calibration(data, 5, 1)
    assert len(set(chosen)) == 5
    with pytest.raises(ConfigError, match="no patient has so few"):
        draw_sample(given, Sample(images=1, source="--images"), 1)


def test_parts_of_outputs_are_alike_as_far_as_the_least_alike() -> None:
    a, b = np.zeros((2, 3), np.int8), np.array([[0, 0, 0], [0, 2, 1]], np.int8)
    parts = [compare_outputs([x], [y], 2) for x, y in ((a, a), (a, b))]
    found = together(parts)
    assert (found.lsb, found.difference) == (2.0, None)
    assert (found.differing, found.outputs, found.rows) == (2, 12, 4)


@pytest.mark.parametrize("empty", [0, 4])
def test_a_class_that_is_drawn_nowhere_in_the_test_is_told(
    model: ModelSpec, tmp_path: Path, empty: int
) -> None:
    write_blobs(tmp_path / "blobs", 2, empty=empty)
    assert model.data is not None
    found = check_data(open_dataset(model.data, tmp_path), similarity=0.999, report=silent)
    tested = next(split for split in found.splits if Role.EVALUATION in split.roles)
    assert list(tested.positives) == [4 - empty]
    assert found.segmented
    assert found.as_declared == (not empty)
    if empty:
        assert found.one_sided is not None
        assert "no mask of split 'test' has a pixel of 'blob'" in found.one_sided


def test_a_mask_that_is_none_is_named_and_not_counted(model: ModelSpec, tmp_path: Path) -> None:
    write_blobs(tmp_path / "blobs", 2)
    (tmp_path / "blobs/masks/001.png").write_bytes(b"nothing")
    assert model.data is not None
    found = check_data(open_dataset(model.data, tmp_path), similarity=0.999, report=silent)
    (unreadable,) = found.unreadable
    assert unreadable.name == "images/001.png"
    assert "masks/001.png can't be read as an image" in unreadable.reason
    tested = next(split for split in found.splits if Role.EVALUATION in split.roles)
    assert list(tested.positives) == [3]
