"""Masks judged by real runs of pytest: each verdict, and what a run leaves."""

from __future__ import annotations

import csv
import re

import pytest

from suites.meta.project import Outcome, Project, edgeassay
from suites.meta.segmented import GRID, MODEL_TOML, TEST_PATIENTS, segment, write_blobs

INT8 = "tiny-int8-litert"


def verdicts(outcome: Outcome, variant: str) -> dict[str, str]:
    claims = outcome.results["claims"]
    return {c["claim"]: c["verdict"] for c in claims if c["case"]["variant"] == variant}


def reason(outcome: Outcome, claim: str) -> str:
    found: str = next(
        c["reason"]
        for c in outcome.results["claims"]
        if c["claim"] == claim and c["case"]["variant"] == "int8"
    )
    return found


def test_what_marks_the_same_passes_every_claim(project: Project) -> None:
    segment(project)
    folder = project.folder / "scores"
    outcome = project.run("--predictions", str(folder))
    assert outcome.code == 0, outcome.text
    found = verdicts(outcome, "int8")
    assert {claim for claim, verdict in found.items() if verdict == "pass"} == {
        "loads",
        "finite_outputs",
        "size_ratio",
        "mean_dice_drop",
        "min_dice",
        "mean_iou_drop",
        "boundary_dice_drop",
    }
    assert verdicts(outcome, "fp32")["min_dice"] == "pass"
    assert "mean AUC or Dice (change) [bounds]" in outcome.text
    assert "co-primary claims (mean_dice_drop): all hold for 1 of 1 cases" in outcome.text
    case = next(c for c in outcome.results["cases"] if c["case"]["variant"] == "int8")
    assert 0.6 < case["mean_dice"] <= 1.0
    assert case["mean_auc"] is None
    assert case["dice_reference"] == "variant fp32"
    assert case["evaluated_images"] == 2 * TEST_PATIENTS
    with (folder / f"{INT8}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * TEST_PATIENTS
    mean = sum(float(row["blob.dice"]) for row in rows) / len(rows)
    assert mean == pytest.approx(case["mean_dice"], abs=1e-5)
    # A second run takes all outputs from the first.
    again = project.run("-k", "dice")
    assert again.code == 0
    assert f"{4 * TEST_PATIENTS} predictions were made by an earlier run" in again.text


def test_what_marks_less_is_red(project: Project) -> None:
    segment(project, threshold=0.7)
    outcome = project.run("--variant", "int8", "-k", "drop")
    assert outcome.code == 1
    failed = {c for c, v in verdicts(outcome, "int8").items() if v == "fail"}
    assert failed == {"mean_dice_drop", "mean_iou_drop", "boundary_dice_drop"}
    assert "limit at most 0.05" in reason(outcome, "mean_dice_drop")
    assert f"n = {2 * TEST_PATIENTS}" in reason(outcome, "mean_dice_drop")


def test_few_patients_decide_nothing_however_good_the_masks(project: Project) -> None:
    segment(project, patients=6)
    outcome = project.run("--variant", "int8", "-k", "dice_drop")
    assert outcome.code == 1
    assert set(verdicts(outcome, "int8").values()) == {"inconclusive"}
    words = reason(outcome, "mean_dice_drop")
    assert "too few patients: 6 have a mask, and 30 are needed" in words
    assert "if the true drop were 0, about 30 patients would pass" in words
    project.model_toml = MODEL_TOML + "\n[segmentation]\nmin_patients = 4\n"
    project.write_declarations()
    assert set(verdicts(project.run("-k", "mean_dice_drop"), "int8").values()) == {"pass"}


@pytest.mark.parametrize(("rule", "images"), [("one", 64), ("skip", 60)])
def test_masks_without_a_pixel_count_as_declared(project: Project, rule: str, images: int) -> None:
    segment(project)
    write_blobs(project.data / "blobs", empty=4)
    project.model_toml = MODEL_TOML + f'\n[segmentation]\nempty = "{rule}"\nmin_patients = 20\n'
    project.write_declarations()
    outcome = project.run("--variant", "int8", "-k", "mean_dice_drop")
    assert outcome.code == 0, outcome.text
    words = reason(outcome, "mean_dice_drop")
    assert f"n = {images}" in words
    said = "marking none counts as 1" if rule == "one" else "they are left out"
    assert f"on 4 of 64 images nothing is drawn: {said}" in words


@pytest.mark.long
def test_a_saved_run_keeps_no_masks_and_says_nothing_of_scores(project: Project) -> None:
    segment(project)
    storage = project.folder / "storage"
    options = ("--variant", "int8", "--benchmark-storage", str(storage), "-k", "latency or dice")
    for name in ("first", "second"):
        outcome = project.run(*options, "--benchmark-save", name)
        assert outcome.code == 0, outcome.text
    assert not list(storage.rglob("*.npz"))
    runs = [str(next(storage.rglob(f"*{name}.json"))) for name in ("first", "second")]
    compared = edgeassay("compare", *runs, COLUMNS="200")
    assert "Traceback" not in compared.stderr
    assert re.search(r"Dice (0\.\d{4}) -> \1, not judged", compared.stdout), compared.stdout


def test_raw_outputs_are_held_beside_those_of_other_kernels(project: Project) -> None:
    segment(project)
    project.model_toml = MODEL_TOML.replace(
        "litert = {}", 'litert = {}\nbuiltin = { engine = "litert", kernels = "builtin" }'
    )
    project.model_toml += "[limits.fp32]\nparity_difference = 1e-5\n"
    project.model_toml += "[[limit]]\nclaim = 'parity_lsb'\nvariant = 'int8'\nlimit = 1\n"
    project.write_declarations()
    outcome = project.run("--runtime", "builtin", "-k", "parity")
    assert outcome.code == 0, outcome.text
    assert set(outcome.tests.values()) == {"passed"}
    words = reason(outcome, "parity_lsb")
    assert f"of {2 * TEST_PATIENTS * GRID * GRID:,} numbers differ" in words
    assert "mean Dice 0." in words
