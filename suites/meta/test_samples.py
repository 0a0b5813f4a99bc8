"""What stands for a split where the whole would take too long: the laws of a sample."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from edgeassay.config import load_device
from edgeassay.datasets import Split, draw_sample
from edgeassay.errors import ConfigError
from edgeassay.measure.shards import SMALL_SHARD_IMAGES, ShardStore, shards_of
from edgeassay.report.results import CaseRecord, Results
from edgeassay.report.table import remarks
from edgeassay.runs.records import CaseId
from edgeassay.spec import Sample
from suites.meta.project import DEVICE_TOML


def split_of(labels: npt.NDArray[np.int64], patients: list[str] | None = None) -> Split:
    """A split whose image i is a pixel of the value i."""
    return Split(
        name="test",
        names=[f"{i}.png" for i in range(len(labels))],
        labels=labels.astype(np.int8),
        patients=patients,
        load=lambda i: Image.new("L", (1, 1), i),
        digest=lambda i: hashlib.sha256(str(i).encode()).digest(),
        subgroups={"view": [f"v{i}" for i in range(len(labels))]},
    )


def drawn(split: Split, images: int, seed: int = 1) -> Split:
    return draw_sample(split, Sample(images=images, source="--images"), seed)


def sorted_by_class(positives: int, images: int) -> npt.NDArray[np.int64]:
    return (np.arange(images) < positives).astype(np.int64)[:, np.newaxis]


@pytest.mark.parametrize(("positives", "images"), [(100, 20), (100, 7), (3, 20), (197, 20)])
def test_each_outcome_has_its_share_whatever_the_order(positives: int, images: int) -> None:
    part = drawn(split_of(sorted_by_class(positives, 200)), images)
    count = int(part.labels.sum())
    assert len(part) == images
    assert 0 < count < images
    assert abs(count - images * positives / 200) <= 1
    rows = [int(name.removesuffix(".png")) for name in part.names]
    assert rows == sorted(rows)
    assert rows[0] > 0 or np.diff(rows).max() > 1, "the first that come aren't drawn"


def test_the_rarest_of_many_findings_is_there_too() -> None:
    rng = np.random.default_rng(3)
    shares = np.array([0.3, 0.2, 0.1, 0.05, 0.002])
    labels = (rng.random((2000, 5)) < shares).astype(np.int64)
    part = drawn(split_of(labels), 40)
    found, meant = part.labels.sum(axis=0), labels.mean(axis=0) * 40
    assert (found >= 1).all()
    assert (found >= np.floor(meant)).all()
    assert (found[:3] <= 2 * meant[:3]).all(), "what is common isn't crowded in"
    assert (~part.labels.any(axis=1)).any(), "and images without any finding are"


def test_patients_come_whole_or_not_at_all() -> None:
    rng = np.random.default_rng(7)
    of = rng.integers(0, 60, 300)
    patients = [f"p{number}" for number in of]
    whole = split_of((rng.random((300, 1)) < 0.4).astype(np.int64), patients)
    part = drawn(whole, 50)
    assert part.patients is not None
    assert 40 < len(part) <= 50
    for patient in set(part.patients):
        assert list(part.patients).count(patient) == patients.count(patient)


def test_a_sample_is_the_seeds_alone() -> None:
    whole = split_of(sorted_by_class(80, 200))
    assert drawn(whole, 30).names == drawn(whole, 30).names
    assert drawn(whole, 30).names != drawn(whole, 30, seed=2).names


def test_a_samples_images_are_those_that_it_names() -> None:
    whole = split_of(sorted_by_class(80, 200))
    part = drawn(whole, 30)
    for place, name in enumerate(part.names):
        row = int(name.removesuffix(".png"))
        assert part.load(place).getpixel((0, 0)) == row
        assert part.digest(place) == whole.digest(row)
        assert part.labels[place] == whole.labels[row]
        assert part.subgroups["view"][place] == f"v{row}"


def test_a_split_that_is_small_enough_is_its_own_sample() -> None:
    whole = split_of(sorted_by_class(80, 200))
    assert drawn(whole, 200) is whole
    assert drawn(whole, 500) is whole


def test_a_sample_without_both_outcomes_is_refused() -> None:
    one_patient_each = ["p0"] * 40 + ["p1"] * 40
    whole = split_of(sorted_by_class(40, 80), one_patient_each)
    with pytest.raises(ConfigError, match=r"--images = 79: .* no class with both outcomes"):
        drawn(whole, 79)


def test_what_is_kept_of_a_sample_is_not_the_wholes(tmp_path: Path) -> None:
    whole = split_of(sorted_by_class(80, 200))
    part = drawn(whole, 30)
    store = ShardStore(folder=tmp_path, fresh=False, settings={"artifact": "a"})
    few = shards_of(part, SMALL_SHARD_IMAGES)
    assert [len(shard) for shard in few] == [8, 8, 8, 6]
    for shard in few:
        store.save(shard, np.ones((len(shard), 1), np.float32))
    assert all(store.load(shard) is not None for shard in few)
    assert all(store.load(shard) is None for shard in shards_of(whole))
    assert all(store.load(shard) is None for shard in shards_of(whole, SMALL_SHARD_IMAGES))


def test_a_profile_says_how_many_images_stand_for_a_split(tmp_path: Path) -> None:
    path = tmp_path / "bench.toml"
    path.write_text(DEVICE_TOML)
    assert load_device(path, tmp_path).evaluation.images is None
    path.write_text(f"{DEVICE_TOML}\n[evaluation]\nimages = 48\n")
    assert load_device(path, tmp_path).evaluation.images == 48
    path.write_text(f"{DEVICE_TOML}\n[evaluation]\nimages = 1\n")
    with pytest.raises(ConfigError, match=r"evaluation\.images = 1 must be from 2 to"):
        load_device(path, tmp_path)


def run_of(record: CaseRecord) -> Results:
    """A run that knows something of one case, and judged nothing."""
    whole: dict[str, object] = {
        "edgeassay": "0",
        "commit": None,
        "dirty": False,
        "started": "2026-01-01T00:00:00Z",
    }
    whole |= {"machine": {}, "complete": True, "claims": []}
    return Results.model_validate(whole).model_copy(update={"cases": [record]})


def test_the_closing_remarks_say_what_was_judged_on_a_sample() -> None:
    case = CaseId(model="tiny", variant="int8", runtime="litert", device="slow")
    unknown = dict.fromkeys(k for k, f in CaseRecord.model_fields.items() if f.is_required())
    facts = CaseRecord.model_validate(unknown | {"case": case, "worker": {}})
    sample = facts.model_copy(update={"evaluated_images": 48, "split_images": 1200})
    whole = facts.model_copy(update={"evaluated_images": 1200, "split_images": 1200})
    (line,) = (line for line in remarks(run_of(sample)) if "sample" in line)
    assert line.startswith("tiny: quality was judged on a sample of 48 of 1,200 evaluation images")
    assert not [line for line in remarks(run_of(whole)) if "sample" in line]
