"""What drops and ratios are taken against: another variant, or predictions from elsewhere."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from edgeassay.atomic import sha256_of
from edgeassay.errors import MeasurementError
from edgeassay.measure.fit import check_fits
from edgeassay.measure.quantization import quantize
from edgeassay.spec import Preprocess
from edgeassay.workers import Loaded, TensorSpec
from suites.meta.project import MODEL_TOML, Outcome, Project
from suites.meta.tinymodels import brightness, write_classifier


def value(outcome: Outcome, claim: str, variant: str) -> float:
    found = [
        c["measurement"]["value"]
        for c in outcome.results["claims"]
        if (c["claim"], c["case"]["variant"]) == (claim, variant)
    ]
    assert len(found) == 1
    return float(found[0])


def test_another_artifact_is_the_reference(project: Project) -> None:
    """The released file, beside two new ones: each is compared with it, it with nothing."""
    project.model_toml = (
        MODEL_TOML.replace(
            'fp32 = { method = "fp32" }',
            'fp32 = { method = "fp32" }\nreleased = { artifact = "released.tflite" }',
        )
        .replace("[runtimes]", '[reference]\nvariant = "released"\n\n[runtimes]')
        .replace("mean_auc_drop = 0.05", "mean_auc_drop = 0.15\nsize_ratio = 2.0")
    )
    project.write()
    released = project.folder / "models/tiny/released.tflite"
    write_classifier(released, *brightness(), padding_bytes=1 << 16)
    outcome = project.run("suites/artifact", "suites/accuracy")
    assert outcome.code == 0, outcome.text
    size = released.stat().st_size
    for variant in ("fp32", "int8"):
        bytes_here = (project.artifacts / f"tiny/{variant}.tflite").stat().st_size
        assert value(outcome, "size_ratio", variant) == bytes_here / size
        assert abs(value(outcome, "mean_auc_drop", variant)) < 0.05
    relative = ("size_ratio", "mean_auc_drop")
    assert not [
        c
        for c in outcome.results["claims"]
        if c["case"]["variant"] == "released" and c["claim"] in relative
    ]
    assert "released: the artifact came without its manifest" in outcome.text


def write_original(project: Project, flip: float) -> None:
    """Predictions of an "original": the labels themselves, a share of them turned round."""
    with (project.data / "spots/labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["split"] == "test"]
    path = project.folder / "models/tiny/original.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("image", "bright"))
        for number, row in enumerate(reversed(rows)):
            truth = row["finding"] == "bright"
            writer.writerow((row["image"], int(truth != (number < flip * len(rows)))))


@pytest.mark.parametrize(("flip", "code"), [(0.0, 1), (0.2, 0)])
def test_predictions_from_elsewhere_are_the_reference(
    project: Project, flip: float, code: int
) -> None:
    """Against a perfect original every variant drops, fp32 too; against a poor one none does."""
    project.model_toml = MODEL_TOML.replace("mean_auc_drop = 0.05", "mean_auc_drop = 0.01").replace(
        "[runtimes]", '[reference]\npredictions = "original.csv"\n\n[runtimes]'
    )
    project.write()
    write_original(project, flip)
    outcome = project.run("suites/accuracy", "-k", "mean_auc_drop")
    assert outcome.code == code, outcome.text
    assert set(outcome.tests) == {
        f"test_mean_auc_drop[tiny-{variant}-litert]" for variant in ("fp32", "int8")
    }
    for claim in outcome.results["claims"]:
        drop, reference = claim["measurement"]["value"], claim["reference"]
        auc = next(c["mean_auc"] for c in outcome.results["cases"] if c["case"] == claim["case"])
        assert drop == pytest.approx(reference - auc, abs=1e-12)
        assert (reference == 1.0) is (flip == 0.0)
    digest = sha256_of(project.folder / "models/tiny/original.csv")
    against = {c["auc_reference"] for c in outcome.results["cases"]}
    assert against == {f"predictions original.csv, SHA-256 {digest}"}
    assert f"the change is from predictions original.csv, SHA-256 {digest[:12]}" in outcome.text


def test_a_limit_by_class_without_classes_is_unmeasured(project: Project) -> None:
    """Without data nobody knows the classes; the claim is there all the same."""
    project.model_toml = (
        MODEL_TOML.split("[data]")[0]
        + '[variants]\nfp32 = { method = "fp32" }\n'
        + "[runtimes]\nlitert = {}\n[limits]\nclass_auc_drop = 0.02\n"
    ).replace('fp32" }\n[runtimes]', 'fp32" }\nint8 = { artifact = "x.tflite" }\n[runtimes]')
    project.write()
    write_classifier(project.folder / "models/tiny/x.tflite", *brightness(), int8=True)
    outcome = project.run("suites/accuracy")
    assert outcome.tests == {"test_class_auc_drop[tiny-int8-litert]": "skipped"}
    assert "has no [data]" in outcome.messages["test_class_auc_drop[tiny-int8-litert]"]
    assert project.run("suites/accuracy", "--require-measured").code == 1


def loaded(dtype: str, scale: float) -> Loaded:
    image = TensorSpec(
        name="image", shape=(1, 8, 8, 1), dtype=np.dtype(dtype), scale=scale, zero_point=0
    )
    scores = TensorSpec(
        name="scores", shape=(1, 2), dtype=np.dtype("float32"), scale=0.0, zero_point=0
    )
    return Loaded(handle="", label="it", sha256="", inputs=(image,), outputs=(scores,))


def test_plain_pixels_are_not_fed_with_fractions() -> None:
    unit = Preprocess(color="grey", size=(8, 8))
    with pytest.raises(MeasurementError, match=r"set scale to \[0.0, 255.0\]"):
        check_fits(loaded("uint8", 0.0), unit, 2, "model.toml")
    check_fits(loaded("uint8", 1 / 255), unit, 2, "model.toml")
    check_fits(loaded("float32", 0.0), unit, 2, "model.toml")
    plain = Preprocess(color="grey", size=(8, 8), scale=(0.0, 255.0))
    check_fits(loaded("uint8", 0.0), plain, 2, "model.toml")
    values = np.array([254.99998, -3.0, 0.5, 300.0], np.float32)
    assert quantize(values, loaded("uint8", 0.0).inputs[0]).tolist() == [255, 0, 0, 255]


def test_predictions_are_relative_to_the_models_folder(project: Project) -> None:
    project.model_toml = MODEL_TOML.replace(
        "[runtimes]", '[reference]\npredictions = "no-such.csv"\n\n[runtimes]'
    )
    project.write()
    outcome = project.run("suites/accuracy", "-k", "mean_auc_drop")
    assert outcome.code == pytest.ExitCode.USAGE_ERROR
    assert outcome.text.count(str(Path("models/tiny/no-such.csv"))) == 1
    assert "Traceback" not in outcome.text


def test_a_declared_digest_holds_for_prebuilt_artifacts_too(project: Project) -> None:
    """A file in the `--artifacts` folder is no way round the digest in the model.toml."""
    path = project.artifacts / "tiny/int8.tflite"
    for digest, code in ((sha256_of(path), 0), ("0" * 64, 1)):
        project.model_toml = MODEL_TOML.replace(
            'int8 = { method = "int8", calibration_images = 8 }',
            f'int8 = {{ artifact = "int8.tflite", sha256 = "{digest}" }}',
        )
        project.write()
        outcome = project.run("suites/artifact")
        assert outcome.code == code, outcome.text
    assert "isn't the artifact that" in outcome.messages["test_loads[tiny-int8-litert]"]


def test_predictions_declared_and_not_compared_leave_no_other_change(project: Project) -> None:
    """Without a limit on drops the table shows none: fp32 isn't what the model is compared with."""
    project.model_toml = MODEL_TOML.replace("mean_auc_drop = 0.05", "").replace(
        "[runtimes]", '[reference]\npredictions = "original.csv"\n\n[runtimes]'
    )
    project.write()
    write_original(project, 0.0)
    outcome = project.run("suites/accuracy")
    for case in outcome.results["cases"]:
        assert case["mean_auc"] is not None
        assert case["mean_auc_drop"] is case["auc_reference"] is None


def test_a_reference_that_nothing_bounds_is_told(project: Project) -> None:
    project.model_toml = MODEL_TOML.replace("min_auc = 0.7\n", "")
    project.write()
    assert "no limit min_auc is set" in project.run("suites/accuracy").text
    project.model_toml = MODEL_TOML
    project.write()
    assert "no limit min_auc is set" not in project.run("suites/accuracy").text


@pytest.mark.long
def test_other_networks_are_no_variants(project: Project) -> None:
    """A ratio of two unrelated networks' times would say nothing."""
    project.write()
    path = project.artifacts / "tiny/int8.tflite"
    write_classifier(path, *brightness(4), int8=True)
    outcome = project.run("--benchmark", "suites/latency", "-k", "latency_ratio")
    assert outcome.code == 1
    assert "are no forms of one network" in outcome.messages["test_latency_ratio[tiny-int8-litert]"]
