"""Damaged copies of every kind of file that is read: what comes is a result or a sentence.

The copies are seeded, so that a copy that fails fails again.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgeassay.artifacts import Artifact, read_artifact
from edgeassay.config import load_device, load_model
from edgeassay.datasets import check_evaluation, check_separation, load_images, open_dataset
from edgeassay.datasets.image_files import digest_file, load_image
from edgeassay.errors import DataError, EdgeassayError
from edgeassay.measure.accuracy import Inputs, LocalRunner, predict
from edgeassay.measure.predictions import Predictions, read_predictions
from edgeassay.measure.shards import ShardStore, shards_of
from edgeassay.preprocess import preprocess
from edgeassay.progress import silent
from edgeassay.spec import NpzSource, Preprocess, Role, RuntimeSpec
from edgeassay.tflite_file import read_graph
from edgeassay.tflite_weights import read_weights
from edgeassay.workers import Worker
from suites.meta.project import Project, write_spots
from suites.meta.tinymodels import SIDE, brightness, write_classifier
from suites.mistakes.artifacts import manifest
from suites.mistakes.breaking import pickled, right_arrays
from suites.mistakes.mistake import LEAKS, tree
from suites.mistakes.tables import predictions

COPIES = 40
PREPROCESS = Preprocess(color="grey", size=(SIDE, SIDE))


def damaged(data: bytes, copies: int = COPIES) -> Iterator[bytes]:
    """Copies with bits turned, cut short, or with bytes put in, taken out or repeated."""
    rng = np.random.default_rng(len(data))
    for number in range(copies):
        copy = bytearray(data)
        at = int(rng.integers(len(data)))
        match number % 5:
            case 0:
                for place in rng.integers(len(data), size=1 + number % 3):
                    copy[place] ^= 1 << int(rng.integers(8))
            case 1:
                del copy[at:]
            case 2:
                copy[at:at] = rng.bytes(int(rng.integers(1, 9)))
            case 3:
                del copy[at : at + int(rng.integers(1, 9))]
            case _:
                copy[at : at + 4] = rng.choice(
                    [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"]
                )
        yield bytes(copy)


def check_every_copy(path: Path, read: Callable[[], object], copies: int = COPIES) -> None:
    """Reading each copy gives a result or a sentence, and changes no file; some copy is refused."""
    whole = path.read_bytes()
    read()
    sentences = []
    for number, copy in enumerate(damaged(whole, copies)):
        path.write_bytes(copy)
        before = tree(path.parent)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow's, of files that it reads all the same
                read()
        except EdgeassayError as error:
            sentences.append(str(error))
        except Exception as error:
            error.add_note(f"copy {number} of {path.name}")
            raise
        assert tree(path.parent) == before
    path.write_bytes(whole)
    for sentence in sentences:
        assert LEAKS.search(sentence) is None, sentence
    assert sentences


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.write()
    return made


def test_a_model(project: Project) -> None:
    folder = project.folder / "models/tiny"
    check_every_copy(folder / "model.toml", lambda: load_model(folder, project.folder), 200)


def test_a_device_profile(project: Project) -> None:
    path = project.folder / "devices/bench.toml"
    check_every_copy(path, lambda: load_device(path, project.folder), 200)


def test_a_table(project: Project) -> None:
    model = load_model(project.folder / "models/tiny", project.folder)
    assert model.data is not None
    source = model.data

    def read() -> None:
        dataset = open_dataset(source, project.data)
        check_separation(dataset)
        check_evaluation(dataset)

    check_every_copy(project.data / "spots/labels.csv", read, 100)


def test_predictions_from_elsewhere(project: Project) -> None:
    model = load_model(project.folder / "models/tiny", project.folder)
    assert model.data is not None
    split = open_dataset(model.data, project.data).splits[Role.EVALUATION]
    path = project.folder / "original.csv"
    path.write_text(predictions(), encoding="utf-8")
    check_every_copy(path, lambda: read_predictions(path, split, ("bright",)), 100)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "JPEG2000"])
def test_an_image(tmp_path: Path, kind: str) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (24, 24), np.uint8)
    path = tmp_path / f"image.{kind.lower()}"
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    path.write_bytes(stream.getvalue())

    def read() -> None:
        digest_file(path, "labels.csv")
        preprocess(load_image(path, "labels.csv"), PREPROCESS)

    check_every_copy(path, read)


@pytest.mark.parametrize("compressed", [False, True])
def test_an_archive(tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / "spots.npz"
    arrays: dict[str, Any] = right_arrays()
    (np.savez_compressed if compressed else np.savez)(path, **arrays)
    source = NpzSource(source="npz", file="spots.npz", classes=("bright",))

    def read() -> None:
        dataset = open_dataset(source, tmp_path)
        check_separation(dataset)
        split = check_evaluation(dataset)
        load_images(split, range(len(split)), PREPROCESS)
        split.digest(0)

    check_every_copy(path, read)


def test_a_manifest(project: Project) -> None:
    manifest(project)
    path = project.artifacts / "tiny/int8.tflite"
    check_every_copy(path.with_suffix(".json"), lambda: read_artifact(path, "tiny", "int8"), 100)


@pytest.mark.parametrize("int8", [False, True])
def test_a_network_that_is_looked_into(tmp_path: Path, int8: bool) -> None:
    path = tmp_path / "net.tflite"
    write_classifier(path, *brightness(3), int8=int8)

    def read() -> None:
        read_weights(path, range(len(read_graph(path).layers)))

    check_every_copy(path, read, 400)


@pytest.mark.long
@pytest.mark.parametrize("int8", [False, True])
def test_an_artifact_in_a_worker(tmp_path: Path, int8: bool) -> None:
    path = tmp_path / "net.tflite"
    write_classifier(path, *brightness(), int8=int8)

    def read() -> None:
        with Worker(["{python}"], "litert", label="net", timeout_s=20.0) as worker:
            loaded = worker.load(path, RuntimeSpec(), "net", "net")
            worker.run(loaded, [np.zeros((1, *t.shape), t.dtype) for t in loaded.inputs])

    check_every_copy(path, read)


class Kept:
    """Predictions on the evaluation split of a project, kept in a folder."""

    def __init__(self, project: Project) -> None:
        model = load_model(project.folder / "models/tiny", project.folder)
        assert model.data is not None
        assert model.preprocess is not None
        self._split = open_dataset(model.data, project.data).splits[Role.EVALUATION]
        self._inputs = Inputs(split=self._split, settings=model.preprocess)
        path = project.artifacts / "tiny/int8.tflite"
        self._artifact: Artifact = read_artifact(path, "tiny", "int8")
        self.store = ShardStore(folder=project.folder / "kept", fresh=False, settings={"a": 1})

    def predict(self) -> Predictions:
        return predict(
            self._split,
            shards_of(self._split),
            store=self.store,
            runner=LocalRunner(
                artifact=self._artifact,
                runtime=RuntimeSpec(),
                inputs=self._inputs,
                lend_worker=lambda: Worker(["{python}"], "litert", label="tiny", timeout_s=20.0),
                check=lambda _: None,
                jobs=1,
            ),
            check=lambda _: None,
            label="tiny",
            report=silent,
        )


@pytest.mark.long
@pytest.mark.parametrize("pattern", ["*.outputs", "facts.json"])
def test_kept_predictions_are_right_or_made_again(project: Project, pattern: str) -> None:
    """A damaged file is as absent: the scores are those of a whole one, to the bit."""
    write_spots(project.data / "spots", 48)  # few enough for one file
    kept = Kept(project)
    right = kept.predict()
    assert right.reused == 0
    assert kept.predict().reused == len(right.scores)
    path = min(kept.store.folder.rglob(pattern))
    whole = path.read_bytes()
    made_again = 0
    for copy in damaged(whole):
        path.write_bytes(copy)
        found = kept.predict()
        made_again += found.reused < len(right.scores)
        assert found.scores.tobytes() == right.scores.tobytes()
        assert kept.predict().reused == len(right.scores)
    assert made_again > COPIES / 2


def test_images_larger_than_memory_are_a_sentence(project: Project) -> None:
    """Hundreds of terabytes, which no machine gives."""
    model = load_model(project.folder / "models/tiny", project.folder)
    assert model.data is not None
    split = open_dataset(model.data, project.data).splits[Role.EVALUATION]
    with pytest.raises(DataError, match="32768x32768x1 don't fit into memory; make `size`"):
        load_images(split, range(100_000), replace(PREPROCESS, size=(32_768, 32_768)))


def test_the_pickle_would_have_run(project: Project) -> None:
    """What the archive of the table carries does make a file where it is loaded without care."""
    pickled(project)
    target = project.folder / "EXECUTED"
    with np.load(project.data / "spots.npz", allow_pickle=True) as arrays:
        opened = arrays["test_images"]
    for file in opened:
        file.close()
    assert target.exists()
