"""What a file leaves open is given its size, or the file is refused: it is never a number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeassay.errors import ArtifactError, ConfigError
from edgeassay.options import read_shapes
from edgeassay.spec import InputShapes, RuntimeSpec
from edgeassay.worker.engine import Refused
from edgeassay.worker.sizes import sized
from edgeassay.workers import NO_SHAPES, Loaded, Worker
from suites.meta.odd_models import write_open, write_open_output, write_unranked
from suites.meta.project import Project

ENGINES = ("litert", "litert-compiled", "tensorflow")


@pytest.mark.parametrize(
    ("sides", "wanted", "batch", "shape"),
    [
        ([1, 8, 8, 3], {}, 1, [1, 8, 8, 3]),
        ([-1, 8, 8, 3], {}, 4, [4, 8, 8, 3]),
        ([-1, -1, -1, 3], {"": [[1, 8, 9, 3]]}, 1, [1, 8, 9, 3]),
        ([-1, -1, -1, 3], {"": [[1, 3, 8, 9], [1, 8, 9, 3]]}, 2, [2, 8, 9, 3]),
        ([-1, 3, -1, -1], {"": [[1, 8, 9, 3], [1, 3, 8, 9]]}, 1, [1, 3, 8, 9]),
        ([1, -1], {"": [[1, 5]], "ids": [[1, 7]]}, 1, [1, 7]),
        ([-1], {"ids": [[64]]}, 1, [64]),
        ([], {"": [[1, 8, 8, 3]]}, 1, [1, 8, 8, 3]),
        ([], {}, 1, []),
        ([1, 8, 8, 3], {"": [[1, 9, 9, 3]]}, 1, [1, 8, 8, 3]),
    ],
)
def test_what_is_open_is_filled_in_and_nothing_else(
    sides: list[int], wanted: dict[str, list[list[int]]], batch: int, shape: list[int]
) -> None:
    assert sized("ids", sides, wanted, batch) == shape


@pytest.mark.parametrize(
    ("sides", "wanted", "words"),
    [
        ([-1, -1, -1, 3], {}, r"its input 'ids' takes \?x\?x\?x3, which leaves more open than"),
        ([-1], {}, "leaves more open than the batch"),
        ([1, -1, -1, 3], {"": [[1, 8, 8, 1]]}, r"takes 1x\?x\?x3, and 1x8x8x1 is given"),
        ([1, -1], {"": [[1, 5, 5]]}, r"takes 1x\?, and 1x5x5 is given"),
    ],
)
def test_what_nobody_sized_is_refused(
    sides: list[int], wanted: dict[str, list[list[int]]], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        sized("ids", sides, wanted, 1)


def test_an_input_without_sides_is_one_number_only_where_it_can_be_a_flag() -> None:
    for dtype in ("int32", "bool", "uint8"):
        assert sized("flag", [], {}, 1, dtype) == []
    for dtype in ("float32", "float16"):
        with pytest.raises(Refused, match=r"the file doesn't say how many sides it has.*image=1"):
            sized("image", [], {}, 1, dtype)
        assert sized("image", [], {"": [[1, 8, 8, 3]]}, 1, dtype) == [1, 8, 8, 3]
        assert sized("image", [], {"image": [[1]]}, 1, dtype) == [1]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_file_that_doesnt_say_how_many_sides_its_image_has(tmp_path: Path, engine: str) -> None:
    write_unranked(tmp_path / "a.tflite")
    with Worker(["{python}"], engine, label="a", timeout_s=30.0) as worker:
        with pytest.raises(ArtifactError, match="doesn't say how many sides it has"):
            load(worker, tmp_path / "a.tflite", engine)
        shapes = {"": [(1, 4, 4, 3)]}
        if engine == "litert-compiled":  # which resizes no number of sides
            with pytest.raises(ArtifactError, match="New shape rank does not match"):
                load(worker, tmp_path / "a.tflite", engine, shapes)
            return
        sized = load(worker, tmp_path / "a.tflite", engine, shapes)
        assert sized.inputs[0].shape == (1, 4, 4, 3)


def load(worker: Worker, path: Path, engine: str, shapes: InputShapes = NO_SHAPES) -> Loaded:
    return worker.load(path, RuntimeSpec(engine=engine), "a", "open/fp32", shapes)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_network_of_any_size_runs_at_the_size_that_is_given(tmp_path: Path, engine: str) -> None:
    if engine == "tensorflow":
        pytest.importorskip("tensorflow", reason="the converters need the [build] extra")
    write_open(tmp_path / "open.tflite")
    rows = np.random.default_rng(1).uniform(size=(3, 1, 6, 4, 1)).astype(np.float32)
    with Worker(["{python}"], engine, label="open/fp32", timeout_s=60.0) as worker:
        with pytest.raises(ArtifactError, match=r"takes \?x\?x\?x1, which leaves more open"):
            load(worker, tmp_path / "open.tflite", engine)
        loaded = load(worker, tmp_path / "open.tflite", engine, {"": [(1, 6, 4, 1)]})
        assert (loaded.inputs[0].shape, loaded.outputs[0].shape) == ((1, 6, 4, 1), (1, 1))
        (scores,) = worker.run(loaded, [rows], batch=2)
    assert np.allclose(scores.ravel(), rows.mean(axis=(1, 2, 3, 4)), atol=1e-6)


def test_an_output_may_have_a_size_that_shows_when_it_has_run(tmp_path: Path) -> None:
    write_open_output(tmp_path / "open.tflite")
    with Worker(["{python}"], "litert", label="open/fp32", timeout_s=60.0) as worker:
        loaded = load(worker, tmp_path / "open.tflite", "litert")
        assert loaded.outputs[0].shape == (-1, 2)
        for count in (3, 1):
            flags = np.arange(4).reshape(1, 1, 4) < count
            (places,) = worker.run(loaded, [flags])
            assert places.shape == (1, count, 2)


def test_a_model_says_the_size_that_its_file_leaves_open(project: Project) -> None:
    project.write()
    for variant in ("fp32", "int8"):
        write_open(project.artifacts / f"tiny/{variant}.tflite")
    plain = project.model_toml[: project.model_toml.index("[data]")]
    rest = project.model_toml[project.model_toml.index("[variants]") :]
    rest = rest.replace('fp32 = { method = "fp32" }', 'fp32 = { artifact = "fp32.tflite" }')
    rest = rest.replace('int8 = { method = "int8", calibration_images = 8 }', "")
    rest = rest[: rest.index("min_auc")]
    found = []
    for shape in ("", "shape = [1, 5, 5, 1]\n"):
        text = plain.replace('weights = "tiny.keras"\n', shape) + rest
        (project.folder / "models/tiny/model.toml").write_text(text, encoding="utf-8")
        outcome = project.run("suites/artifact", "suites/accuracy")
        found.append((outcome.code, {c["claim"]: c["verdict"] for c in outcome.results["claims"]}))
    assert found[0][1]["loads"] == "fail"
    assert found[1] == (0, {"loads": "pass", "finite_outputs": "pass"})


@pytest.mark.parametrize("text", ["224", "x224", "1x0", "1,224,224,3", "1x-1", "a=1xb", "1x1x"])
def test_a_shape_that_is_none_is_refused(text: str) -> None:
    if text == "224":
        assert read_shapes([text]) == {"": [(224,)]}
        return
    with pytest.raises(ConfigError, match="it must be the sizes of an input, batch first"):
        read_shapes([text])


def test_a_shape_is_given_once_for_each_input() -> None:
    assert read_shapes(["1x2", "ids=1x3"]) == {"": [(1, 2)], "ids": [(1, 3)]}
    with pytest.raises(ConfigError, match="give it once"):
        read_shapes(["ids=1x2", "ids=1x3"])
