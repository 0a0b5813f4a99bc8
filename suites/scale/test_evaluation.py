"""Evaluation shard by shard: what is kept, what is done again, and that batches change nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from edgeassay.artifacts import read_artifact
from edgeassay.datasets import Split
from edgeassay.errors import ArtifactError, DataError, MeasurementError, WorkerError
from edgeassay.measure.accuracy import Inputs, Keep, LocalRunner, predict
from edgeassay.measure.predictions import Predictions
from edgeassay.measure.shards import SHARD_IMAGES, Shard, ShardStore, shards_of
from edgeassay.progress import silent
from edgeassay.slots import Slot
from edgeassay.spec import Preprocess, RuntimeSpec
from edgeassay.worker.engine import TensorFacts
from edgeassay.worker.loop import Session
from edgeassay.workers import Loaded, Worker
from suites.meta.tinymodels import SIDE, brightness, write_classifier


def accept(loaded: Loaded) -> None:
    """Any artifact will do."""


IMAGES = 5 * SHARD_IMAGES + 7


def split_of(pixels: npt.NDArray[np.uint8]) -> Split:
    return Split(
        name="test",
        names=[f"{i:04d}" for i in range(len(pixels))],
        labels=np.zeros((len(pixels), 1), np.int8),
        patients=None,
        load=lambda i: Image.fromarray(pixels[i]),
        digest=lambda i: hashlib.sha256(pixels[i].tobytes()).digest(),
    )


def noise(seed: int = 3) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (IMAGES, SIDE, SIDE), np.uint8)


@dataclass(kw_only=True)
class Evaluation:
    """An evaluation that can be had again and again, counting what really runs."""

    folder: Path
    pixels: npt.NDArray[np.uint8]
    int8: bool = True
    fail_after: int | None = None
    fresh: bool = False
    ran: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        write_classifier(self.artifact, *brightness(3), int8=self.int8, dynamic_batch=True)

    @property
    def artifact(self) -> Path:
        return self.folder / "tiny.tflite"

    def store(self) -> ShardStore:
        return ShardStore(folder=self.folder / "kept", settings={"artifact": "a"}, fresh=self.fresh)

    def run(self) -> Predictions:
        self.ran = []
        split = split_of(self.pixels)
        local = LocalRunner(
            artifact=read_artifact(self.artifact, "tiny", "int8"),
            runtime=RuntimeSpec(),
            inputs=Inputs(split=split, settings=Preprocess(color="grey", size=(SIDE, SIDE))),
            lend_worker=lambda: Worker(["{python}"], "litert", label="tiny", timeout_s=20.0),
            check=accept,
            jobs=2,
        )

        def counting(shards: Sequence[Shard], keep: Keep) -> None:
            def counted(shard: Shard, outputs: Any) -> None:
                if len(self.ran) == self.fail_after:
                    raise WorkerError("the machine went down")
                keep(shard, outputs)
                self.ran.append(shard.start)

            local(shards, counted)

        return predict(
            split,
            shards_of(split),
            store=self.store(),
            runner=counting,
            check=accept,
            label="tiny",
            report=silent,
        )


@pytest.fixture
def evaluation(tmp_path: Path) -> Evaluation:
    return Evaluation(folder=tmp_path, pixels=noise())


def test_a_second_run_costs_nothing_and_says_so(evaluation: Evaluation) -> None:
    first = evaluation.run()
    assert (first.reused, sorted(evaluation.ran)) == (0, list(range(0, IMAGES, SHARD_IMAGES)))
    second = evaluation.run()
    assert (second.reused, evaluation.ran) == (IMAGES, [])
    assert np.array_equal(second.scores, first.scores)
    assert second.raw is not None
    assert first.raw is not None
    assert second.raw.tobytes() == first.raw.tobytes()
    evaluation.fresh = True
    assert evaluation.run().reused == 0


def test_an_interrupted_evaluation_goes_on_where_it_was(evaluation: Evaluation) -> None:
    evaluation.fail_after = 2
    with pytest.raises(WorkerError):
        evaluation.run()
    evaluation.fail_after = None
    whole = evaluation.run()
    assert len(evaluation.ran) == 4
    assert whole.reused in (2 * SHARD_IMAGES, SHARD_IMAGES + 7)
    evaluation.fresh = True
    assert np.array_equal(evaluation.run().scores, whole.scores)


def test_another_image_makes_its_shard_anew_and_no_other(evaluation: Evaluation) -> None:
    evaluation.run()
    evaluation.pixels[SHARD_IMAGES + 5] ^= 255
    again = evaluation.run()
    assert evaluation.ran == [SHARD_IMAGES]
    evaluation.fresh = True
    assert np.array_equal(evaluation.run().scores, again.scores)


@pytest.mark.parametrize("damage", [b"", b"\x00" * 40, None])
def test_a_damaged_file_is_as_absent(evaluation: Evaluation, damage: bytes | None) -> None:
    whole = evaluation.run()
    victim = sorted(evaluation.folder.glob("kept/*/*.outputs"))[1]
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.write_bytes(bytes(data) if damage is None else damage)
    again = evaluation.run()
    assert evaluation.ran == [SHARD_IMAGES]
    assert np.array_equal(again.scores, whole.scores)


def test_other_settings_are_kept_apart(tmp_path: Path) -> None:
    store = ShardStore(folder=tmp_path, settings={"machine": "a"}, fresh=False)
    shard = Shard(start=0, stop=2, digest="0" * 64)
    store.save(shard, np.ones((2, 1), np.float32))
    assert store.load(shard) is not None
    assert replace(store, settings={"machine": "b"}).load(shard) is None
    assert store.load(replace(shard, digest="1" * 64)) is None


def test_an_unreadable_image_names_itself(evaluation: Evaluation) -> None:
    def broken(index: int) -> Image.Image:
        raise DataError(f"image {index} is broken")

    split = replace(split_of(evaluation.pixels), load=broken)
    inputs = Inputs(split=split, settings=Preprocess(color="grey", size=(SIDE, SIDE)))
    with pytest.raises(DataError, match="is broken"):
        list(inputs.parts(Shard(start=0, stop=3, digest="")))


@pytest.mark.parametrize("int8", [True, False])
def test_batches_give_the_same_bytes_as_one_row_after_another(tmp_path: Path, int8: bool) -> None:
    path = tmp_path / "tiny.tflite"
    write_classifier(path, *brightness(3), int8=int8, dynamic_batch=True)
    rng = np.random.default_rng(1)
    rows = rng.integers(-128, 128, (21, 1, SIDE, SIDE, 1)).astype(np.int8 if int8 else np.float32)
    with Worker(["{python}"], "litert", label="tiny", timeout_s=20.0) as worker:
        loaded = worker.load(path, RuntimeSpec(), "a", "tiny")
        (alone,) = worker.run(loaded, [rows])
        (together,) = worker.run(loaded, [rows], batch=8)
    assert alone.shape == together.shape == (21, 1, 3)
    assert alone.tobytes() == together.tobytes()


def test_other_bytes_than_the_artifacts_and_what_does_not_fit_are_refused(
    evaluation: Evaluation,
) -> None:
    """Nothing is evaluated of a file that was changed meanwhile, or that the check refuses."""
    split = split_of(evaluation.pixels)
    artifact = read_artifact(evaluation.artifact, "tiny", "int8")

    def refuse(loaded: Loaded) -> None:
        raise MeasurementError(f"{loaded.label} doesn't fit")

    kept: list[Shard] = []
    for sha256, check, words in (
        ("0" * 64, accept, "was changed while the run went on"),
        (artifact.sha256, refuse, "doesn't fit"),
    ):
        runner = LocalRunner(
            artifact=replace(artifact, sha256=sha256),
            runtime=RuntimeSpec(),
            inputs=Inputs(split=split, settings=Preprocess(color="grey", size=(SIDE, SIDE))),
            lend_worker=lambda: Worker(["{python}"], "litert", label="tiny", timeout_s=20.0),
            check=check,
            jobs=1,
        )
        with pytest.raises((ArtifactError, MeasurementError), match=words):
            runner(shards_of(split), lambda shard, _: kept.append(shard))
    assert not kept


def test_a_pipe_serves_where_there_is_no_slot(
    evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    through_slots = evaluation.run()
    evaluation.fresh = True

    def full(size: int) -> Slot:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edgeassay.measure.accuracy.Slot", full)
    assert np.array_equal(evaluation.run().scores, through_slots.scores)


def test_a_worker_sees_a_slot_only_on_the_same_machine() -> None:
    with Worker(["{python}"], "litert", label="tiny", timeout_s=20.0) as worker, Slot(4096) as slot:
        assert worker.sees(slot)
        assert slot.put(np.zeros(4097, np.int8)) is None
        there, slot.path = slot.path, "/proc/0/fd/9"  # as good as on another machine
        assert not worker.sees(slot)
        slot.path = there
    assert not Path(slot.path).exists()


class Doubling:
    """An engine whose outputs depend on whether rows come alone."""

    def __init__(self, wide: bool, error: float) -> None:
        self.inputs: list[TensorFacts] = []
        self.outputs: list[TensorFacts] = []
        self.facts: dict[str, Any] = {}
        self._error = error if wide else 0.0
        self._wrong = error

    def batched(self, count: int) -> Doubling:
        return Doubling(True, self._wrong)

    def set_inputs(self, arrays: Sequence[npt.NDArray[Any]]) -> None:
        self._rows = arrays[0]

    def reset(self) -> None:
        pass

    def invoke(self) -> None:
        pass

    def get_outputs(self) -> list[npt.NDArray[Any]]:
        return [self._rows * 2.0 + self._error]


@pytest.mark.parametrize(("error", "wide"), [(0.0, True), (1e-6, False)])
def test_batches_that_change_a_byte_are_not_used(error: float, wide: bool) -> None:
    session = Session()
    session._engines["a"] = Doubling(False, error)
    rows = np.arange(30, dtype=np.float64).reshape(10, 1, 3)
    _, (outputs,) = session.run({"handle": "a", "batch": 4, "repeatable": True}, [rows])
    assert np.array_equal(outputs, rows * 2.0)
    assert (session._wide["a", 4] is not None) is wide


def test_a_loaded_artifact_survives_its_description(tmp_path: Path) -> None:
    from edgeassay.workers import describe_loaded, read_loaded

    write_classifier(tmp_path / "tiny.tflite", *brightness(), int8=True)
    with Worker(["{python}"], "litert", label="tiny", timeout_s=20.0) as worker:
        loaded: Loaded = worker.load(tmp_path / "tiny.tflite", RuntimeSpec(), "", "tiny")
    assert read_loaded(describe_loaded(loaded), "tiny") == loaded
