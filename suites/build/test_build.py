"""The builder itself, with the real converters: same inputs, same bytes, and no work done twice."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from edgeassay.build import build, export
from edgeassay.config import load_model
from edgeassay.datasets import open_dataset
from edgeassay.progress import silent
from edgeassay.spec import ModelSpec, VariantSpec
from edgeassay.variants import METHODS
from suites.meta import commands

ROOT = Path(__file__).resolve().parents[2]

NETWORK = """
import sys, keras
from keras import layers
keras.utils.set_random_seed(1)
image = keras.Input((16, 16, 1))
x = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
if sys.argv[2] == "code":
    x = layers.Lambda(lambda t: t * 2.0)(x)
x = layers.Flatten()(x) if sys.argv[2] == "wide" else layers.GlobalAveragePooling2D()(x)
keras.Model(image, layers.Dense(14, activation="sigmoid")(x)).save(sys.argv[1])
"""

MODEL = """
id = "small"
weights = "small.keras"
[data]
source = "phantom"
seed = 1
size = 16
images = { calibration = 20, evaluation = 20 }
[preprocess]
color = "grey"
size = [16, 16]
[variants]
fp32 = { method = "fp32" }
drq = { method = "drq" }
fp16 = { method = "fp16" }
int8 = { method = "int8", calibration_images = 10 }
[runtimes]
litert = {}
"""

OPEN = partial(open_dataset, data_root=None)

commands.needs("tensorflow", reason="the converters need the [build] extra")


def make_model(folder: Path, kind: str = "plain") -> ModelSpec:
    (folder / "small").mkdir(parents=True)
    (folder / "small/model.toml").write_text(MODEL)
    commands.python(NETWORK, str(folder / "small/small.keras"), kind)
    return load_model(folder / "small", folder)


def with_one_scale(model: ModelSpec) -> ModelSpec:
    """A model's dynamic-range variant, and one for runtimes that want one scale for a layer."""
    asked = VariantSpec(method="drq", per_tensor_dense=True)
    return replace(model, variants={"drq": model.variants["drq"], "old": asked})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelSpec:
    return make_model(tmp_path_factory.mktemp("models"))


def built(model: ModelSpec, cache: Path) -> dict[str, str]:
    made = build(model, model.variants, cache=cache, open_data=OPEN, report=silent)
    assert not made.missing
    return {name: artifact.sha256 for name, artifact in made.artifacts.items()}


@pytest.mark.usefixtures("fresh_converter")  # with another seed for hashes each time
def test_the_same_inputs_give_the_same_bytes_and_are_built_once(
    model: ModelSpec, tmp_path: Path
) -> None:
    first = built(model, tmp_path / "a")
    assert len(set(first.values())) == 4
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "a").rglob("*.tflite")}
    assert built(model, tmp_path / "a") == first
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "a").rglob("*.tflite")} == before
    assert built(model, tmp_path / "b") == first


def test_nothing_temporary_stays(
    model: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor what a build left that was killed, though there is nothing to convert any more."""
    temporary, cache = tmp_path / "tmp", tmp_path / "cache"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    made = build(model, ["fp32", "int8"], cache=cache, open_data=OPEN, report=silent)
    assert not made.missing
    assert list(temporary.iterdir()) == []
    for folder in (temporary, cache / "small"):
        (folder / ".edgeassay-killed.tmp").mkdir()
    build(model, ["fp32", "int8"], cache=cache, open_data=OPEN, report=silent)
    assert list(temporary.iterdir()) == []
    assert {path.suffix for path in (cache / "small").iterdir()} == {".tflite", ".json"}


def dense_scales(path: Path) -> int:
    """How many scales the weights of the dense layer have."""
    from ai_edge_litert.interpreter import Interpreter

    tensors = Interpreter(model_path=str(path)).get_tensor_details()
    weights = [t for t in tensors if len(t["shape"]) == 2 and t["dtype"].__name__ == "int8"]
    (scales,) = (t["quantization_parameters"]["scales"] for t in weights)
    return len(scales)


def test_a_dense_layer_has_one_scale_where_that_is_asked_for(tmp_path: Path) -> None:
    model = with_one_scale(make_model(tmp_path, "wide"))
    made = build(model, model.variants, cache=tmp_path, open_data=OPEN, report=silent).artifacts
    assert made["old"].manifest is not None
    assert made["old"].manifest.settings == {
        "method": "drq",
        "calibration_images": 0,
        "per_tensor_dense": True,
    }
    assert dense_scales(made["drq"].path) == 14
    assert dense_scales(made["old"].path) == 1


def test_a_damaged_artifact_in_the_cache_is_made_again(model: ModelSpec, tmp_path: Path) -> None:
    first = built(model, tmp_path)
    victim = next((tmp_path / "small").glob("int8-*.tflite"))
    victim.write_bytes(victim.read_bytes()[:-7])
    assert built(model, tmp_path) == first


def test_a_manifest_names_source_data_settings_and_converters(
    model: ModelSpec, tmp_path: Path
) -> None:
    made = build(model, ["int8"], cache=tmp_path / "cache", open_data=OPEN, report=silent)
    path = export(made.artifacts["int8"], tmp_path / "out")
    manifest = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert path == tmp_path / "out/small/int8.tflite"
    assert manifest["sha256"] == made.artifacts["int8"].sha256
    assert len(manifest["source_sha256"]) == len(manifest["data_sha256"]) == 64
    assert manifest["settings"] == {"method": "int8", "calibration_images": 10}
    assert {"tensorflow", "keras"} <= set(manifest["versions"])


def test_int8_has_integer_inputs_and_outputs(model: ModelSpec, tmp_path: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter

    made = build(model, ["int8"], cache=tmp_path, open_data=OPEN, report=silent)
    interpreter = Interpreter(model_path=str(made.artifacts["int8"].path))
    for detail in (*interpreter.get_input_details(), *interpreter.get_output_details()):
        assert detail["dtype"] == np.int8


def failure(model: ModelSpec, variant: str, cache: Path) -> str:
    made = build(model, [variant], cache=cache, open_data=OPEN, report=silent)
    assert not made.artifacts
    assert not list(cache.rglob("*.tflite"))
    return str(made.missing[variant])


def test_a_network_that_carries_code_is_refused_and_a_broken_file_too(tmp_path: Path) -> None:
    carrier = make_model(tmp_path / "a", kind="code")
    assert re.search(
        r"small\.keras could not be converted: .*Lambda", failure(carrier, "fp32", tmp_path / "c")
    )
    assert carrier.weights is not None
    carrier.weights.write_bytes(b"PK broken")
    assert "small.keras could not be converted" in failure(carrier, "fp32", tmp_path / "c")


def test_a_network_that_does_not_take_the_images_is_explained(
    model: ModelSpec, tmp_path: Path
) -> None:
    assert model.preprocess is not None
    wrong = replace(model, preprocess=replace(model.preprocess, color="rgb"))
    message = failure(wrong, "int8", tmp_path)
    assert "takes 16x16x1, and [preprocess] makes 16x16x3" in message


def test_one_conversion_that_fails_leaves_the_others(
    model: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(METHODS["drq"], module="edgeassay.variants.registry")  # no convert() there
    monkeypatch.setattr("edgeassay.variants.registry.METHODS", {**METHODS, "drq": broken})
    made = build(model, model.variants, cache=tmp_path, open_data=OPEN, report=silent)
    assert set(made.artifacts) == {"fp32", "fp16", "int8"}
    assert "small/drq" in str(made.missing["drq"])
