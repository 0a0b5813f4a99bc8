"""Mistakes in tables: the CSV of a data set, and predictions from elsewhere."""

from __future__ import annotations

from suites.meta.project import PATIENTS, Project
from suites.mistakes.breaking import (
    CSV,
    MODEL,
    appended,
    changed,
    folder,
    model,
    piped,
    removed,
    together,
    written,
)
from suites.mistakes.mistake import Mistake

CHECK = ("edgeassay", "check-data", "tiny")
HEADER = "image,finding,patient,split\n"
APPENDED = 2 * PATIENTS + 2  # the line below the header and two images a patient


def one_class(project: Project) -> None:
    """Whoever is in the test split is well."""
    path = project.folder / CSV
    rows = path.read_text(encoding="utf-8").splitlines()
    calm = [row.replace("bright", "dark") if row.endswith("test") else row for row in rows]
    path.write_text("\n".join(calm) + "\n", encoding="utf-8")


def other_delimiter(project: Project) -> None:
    """The CSV as a spreadsheet saves it where the comma is for decimals."""
    path = project.folder / CSV
    path.write_text(path.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8")


def calm_calibration(project: Project) -> None:
    """Whoever is in the calibration split is well."""
    path = project.folder / CSV
    rows = path.read_text(encoding="utf-8").splitlines()
    calm = [row.replace("bright", "dark") if row.endswith("calibration") else row for row in rows]
    path.write_text("\n".join(calm) + "\n", encoding="utf-8")


def without_class(project: Project) -> None:
    """The model knows three classes, and the test split has images of two."""
    model('positive = "bright"', 'classes = ["dark", "bright", "grey"]')(project)
    path = project.folder / CSV
    rows = path.read_text(encoding="utf-8").splitlines()
    some = [r.replace("dark", "grey") if r.endswith("train") else r for r in rows]
    path.write_text("\n".join(some) + "\n", encoding="utf-8")


WEIGHTS = written("models/tiny/tiny.keras", "weights")

TABLE = (
    Mistake(
        id="csv-missing",
        broken=removed(CSV),
        code=4,
        what="doesn't exist",
        where="spots/labels.csv",
        remedy="`csv` in [data] names it",
    ),
    Mistake(
        id="csv-folder",
        broken=folder(CSV),
        code=4,
        what="can't be read as a CSV file: Is a directory",
        where="spots/labels.csv",
        remedy="mend",
    ),
    Mistake(
        id="csv-pipe",
        broken=piped(CSV),
        code=4,
        what="can't be read as a CSV file: it is a pipe, and only plain files are read",
        where="spots/labels.csv",
        remedy="write what it gives to a file",
    ),
    Mistake(
        id="model-pipe",
        broken=piped(MODEL),
        code=4,
        what="it is a pipe, and only plain files are read",
        where="models/tiny/model.toml",
        remedy="write what it gives to a file",
    ),
    Mistake(
        id="csv-empty",
        broken=written(CSV, ""),
        code=4,
        what="has no rows below its header",
        where="spots/labels.csv",
        remedy="it must list the images",
    ),
    Mistake(
        id="csv-header-alone",
        broken=written(CSV, HEADER),
        code=4,
        what="has no rows below its header",
        where="spots/labels.csv",
        remedy="it must list the images",
    ),
    Mistake(
        id="csv-not-utf8",
        broken=written(CSV, HEADER.encode() + b"images/h\xf6.png,dark,p1,test\n"),
        code=4,
        what="is no text in UTF-8",
        where="spots/labels.csv",
        remedy="save it again in UTF-8",
    ),
    Mistake(
        id="csv-delimiter",
        broken=other_delimiter,
        code=4,
        what="has no column 'image'",
        where="spots/labels.csv",
        remedy="must be separated by commas",
    ),
    Mistake(
        id="csv-missing-column",
        broken=changed(CSV, "finding", "diagnosis"),
        code=4,
        what="has no column 'finding', which `label` in [data] names",
        where="spots/labels.csv",
        remedy="its columns are image, diagnosis",
    ),
    Mistake(
        id="csv-column-twice",
        broken=changed(CSV, "finding,patient", "finding,finding,patient"),
        code=4,
        what="has 2 columns 'finding'",
        where="spots/labels.csv",
        remedy="leave one of that name",
    ),
    Mistake(
        id="csv-short-row",
        broken=appended(CSV, "images/006.png,dark\n"),
        code=4,
        what="the row hasn't as many fields as the header (2, and 4)",
        where=f"labels.csv, line {APPENDED}",
        remedy="mend the row",
    ),
    Mistake(
        id="csv-open-quote",
        broken=appended(CSV, 'images/006.png,"dark,p003,test\n'),
        code=4,
        what="can't be read as a CSV file: unexpected end of data",
        where="spots/labels.csv",
        remedy="mend it",
    ),
    Mistake(
        id="csv-image-missing",
        broken=appended(CSV, "images/999.png,dark,p003,test\n"),
        code=4,
        what="images/999.png doesn't exist",
        where=f"line {APPENDED} of",
        remedy="remove the row",
    ),
    Mistake(
        id="csv-image-twice",
        broken=appended(CSV, "images/006.png,dark,p003,test\n"),
        code=4,
        what="images/006.png is listed twice in split 'test'",
        where="(first in line 8)",
        remedy="remove one",
    ),
    Mistake(
        id="csv-empty-label",
        broken=changed(CSV, "006.png,bright", "006.png,"),
        code=4,
        what="column 'finding' is '', an empty value",
        where="labels.csv, line 8",
        remedy="write the image's label",
    ),
    Mistake(
        id="csv-patient-nan",
        broken=changed(CSV, "p003", "NaN"),
        code=4,
        what="column 'patient' is 'NaN', which names nobody",
        where="labels.csv, line 8",
        remedy="write whose image it is",
    ),
    Mistake(
        id="csv-empty-patient",
        broken=changed(CSV, "p003", " "),
        code=4,
        what="column 'patient' is empty",
        where="labels.csv, line 8",
        remedy="fill it in",
    ),
    Mistake(
        id="csv-label-in-two-cases",
        broken=changed(CSV, "006.png,bright", "006.png,Bright"),
        code=4,
        what="is 'Bright', and 'bright' in line 2: values that differ only in case or blanks",
        where="labels.csv, line 8",
        remedy="write each label in one way",
    ),
    Mistake(
        id="csv-no-such-positive",
        broken=model('"bright"', '"brighter"'),
        code=4,
        what="no row of split 'train' has finding = 'brighter'",
        where="labels.csv",
        remedy="the column holds bright, dark",
    ),
    Mistake(
        id="csv-number-is-no-label",
        broken=model('positive = "bright"\n', ""),
        code=4,
        what="must hold 0 and 1",
        where="labels.csv: column 'finding'",
        remedy="name the positive one with `positive`",
    ),
    Mistake(
        id="csv-no-such-split",
        broken=model('patient = "patient"', 'patient = "patient"\nsplits = { evaluation = "t" }'),
        code=4,
        what="no row has split = 't', the evaluation split",
        where="labels.csv",
        remedy="the column holds calibration, test, train",
    ),
    Mistake(
        id="csv-patient-in-two-splits",
        broken=changed(CSV, "p000", "p003"),
        code=4,
        what="share 1 patients (p003)",
        where="train (split 'train') and evaluation (split 'test')",
        remedy="separate the splits",
    ),
    Mistake(
        id="csv-patient-in-two-ways",
        broken=changed(CSV, "p000", "P003"),
        code=4,
        what="patients that differ only in case, blanks, '-' and '_', leading zeros or '.0':"
        " 'P003' (line 2) and 'p003' (line 8)",
        where="labels.csv: column 'patient'",
        remedy="write each patient in one way",
    ),
    Mistake(
        id="check-data-patient-in-two-ways",
        broken=changed(CSV, "p000", "p003.0"),
        command=CHECK,
        code=2,
        what="patients that differ only in case, blanks, '-' and '_', leading zeros or '.0':"
        " 'p003.0' (line 2) and 'p003' (line 8)",
        where="labels.csv: column 'patient'",
        remedy="write each patient in one way",
    ),
    Mistake(
        id="csv-one-class",
        broken=one_class,
        code=4,
        what="images of split 'test' are negative for 'bright'",
        where="labels.csv",
        remedy="evaluate on another split",
    ),
    Mistake(
        id="check-data-one-class",
        broken=one_class,
        command=CHECK,
        code=2,
        what="images of split 'test' are negative for 'bright'",
        where="labels.csv",
        remedy="evaluate on another split",
    ),
    Mistake(
        id="check-data-patient-in-two-splits",
        broken=changed(CSV, "p000", "p003"),
        command=CHECK,
        code=1,
        what="share 1 patients (p003)",
        where="train (split 'train') and evaluation (split 'test')",
        remedy="separate the splits",
    ),
    Mistake(
        id="class-without-images",
        broken=without_class,
        code=4,
        what="no image of split 'test' is of the class 'grey'",
        where="spots/labels.csv",
        remedy="add images of it",
    ),
    Mistake(
        id="build-patient-in-two-splits",
        broken=together(changed(CSV, "p000", "p003"), WEIGHTS),
        command=("edgeassay", "build", "--out", "out"),
        code=2,
        what="share 1 patients (p003)",
        where="train (split 'train') and evaluation (split 'test')",
        remedy="separate the splits",
    ),
    Mistake(
        id="build-too-few-calibration-images",
        broken=together(model("calibration_images = 8", "calibration_images = 800"), WEIGHTS),
        command=("edgeassay", "build", "--out", "out"),
        code=2,
        what="variants.int8.calibration_images = 800",
        where="labels.csv",
        remedy="ask for at most as many",
    ),
    Mistake(
        id="build-calibration-of-one-class",
        broken=together(calm_calibration, WEIGHTS),
        command=("edgeassay", "build", "--out", "out"),
        code=2,
        what="are of one class (alike in every label)",
        where="labels.csv",
        remedy="name a split with others as data.splits.calibration",
    ),
)

REFERENCE = '\n[reference]\npredictions = "original.csv"\n'
ORIGINAL = "models/tiny/original.csv"


def predictions(header: str = "image,bright", score: str = "0.5", rows: int = 320) -> str:
    """The original network's scores, every image's alike."""
    return header + "\n" + "".join(f"images/{k:03d}.png,{score}\n" for k in range(rows))


PREDICTIONS = (
    Mistake(
        id="predictions-missing",
        broken=appended(MODEL, REFERENCE),
        code=4,
        what="doesn't exist",
        where="models/tiny/original.csv",
        remedy="`predictions` under [reference] names it",
    ),
    Mistake(
        id="predictions-missing-rows",
        broken=together(appended(MODEL, REFERENCE), written(ORIGINAL, predictions(rows=50))),
        code=4,
        what="has no row for 134 of 158 evaluation images",
        where="original.csv",
        remedy="predict them all",
    ),
    Mistake(
        id="predictions-nan",
        broken=together(appended(MODEL, REFERENCE), written(ORIGINAL, predictions(score="nan"))),
        code=4,
        what="a score is no finite number",
        where="original.csv, line 2",
        remedy="mend the row",
    ),
    Mistake(
        id="predictions-text",
        broken=together(appended(MODEL, REFERENCE), written(ORIGINAL, predictions(score="high"))),
        code=4,
        what="could not convert string to float: 'high'",
        where="original.csv, line 2",
        remedy="write a number",
    ),
    Mistake(
        id="predictions-missing-class",
        broken=together(
            appended(MODEL, REFERENCE), written(ORIGINAL, predictions(header="image,light"))
        ),
        code=4,
        what="has no column 'bright'",
        where="original.csv",
        remedy="scores for each class (bright)",
    ),
    Mistake(
        id="predictions-folder",
        broken=together(appended(MODEL, REFERENCE), folder(ORIGINAL)),
        code=4,
        what="can't be read as a CSV file: Is a directory",
        where="original.csv",
        remedy="mend",
    ),
)

MISTAKES = (*TABLE, *PREDICTIONS)
