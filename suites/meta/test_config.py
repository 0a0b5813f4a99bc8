"""Every mistake in a TOML file names the file, the key, and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeassay.config import (
    choose,
    data_root,
    load_device,
    load_devices,
    load_model,
    load_models,
)
from edgeassay.errors import ConfigError
from edgeassay.spec import ClaimName
from suites.meta.project import DEVICE_TOML, IN_A_YEAR, MODEL_TOML, ROOT

DEVIATION = '\n[[deviation]]\nclaim = "{}"\nreason = "it is known"\n'
DEVIATION += f"expires = {IN_A_YEAR}\n"

MODEL_MISTAKES = [
    ("[limits]", "[limts]", "unknown key 'limts'; did you mean 'limits'?"),
    ("weights =", "wieghts =", "unknown key 'wieghts'; did you mean 'weights'?"),
    ('patient = "patient"', 'splits = { test = "test" }', "unknown key 'data.splits.test'"),
    ("patient =", "patints =", "unknown key 'data.patints'; did you mean 'patient'?"),
    ("color =", "colour =", "unknown key 'preprocess.colour'; did you mean 'color'?"),
    ("calibration_images", "calibration_image", "did you mean 'calibration_images'?"),
    ("litert = {}", "litert = { thread = 1 }", "did you mean 'threads'?"),
    ("litert = {}", 'litert = { kernels = "fast" }', "kernels"),
    ("min_auc", "min_auk", "unknown key 'limits.min_auk'; did you mean 'min_auc'?"),
    ("size_ratio", "size_ration", "'limits.int8.size_ration'; did you mean 'size_ratio'?"),
    ("[limits.int8]", "[limits.int9]", "unknown key 'limits.int9'; did you mean 'int8'?"),
    ("rationale", "rational", "'limits.int8.size_ratio.rational'; did you mean 'rationale'?"),
    ("min_auc = 0.7", 'min_auc = "high"', "limits.min_auc = 'high' is not valid"),
    ("min_auc = 0.7", "min_auc = nan", "limits.min_auc = nan is not valid"),
    ("min_auc = 0.7", "min_auc = true", "limits.min_auc = True is not valid"),
    ("min_auc = 0.7", "min_auc = inf", "limits.min_auc = inf is not valid"),
    ("min_auc = 0.7", "latency_p95_ms = 5.0", "a budget in milliseconds belongs to a device"),
    ("min_auc = 0.7", "peak_memory_mb = 5.0", "a budget in megabytes belongs to a device"),
    ("min_auc = 0.7", "fp32 = 0.7", "stand in a table of their own, [limits.fp32]"),
    ('"smaller is why it exists"', "5", "size_ratio.rationale = 5 is not valid"),
    ("litert = {}", 'litert = { engine = "litrt" }', "did you mean 'litert'?"),
    ("litert = {}", "litert = { threads = 0 }", "threads = 0 must be from 1 to 1,024"),
    ("litert = {}", '"../up" = {}', "is no usable name"),
    ("limit = 0.9, ", "", "'limits.int8.size_ratio.limit' is missing"),
    ("loads = true", "loads = 1", "it can only be `true`"),
    ('source = "image-csv"', 'source = "imagecsv"', "data.source must be one of"),
    ('source = "image-csv"', "", "data.source must be one of"),
    ('folder = "spots"', "", "the key 'data.folder' is missing"),
    ('label = "finding"', "", "must have one of `label`, `labels`"),
    ('patient = "patient"', 'patient = "p"\ngroup = "g"', "`patient` or `group`, not both"),
    ('"fp32" }', '"fp33" }', "variants.fp32.method = 'fp33' is unknown; known: fp32, drq"),
    (", calibration_images = 8", "", "needs a positive number of calibration images"),
    ('"fp32" }', '"fp32", calibration_images = 8 }', "uses no calibration images"),
    ('"fp32" }', '"fp32", per_tensor_dense = true }', "goes with method 'drq' alone: remove it"),
    ('"int8", cal', '"int8", per_tensor_dense = true, cal', "int8.per_tensor_dense goes with"),
    ('fp32 = { method = "fp32" }', "", "has no 'fp32', the reference"),
    ("size = [8, 8]", "size = [8]", "preprocess.size"),
    ("size = [8, 8]", "size = [8, 8]\nmean = [0.1, 0.2]", "preprocess.mean has 2 values"),
    ("size = [8, 8]", "size = [8, 8]\nstd = [0.0]", "std must not be zero"),
    ("[limits]", "[statistics]\nconfidence = 0.5\n[limits]", "statistics.confidence = 0.5 must be"),
    ('id = "tiny"', 'id = "tony"', "id = 'tony', and the folder is 'tiny'"),
    ('id = "tiny"', 'id = "Tiny one"', "id = 'Tiny one' is not valid"),
    ('id = "tiny"', 'id = "tiny', "is no valid TOML"),
    ("min_auc = 0.7", f"min_auc = {10**400}", "limits.min_auc is a number that 64 bits can't hold"),
    ("size = [8, 8]", f"size = [8, {2**63}]", "size.1 is a number that 64 bits can't hold"),
    ("[limits.int8]", DEVIATION.format("size_ratioo") + "[limits.int8]", "deviation.0.claim"),
]


@pytest.mark.parametrize(("right", "wrong", "words"), MODEL_MISTAKES)
def test_a_mistake_in_a_model_is_explained(
    tmp_path: Path, right: str, wrong: str, words: str
) -> None:
    assert right in MODEL_TOML
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text(MODEL_TOML.replace(right, wrong))
    with pytest.raises(ConfigError) as caught:
        load_model(folder, tmp_path)
    assert words in str(caught.value)
    assert str(caught.value).startswith("models/tiny/model.toml")


def test_one_scale_for_a_dense_layer_is_for_tensorflows_converter(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    asked = MODEL_TOML.replace(
        "int8 =", 'drq = { method = "drq", per_tensor_dense = true }\nint8 ='
    )
    (folder / "model.toml").write_text(asked)
    assert load_model(folder, tmp_path).variants["drq"].per_tensor_dense
    (folder / "model.toml").write_text(asked.replace("tiny.keras", "tiny.tflite"))
    with pytest.raises(ConfigError, match=r"variants\.drq\.per_tensor_dense is for Tensor"):
        load_model(folder, tmp_path)


DEVICE_MISTAKES = [
    ("[timing]", "[timings]", "unknown key 'timings'; did you mean 'timing'?"),
    ("rounds = 30\n", "", "the key 'timing.rounds' is missing"),
    ("rounds = 30", "rounds = 0", "timing.rounds = 0 must be from 1 to 1,000,000"),
    ("processes = 3", "processes = 0", "timing.processes = 0 must be from 1"),
    ("warmup_rounds = 2", "warmup_rounds = -1", "timing.warmup_rounds = -1 must be from 0"),
    ("timeout_s = 20.0", "timeout_s = inf", "timing.timeout_s = inf must be from 0.001 to 86,400"),
    ('["{python}"]', "[]", "workers.litert must be the command of a worker"),
    (
        'litert = ["{python}"]',
        'litert = { command = ["ssh"], folder = "a b" }',
        "workers.litert.folder = 'a b' must be a path there",
    ),
    ("free_cpus = 0.0", "free_cpu = 0.0", "'tolerance.free_cpu'; did you mean 'free_cpus'?"),
    ("steal_share = 1.0", "steal_share = 1.5", "tolerance.steal_share = 1.5 must be from 0"),
    ("rounds = 30", "rounds = 30\nsustained_s = 59.0", "sustained_s = 59.0 must be from 60.0"),
    ("rounds = 30", "rounds = 30\nsustained_inferences = 64", "must be from 1,024"),
    ("architecture =", "arch =", "unknown key 'match.arch'"),
    ("latency_p95_ms", "latency_p95", "did you mean 'latency_p95_ms'?"),
    ('id = "bench"', 'id = "bank"', "the file is 'bench'"),
    ("[limits.tiny]", "[limits]", "limits.latency_p95_ms must be a table"),
]


@pytest.mark.parametrize(("right", "wrong", "words"), DEVICE_MISTAKES)
def test_a_mistake_in_a_device_profile_is_explained(
    tmp_path: Path, right: str, wrong: str, words: str
) -> None:
    assert right in DEVICE_TOML
    path = tmp_path / "bench.toml"
    path.write_text(DEVICE_TOML.replace(right, wrong))
    with pytest.raises(ConfigError) as caught:
        load_device(path, tmp_path)
    assert words in str(caught.value)
    assert str(caught.value).startswith("bench.toml")


def test_a_deviation_must_name_what_the_model_has(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    text = MODEL_TOML + DEVIATION.format("size_ratio") + 'variant = "int9"\n'
    (folder / "model.toml").write_text(text)
    with pytest.raises(ConfigError, match="variant 'int9', which isn't known here"):
        load_model(folder, tmp_path)


def test_a_limit_knows_its_place_and_its_rationale(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text(MODEL_TOML)
    rules = {(r.claim, r.variant): r.limit for r in load_model(folder, tmp_path).limits}
    size = rules[ClaimName.SIZE_RATIO, "int8"]
    assert size.value == 0.9
    assert size.source == "models/tiny/model.toml:limits.int8.size_ratio.limit"
    assert size.rationale == "smaller is why it exists"
    assert rules[ClaimName.MIN_AUC, None].source == "models/tiny/model.toml:limits.min_auc"


@pytest.mark.parametrize(
    ("folder", "words"),
    [("nowhere", "doesn't exist"), ("empty", "no <id>/model.toml"), ("a", "give the folder above")],
)
def test_a_models_folder_without_models_is_refused(tmp_path: Path, folder: str, words: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "a/model.toml").write_text(MODEL_TOML)
    with pytest.raises(ConfigError, match=words):
        load_models([ROOT / "models", tmp_path / folder], tmp_path)


def _twice(tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch, name: str) -> Path:
    """The folder `name` by another path."""
    monkeypatch.chdir(tmp_path)
    if how == "link":
        (tmp_path / "again").symlink_to(name)
    ways = {"same": tmp_path / name, "link": tmp_path / "again", "relative": Path(name)}
    return ways.get(how, tmp_path / name / ".." / name)


@pytest.mark.parametrize("how", ["same", "link", "relative", "dots"])
def test_a_folder_that_is_given_twice_is_taken_once(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models/tiny").mkdir(parents=True)
    (tmp_path / "models/tiny/model.toml").write_text(MODEL_TOML)
    (tmp_path / "devices").mkdir()
    (tmp_path / "devices/bench.toml").write_text(DEVICE_TOML)
    models = _twice(tmp_path, how, monkeypatch, "models")
    found = load_models([tmp_path / "models", models, models], tmp_path)
    assert [model.file for model in found.values()] == ["models/tiny/model.toml"]
    if how == "link":
        (tmp_path / "again").unlink()
    devices = _twice(tmp_path, how, monkeypatch, "devices")
    assert list(load_devices([tmp_path / "devices", devices], tmp_path)) == ["bench"]


def test_a_model_that_is_linked_from_another_folder_is_taken_once(tmp_path: Path) -> None:
    (tmp_path / "models/tiny").mkdir(parents=True)
    (tmp_path / "models/tiny/model.toml").write_text(MODEL_TOML)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/tiny").symlink_to(tmp_path / "models/tiny")
    assert list(load_models([tmp_path / "models", tmp_path / "mine"], tmp_path)) == ["tiny"]


def test_two_files_that_declare_one_model_are_refused(tmp_path: Path) -> None:
    for name in ("models", "mine"):
        (tmp_path / name / "tiny").mkdir(parents=True)
        (tmp_path / name / "tiny/model.toml").write_text(MODEL_TOML)
    with pytest.raises(ConfigError, match="both declare 'tiny'; rename one"):
        load_models([tmp_path / "models", tmp_path / "mine"], tmp_path)


def test_a_devices_folder_without_profiles_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no device profile"):
        load_devices([tmp_path], tmp_path)


def test_the_data_root_must_exist_where_it_is_set(tmp_path: Path) -> None:
    assert data_root({}) is None
    assert data_root({"EDGEASSAY_DATA": ""}) is None
    assert data_root({"EDGEASSAY_DATA": str(tmp_path)}) == tmp_path.resolve()
    with pytest.raises(ConfigError, match="is no folder"):
        data_root({"EDGEASSAY_DATA": str(tmp_path / "nowhere")})


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="known: a1, b2"):
        choose("model", ["zzz"], ["a1", "b2"])


def test_the_projects_own_files_load() -> None:
    models = load_models([ROOT / "models"], ROOT)
    assert set(models) >= {"phantom-cnn", "pneumonia-mobilenetv2"}
    assert len(models["phantom-cnn"].classes) == 14
    for path in (ROOT / "fixtures" / "devices").glob("*.toml"):
        assert load_device(path, ROOT).id == path.stem
