"""Mistakes in the predictions and labels that `edgeassay judge` is given."""

from __future__ import annotations

from suites.mistakes.breaking import Break, folder, large, piped, removed, together, written
from suites.mistakes.mistake import Mistake

LABELS, REFERENCE, CANDIDATE = "labels.csv", "ref.csv", "cand.csv"
FILES = ("--labels", LABELS, "--reference", REFERENCE, "--candidate", CANDIDATE)
OUT = ("--json", "results.json")
JUDGE = ("edgeassay", "judge", *FILES, *OUT)
TIMES = "times.json"
LATENCY = ("edgeassay", "judge", "--latency", TIMES, *OUT)


def table(*classes: str, cells: tuple[str, str] = ("0.25", "0.75"), rows: int = 60) -> str:
    """A row an image, whose cells take turns."""
    lines = [",".join((f"{k:03d}.png", *[cells[k % 2]] * len(classes))) for k in range(rows)]
    return "\n".join((",".join(("image", *classes)), *lines)) + "\n"


SCORES = table("Mass", "Edema")
TRUTH = table("Mass", "Edema", cells=("0", "1"))
WELL = together(written(LABELS, TRUTH), written(REFERENCE, SCORES), written(CANDIDATE, SCORES))


def with_file(name: str, content: str | bytes) -> Break:
    """All files are well but this one."""
    return together(WELL, written(name, content))


def edited(name: str, old: str, new: str) -> Break:
    """All files are well but for one place."""
    text = TRUTH if name == LABELS else SCORES
    assert old in text, old
    return with_file(name, text.replace(old, new, 1))


FILE_MISTAKES = (
    Mistake(
        id="judge-missing-file",
        broken=together(WELL, removed(CANDIDATE)),
        command=JUDGE,
        code=2,
        what="doesn't exist",
        where="cand.csv",
        remedy="give the file's path",
    ),
    Mistake(
        id="judge-folder",
        broken=together(WELL, folder(REFERENCE)),
        command=JUDGE,
        code=2,
        what="can't be read as a CSV file: Is a directory",
        where="ref.csv",
        remedy="mend the file",
    ),
    Mistake(
        id="judge-pipe",
        broken=together(WELL, piped(CANDIDATE)),
        command=JUDGE,
        code=2,
        what="it is a pipe, and only plain files are read",
        where="cand.csv",
        remedy="write what it gives to a file, and give that",
    ),
    Mistake(
        id="judge-device",
        broken=WELL,
        command=(*JUDGE[:2], "--labels", "/dev/zero", *JUDGE[4:]),
        code=2,
        what="it is a device, and only plain files are read",
        where="/dev/zero",
        remedy="write what it gives to a file, and give that",
    ),
    Mistake(
        id="judge-pipe-of-durations",
        broken=piped(TIMES),
        command=(*LATENCY, "--budget", "40ms"),
        code=2,
        what="it is a pipe, and only plain files are read",
        where="times.json",
        remedy="write what it gives to a file, and give that",
    ),
    Mistake(
        id="judge-durations-without-end",
        broken=large(TIMES, 60_000_000),
        command=(*LATENCY, "--budget", "40ms"),
        code=2,
        what="it has 60,000,000 bytes, and at most 4,000,000 are read",
        where="times.json",
        remedy="give a file of JSON",
    ),
    Mistake(
        id="judge-empty-file",
        broken=with_file(LABELS, ""),
        command=JUDGE,
        code=2,
        what="is empty",
        where="labels.csv",
        remedy="it must have a header and a row an image",
    ),
    Mistake(
        id="judge-header-alone",
        broken=with_file(CANDIDATE, "image,Mass,Edema\n"),
        command=JUDGE,
        code=2,
        what="has no rows below its header",
        where="cand.csv",
        remedy="it must list the images",
    ),
    Mistake(
        id="judge-not-utf8",
        broken=with_file(REFERENCE, SCORES.encode() + b"h\xf6.png,0.5,0.5\n"),
        command=JUDGE,
        code=2,
        what="is no text in UTF-8",
        where="ref.csv",
        remedy="save it again in UTF-8",
    ),
    Mistake(
        id="judge-ragged-row",
        broken=edited(CANDIDATE, "007.png,0.75,0.75", "007.png,0.75"),
        command=JUDGE,
        code=2,
        what="the row hasn't as many fields as the header (2, and 3)",
        where="cand.csv, line 9",
        remedy="mend the row",
    ),
    Mistake(
        id="judge-semicolons",
        broken=with_file(CANDIDATE, SCORES.replace(",", ";")),
        command=JUDGE,
        code=2,
        what="has no column 'image'",
        where="cand.csv",
        remedy="its columns are image;Mass;Edema",
    ),
)

IMAGE_MISTAKES = (
    Mistake(
        id="judge-no-image-column",
        broken=edited(LABELS, "image", "file"),
        command=JUDGE,
        code=2,
        what="has no column 'image'",
        where="labels.csv",
        remedy="its columns are file, Mass, Edema",
    ),
    Mistake(
        id="judge-images-twice",
        broken=edited(CANDIDATE, "007.png", "006.png"),
        command=JUDGE,
        code=2,
        what="lists images twice: 006.png (lines 8 and 9)",
        where="cand.csv",
        remedy="leave one row of each",
    ),
    Mistake(
        id="judge-missing-images",
        broken=with_file(CANDIDATE, table("Mass", "Edema", rows=40)),
        command=JUDGE,
        code=2,
        what="lacks images that labels.csv lists: 040.png, 041.png, 042.png and 17 more",
        where="cand.csv",
        remedy="must be of the same images",
    ),
    Mistake(
        id="judge-extra-images",
        broken=with_file(REFERENCE, table("Mass", "Edema", rows=62)),
        command=JUDGE,
        code=2,
        what="has images that labels.csv doesn't list: 060.png, 061.png",
        where="ref.csv",
        remedy="must be of the same images",
    ),
    Mistake(
        id="judge-empty-image",
        broken=edited(LABELS, "007.png", " "),
        command=JUDGE,
        code=2,
        what="column 'image' is empty",
        where="labels.csv, line 9",
        remedy="fill it in",
    ),
    Mistake(
        id="judge-empty-patient",
        broken=with_file(
            LABELS,
            table("Mass", "Edema", "patient", cells=("0", "1")).replace(",1,1,1", ",1,1, ", 1),
        ),
        command=JUDGE,
        code=2,
        what="column 'patient' is empty",
        where="labels.csv, line 3",
        remedy="fill it in",
    ),
    Mistake(
        id="judge-patients-elsewhere",
        broken=with_file(REFERENCE, table("Mass", "Edema", "patient")),
        command=JUDGE,
        code=2,
        what="has a column 'patient', and labels.csv has none",
        where="ref.csv",
        remedy="add it there",
    ),
)


def score(cell: str, shown: str) -> Mistake:
    """A score that is no finite number."""
    return Mistake(
        id=f"judge-score-{cell.strip() or 'blank'}",
        broken=edited(CANDIDATE, "007.png,0.75,", f"007.png,{cell},"),
        command=JUDGE,
        code=2,
        what=f"column 'Mass' must hold finite numbers, and has {shown} in line 9",
        where="cand.csv",
        remedy="mend the rows",
    )


VALUE_MISTAKES = (
    score("nan", "'nan'"),
    score("-inf", "'-inf'"),
    score("high", "'high'"),
    score("", "''"),
    score("1_0", "'1_0'"),
    Mistake(
        id="judge-scores-nan-everywhere",
        broken=with_file(REFERENCE, table("Mass", "Edema", cells=("nan", "nan"))),
        command=JUDGE,
        code=2,
        what="has 'nan' in line 2, 'nan' in line 3, 'nan' in line 4 and 57 more",
        where="ref.csv: column 'Mass'",
        remedy="find out why the model gives none",
    ),
    Mistake(
        id="judge-label-2",
        broken=edited(LABELS, "007.png,1,1", "007.png,2,1"),
        command=JUDGE,
        code=2,
        what="column 'Mass' must hold 0 and 1, and has '2' in line 9",
        where="labels.csv",
        remedy="must hold 0 and 1",
    ),
    Mistake(
        id="judge-label-blank",
        broken=edited(LABELS, "007.png,1,1", "007.png,,1"),
        command=JUDGE,
        code=2,
        what="column 'Mass' must hold 0 and 1, and has '' in line 9",
        where="labels.csv",
        remedy="must hold 0 and 1",
    ),
    Mistake(
        id="judge-label-unknown",
        broken=with_file(LABELS, table("label", cells=("Mass", "Oedema"))),
        command=JUDGE,
        code=2,
        what="column 'label' has 'Oedema' in line 3",
        where="labels.csv",
        remedy="the predictions' columns are Mass, Edema; each class needs a column of its name",
    ),
)

COLUMN_MISTAKES = (
    Mistake(
        id="judge-column-misspelt",
        broken=edited(CANDIDATE, "Edema", "Edemas"),
        command=JUDGE,
        code=2,
        what="has a column 'Edemas', and ref.csv has none",
        where="cand.csv",
        remedy="did you mean 'Edema'?",
    ),
    Mistake(
        id="judge-column-misspelt-in-labels",
        broken=edited(LABELS, "Edema", "edema"),
        command=JUDGE,
        code=2,
        what="has a column 'Edema', and labels.csv has no such column of labels",
        where="ref.csv",
        remedy="did you mean 'edema'?",
    ),
    Mistake(
        id="judge-column-missing",
        broken=with_file(CANDIDATE, table("Mass")),
        command=JUDGE,
        code=2,
        what="has no column 'Edema'",
        where="cand.csv",
        remedy="its columns are image, Mass",
    ),
    Mistake(
        id="judge-column-not-predicted",
        broken=with_file(LABELS, table("Mass", "Edema", "Hernia", cells=("0", "1"))),
        command=JUDGE,
        code=2,
        what="has labels in column 'Hernia', and ref.csv has no column of that name",
        where="labels.csv",
        remedy="predict it too, or remove the column",
    ),
    Mistake(
        id="judge-column-twice",
        broken=with_file(REFERENCE, table("Mass", "Edema", "Mass")),
        command=JUDGE,
        code=2,
        what="has several columns 'Mass'",
        where="ref.csv",
        remedy="leave one of that name",
    ),
    Mistake(
        id="judge-column-without-a-name",
        broken=with_file(REFERENCE, table("Mass", "Edema", "")),
        command=JUDGE,
        code=2,
        what="has a column without a name",
        where="ref.csv",
        remedy="remove it",
    ),
    Mistake(
        id="judge-no-scores",
        broken=with_file(REFERENCE, table()),
        command=JUDGE,
        code=2,
        what="has no column of scores",
        where="ref.csv",
        remedy="named as the column of labels in labels.csv",
    ),
)

MISTAKES = (*FILE_MISTAKES, *IMAGE_MISTAKES, *VALUE_MISTAKES, *COLUMN_MISTAKES)
