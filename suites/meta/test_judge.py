"""`edgeassay judge` on predictions: verdicts, exit codes, the JSON, and what counts as the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from edgeassay.errors import ConfigError, DataError
from suites.meta.judge_files import SHARES, Files, judge, same

PASS, FAIL, INCONCLUSIVE = 0, 1, 3
NUMBERS = ("reference", "candidate", "drop", "lower", "upper")


def numbers(drop: dict[str, Any]) -> list[float | None]:
    return [drop[key] for key in NUMBERS]


def test_the_json_holds_what_scikit_learn_finds(files: Files) -> None:
    end = files.judge()
    aucs = []
    for name in SHARES:
        found = end.json["classes"][name]
        wanted = [
            roc_auc_score(files.labels[name], scores[name])
            for scores in (files.reference, files.candidate)
        ]
        assert found["reference"] == pytest.approx(wanted[0], abs=1e-12)
        assert found["candidate"] == pytest.approx(wanted[1], abs=1e-12)
        assert found["drop"] == pytest.approx(wanted[0] - wanted[1], abs=1e-12)
        assert found["positives"] == sum(files.labels[name])
        assert found["negatives"] == 600 - sum(files.labels[name])
        assert found["lower"] < found["drop"] < found["upper"]
        aucs.append(wanted)
    mean, wanted = end.json["mean_auc"], np.mean(aucs, axis=0)
    assert [mean["reference"], mean["candidate"]] == pytest.approx(wanted, abs=1e-12)
    assert mean["drop"] == pytest.approx(wanted[0] - wanted[1], abs=1e-12)
    assert end.json["images"] == end.json["patients"] == 600
    assert (end.json["schema"], end.json["margin"], end.json["confidence"]) == (1, 0.01, 0.95)


def test_a_candidate_near_the_reference_passes(files: Files) -> None:
    end = files.judge()
    assert (end.code, end.json["verdict"]) == (PASS, "pass")
    assert end.json["mean_auc"]["upper"] < 0.01
    assert {found["verdict"] for found in end.json["classes"].values()} == {"pass"}


def test_a_candidate_with_a_large_drop_fails(tmp_path: Path) -> None:
    end = Files.of(tmp_path, noise=2.0).judge()
    assert (end.code, end.json["verdict"]) == (FAIL, "fail")
    assert end.json["mean_auc"]["lower"] > 0.01
    assert {found["verdict"] for found in end.json["classes"].values()} == {"fail"}


def test_what_the_data_cant_tell_is_inconclusive_with_a_plan(tmp_path: Path) -> None:
    end = Files.of(tmp_path, images=150, noise=0.5).judge()
    assert (end.code, end.json["verdict"]) == (INCONCLUSIVE, "inconclusive")
    mean = end.json["mean_auc"]
    assert mean["lower"] <= 0.01 < mean["upper"]
    assert "images, with" in end.json["reason"]
    assert "no licence to add data until it passes" in end.json["reason"]


def test_the_margin_is_what_decides(tmp_path: Path) -> None:
    files = Files.of(tmp_path, noise=0.5)
    upper, lower = (files.judge().json["mean_auc"][key] for key in ("upper", "lower"))
    assert 0 < lower < upper
    assert files.judge(f"--margin={upper + 1e-6}").code == PASS
    assert files.judge(f"--margin={upper - 1e-6}").code == INCONCLUSIVE
    assert files.judge(f"--margin={lower + 1e-6}").code == INCONCLUSIVE
    assert files.judge(f"--margin={lower - 1e-6}").code == FAIL


def test_more_confidence_is_wider_bounds(tmp_path: Path) -> None:
    files = Files.of(tmp_path, noise=0.5)
    usual, sure = (files.judge(f"--confidence={c}").json["mean_auc"] for c in (0.95, 0.999))
    assert sure["lower"] < usual["lower"] < usual["upper"] < sure["upper"]
    assert sure["drop"] == usual["drop"]


@pytest.mark.parametrize(
    ("margin", "code"), [("0", INCONCLUSIVE), ("0.01", INCONCLUSIVE), ("0.05", PASS)]
)
def test_an_identical_candidate_passes_what_the_patients_exclude(
    files: Files, margin: str, code: int
) -> None:
    files.candidate = {**files.reference}
    end = files.judge(f"--margin={margin}")
    assert end.code == code
    for drop in (end.json["mean_auc"], *end.json["classes"].values()):
        assert drop["drop"] == 0
        assert 0.005 < drop["upper"] == -drop["lower"] < 0.05
        assert (drop["bootstrap"]["lower"], drop["bootstrap"]["upper"]) == (0, 0)


def test_one_tie_more_is_no_identical_candidate(files: Files) -> None:
    scores = np.array(files.reference["Mass"])
    order = np.argsort(scores)
    scores[order[300]] = scores[order[301]]
    files.candidate = {**files.reference, "Mass": scores}
    end = files.judge("--margin=0.05")
    assert end.code == PASS
    found = end.json["classes"]["Mass"]
    assert found["lower"] < found["drop"] < found["upper"]
    assert found["drop"] != 0
    assert end.json["classes"]["Edema"]["drop"] == 0


def test_swapped_columns_fail(files: Files) -> None:
    mass, edema = (files.candidate[name] for name in ("Mass", "Edema"))
    files.candidate |= {"Mass": edema, "Edema": mass}
    end = files.judge()
    assert end.code == FAIL
    assert {found["verdict"] for found in end.json["classes"].values()} == {"fail"}


def test_patients_are_the_unit_where_they_are_named(files: Files) -> None:
    by_image = files.judge()
    assert "the labels name no patients" in by_image.text
    files.labels["patient"] = [f"p{k // 6}" for k in range(600)]
    by_patient = files.judge()
    assert by_patient.json["patients"] == 100
    assert by_patient.json["mean_auc"]["drop"] == by_image.json["mean_auc"]["drop"]
    assert (
        by_patient.json["mean_auc"]["standard_error"]
        != (by_image.json["mean_auc"]["standard_error"])
    )
    # A blank beside a name makes no other patient of it, and predictions may name them too.
    files.labels["patient"] = [f"p{k // 6}{' ' * (k % 2)}" for k in range(600)]
    files.reference = {**files.reference, "patient": files.labels["patient"]}
    assert same(files.judge(), by_patient)


def test_one_patient_of_100_images_widens_the_bounds(files: Files) -> None:
    by_image = files.judge().json["mean_auc"]
    # The candidate errs alike on all images of one patient.
    files.candidate["Mass"] = [s - 3.0 * (k < 100) for k, s in enumerate(files.candidate["Mass"])]
    worse = files.judge().json["mean_auc"]
    files.labels["patient"] = [f"p{max(k, 99)}" for k in range(600)]
    by_patient = files.judge().json["mean_auc"]
    assert by_patient["drop"] == worse["drop"] > by_image["drop"]
    assert by_patient["upper"] - by_patient["lower"] > 1.5 * (worse["upper"] - worse["lower"])


def test_a_file_of_one_patient_is_inconclusive(files: Files) -> None:
    files.labels["patient"] = ["p"] * 600
    end = files.judge()
    assert end.code == INCONCLUSIVE
    assert (end.json["mean_auc"]["lower"], end.json["mean_auc"]["upper"]) == (-1, 1)
    assert "1 positive and 1 negative patients" in end.json["reason"]


@pytest.mark.parametrize("value", [0, 1])
def test_a_one_class_column_has_nulls_and_is_left_out_and_named(files: Files, value: int) -> None:
    plain = files.judge()
    for columns in (files.labels, files.reference, files.candidate):
        columns["Hernia"] = columns["Mass"]
    files.labels["Hernia"] = [value] * 600
    end = files.judge()
    found = end.json["classes"]["Hernia"]
    assert numbers(found) == [None] * 5
    assert (found["positives"], found["negatives"]) == (600 * value, 600 * (1 - value))
    assert end.json["left_out"] == ["Hernia"]
    assert "left out of the mean: Hernia" in end.text
    assert end.json["mean_auc"] == plain.json["mean_auc"]
    assert end.code == plain.code


def test_one_class_columns_alone_are_inconclusive(files: Files) -> None:
    files.labels |= {name: [0] * 600 for name in SHARES}
    end = files.judge()
    assert end.code == INCONCLUSIVE
    assert numbers(end.json["mean_auc"]) == [None] * 5


@pytest.mark.parametrize(("positives", "verdict"), [(19, "inconclusive"), (42, "pass")])
def test_42_positives_decide_and_19_do_not(tmp_path: Path, positives: int, verdict: str) -> None:
    files = Files.of(tmp_path, images=2000, noise=0.03)
    first, second = (np.array(columns["Mass"]) for columns in (files.reference, files.candidate))
    order = np.argsort(-first)[: 4 * positives : 4]  # most of the highest, not all
    files.reference["Edema"], files.candidate["Edema"] = first, second
    files.labels["Edema"] = np.isin(np.arange(2000), order).astype(int)
    end = files.judge()
    found = end.json["classes"]["Edema"]
    assert (found["positives"], found["verdict"]) == (positives, verdict)
    assert end.json["verdict"] == verdict
    few = "Edema has 19 positive and 1981 negative patients"
    assert (few in end.json["reason"]) == (verdict == "inconclusive")


def test_a_label_column_is_one_class_against_the_rest(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 400)
    image = [f"{k}" for k in range(400)]
    first = rng.normal(size=(400, 3)) + 1.5 * np.eye(3)[truth]
    second = first + 0.02 * rng.normal(size=(400, 3))
    names = ["benign", "malignant", "normal"]
    files = Files(folder=tmp_path)
    files.labels = {"image": image, "label": [names[t] for t in truth], "sex": truth % 2}
    files.reference = {"image": image, **dict(zip(names, first.T, strict=True))}
    files.candidate = {"image": image, **dict(zip(names, second.T, strict=True))}
    end = files.judge()
    macro = [roc_auc_score(np.eye(3)[truth], s, average="macro") for s in (first, second)]
    assert end.json["mean_auc"]["reference"] == pytest.approx(macro[0], abs=1e-12)
    assert end.json["mean_auc"]["candidate"] == pytest.approx(macro[1], abs=1e-12)
    assert end.json["classes"]["normal"]["positives"] == (truth == 2).sum()
    assert "not used: sex of the labels" in end.text


def test_a_failure_of_one_among_many_classes_waits_for_holm(tmp_path: Path) -> None:
    """Each class alone would fail at 5 %; of twenty such, none is declared."""
    rng = np.random.default_rng(6)
    files, scores = Files.of(tmp_path, images=400), rng.normal(size=400)
    truth = np.asarray(files.labels["Mass"])
    scores = scores + 1.5 * truth
    for columns, values in (
        (files.labels, truth),
        (files.reference, scores),
        (files.candidate, scores + 0.62 * rng.normal(size=400)),
    ):
        columns.clear()
        columns["image"] = [f"{k}" for k in range(400)]
        columns.update({f"c{k:02d}": values for k in range(20)})
    lower = files.judge("--margin=0").json["classes"]["c00"]["lower"]
    end = files.judge(f"--margin={max(lower - 0.001, 0.0)}")
    assert lower > 0.001
    assert end.json["verdict"] == "fail"
    found = end.json["classes"]["c07"]
    assert found["verdict"] == "inconclusive"
    assert "not among 20 classes" in found["reason"]


def test_the_verdict_is_never_written_over_an_input(files: Files) -> None:
    files.judge()
    before = (files.folder / "labels.csv").read_bytes()
    words = [f"--{name}={files.folder / name}.csv" for name in ("labels", "reference", "candidate")]
    with pytest.raises(ConfigError, match="is one of the inputs"):
        judge(files.folder, *words, json_name="labels.csv")
    assert (files.folder / "labels.csv").read_bytes() == before


def test_the_same_files_give_the_same_json(files: Files) -> None:
    assert files.judge().json == files.judge().json
    assert (
        files.judge("--seed=1").json["mean_auc"]["bootstrap"]
        != (files.judge("--seed=2").json["mean_auc"]["bootstrap"])
    )


def test_the_inputs_are_named_with_their_digests(files: Files) -> None:
    inputs = files.judge().json["inputs"]
    assert list(inputs) == ["labels", "reference", "candidate"]
    assert all(len(found["sha256"]) == 64 for found in inputs.values())


def test_odd_scores_are_told_beside_the_verdict(files: Files) -> None:
    """Ranks are all that an AUC sees: a forgotten dequantization keeps them."""
    assert "same scale" not in files.judge().text
    files.candidate["Mass"] = 0.4 * files.candidate["Mass"]
    files.candidate["Edema"] = -files.candidate["Edema"]
    end = files.judge()
    assert end.text.count("on the same scale?") == 1
    files.candidate = dict(files.reference)
    assert "the same scores: is the right file given?" in files.judge().text


def test_one_column_of_scores_is_of_the_class_that_it_names(files: Files) -> None:
    truth = files.labels.pop("Mass")
    del files.labels["Edema"], files.reference["Edema"], files.candidate["Edema"]
    files.labels["Mass"] = truth
    binary = files.judge()
    del files.labels["Mass"]
    files.labels["label"] = ["Mass" if y else "healthy" for y in truth]
    assert same(files.judge(), binary)


@pytest.mark.parametrize("name", ["Patient", "patient_id", "PatientID", "Subject", "SUBJECT-ID"])
def test_a_column_that_names_patients_is_used_whatever_it_is_called(
    files: Files, name: str
) -> None:
    files.labels["patient"] = [f"p{k // 4}" for k in range(600)]
    plain = files.judge()
    files.labels[name] = files.labels.pop("patient")
    end = files.judge()
    assert same(end, plain)
    assert end.json["patients"] == 150
    assert f"600 images of 150 patients, as the labels' column {name!r} names them" in end.text
    files.reference["patient_id"] = files.labels[name]
    assert same(files.judge(), plain)


def test_several_columns_that_could_name_patients_are_refused(files: Files) -> None:
    files.labels |= {"patient": range(600), "Subject ID": range(600)}
    with pytest.raises(DataError, match="the columns 'patient', 'Subject ID', and each could say"):
        files.judge()


def test_a_column_that_may_name_patients_is_refused_and_what_is_known_of_them_is_not(
    files: Files,
) -> None:
    files.labels["patient_pseudo"] = [f"x{k}" for k in range(600)]
    with pytest.raises(DataError, match="'patient_pseudo', and it isn't clear"):
        files.judge()
    files.labels["Patient Age"] = [f"0{k % 90}Y" for k in range(600)]
    files.labels["patient"] = [f"p{k // 4}" for k in range(600)]
    assert "not used: patient_pseudo, Patient Age of the labels" in files.judge().text


@pytest.mark.parametrize(
    ("name", "images"),
    [
        ("case_no", 33),
        ("case", 4),
        ("study", 4),
        ("StudyInstanceUID", 4),
        ("anon_id", 33),
        ("group", 33),
        ("ID", 4),
        ("accession number", 4),
        ("whatever", 4),
    ],
)
def test_a_column_that_groups_images_is_never_only_remarked(
    files: Files, name: str, images: int
) -> None:
    files.labels[name] = [f"c{k // images}" for k in range(600)]
    with pytest.raises(DataError, match=f"images share values of column '{name}', and it isn't"):
        files.judge()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sex", lambda k: "FM"[k % 2]),
        ("site", lambda k: f"site {k % 9}"),
        ("age", lambda k: str(k % 90)),
        ("thickness", lambda k: f"{(k // 3) * 0.25:.2f}"),
        ("case", lambda k: f"c{k}"),
        ("comment", lambda _: ""),
    ],
)
def test_a_column_that_groups_nobody_is_remarked(
    files: Files, name: str, value: Callable[[int], str]
) -> None:
    files.labels[name] = [value(k) for k in range(600)]
    assert f"not used: {name} of the labels" in files.judge().text


@pytest.mark.parametrize("form", ["P{}", "0p{}", "p{}.0", "p {}"])
def test_patients_who_are_written_in_two_ways_are_refused_by_name(files: Files, form: str) -> None:
    files.labels["patient"] = [(form if k % 2 else "p{}").format(k // 2) for k in range(600)]
    first = re.escape(f"'p0' (line 2) and {form.format(0)!r} (line 3)")
    with pytest.raises(DataError, match=rf"{first}, .*, .* and 297 more; write each patient"):
        files.judge()


def test_numbers_of_patients_are_told_apart(files: Files) -> None:
    files.labels["patient"] = [k // 4 for k in range(600)]
    assert files.judge().json["patients"] == 150


def single(files: Files, label: list[str]) -> None:
    """One column of scores, and text labels."""
    for columns in (files.reference, files.candidate):
        del columns["Edema"]
    files.labels = {"image": files.labels["image"], "label": label}


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ("MASS", r"line 3: column 'label' is 'MASS', and 'Mass' in line \d+: values that differ"),
        (" Mass", "line 3: column 'label' is ' Mass'"),
        ("", "line 3: column 'label' is '', an empty value"),
        ("n/a", "line 3: column 'label' is 'n/a', an empty value"),
        ("?", r"line 3: column 'label' is '\?', which is no label"),
        ("unknown", "line 3: column 'label' is 'unknown', which is no label"),
        ("Edema", r"line \d+: column 'label' has '\w+', and the column holds 3 different texts"),
    ],
)
def test_a_text_that_could_be_read_in_two_ways_is_no_negative(
    files: Files, odd: str, words: str
) -> None:
    texts = ["Mass" if y else "healthy" for y in files.labels["Mass"]]
    at = texts.index("Mass")
    texts[0], texts[1], texts[at] = "Mass", odd, texts[0]
    single(files, texts)
    with pytest.raises(DataError, match=words):
        files.judge()


def test_labels_of_another_class_are_refused(files: Files) -> None:
    single(files, ["tumour" if y else "healthy" for y in files.labels["Mass"]])
    with pytest.raises(DataError, match="and no row has 'Mass', the class that is predicted"):
        files.judge()


def test_labels_that_stand_in_two_columns_are_refused(files: Files) -> None:
    files.labels["label"] = ["Mass" if y else "Edema" for y in files.labels["Mass"]]
    with pytest.raises(DataError, match="both say which images are 'Mass'; leave one"):
        files.judge()


def test_one_patient_with_most_images_is_no_evidence(files: Files) -> None:
    files.labels["patient"] = [f"p{max(0, k - 450)}" for k in range(600)]
    end = files.judge()
    assert end.code == INCONCLUSIVE
    assert "who are worth " in end.json["reason"]
