"""What must not be green, found by other means than the project's own.

Each function is given the folder, the file that was damaged, and what was in it before; it says why
exit code 0 is wrong, or nothing. An error of any kind says so too: what can't be read isn't right.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from PIL import Image, ImageFile
from sklearn.metrics import roc_auc_score

from edgeassay.spec import TRAITS, ClaimName, Sense

Oracle: TypeAlias = Callable[[Path, Path, bytes], str | None]

MARGIN: Final = 0.05
BUDGET_MS: Final = 40.0
# A bound may lie this much on the other side of the value.
ROUNDING: Final = 1e-6
CLASSES: Final = ("Mass", "Edema")


def never(folder: Path, path: Path, before: bytes) -> str | None:
    """Content that a digest covers: whatever differs must be refused."""
    return None if path.read_bytes() == before else "other bytes than the digest is of"


def anything(folder: Path, path: Path, before: bytes) -> str | None:
    """Content that is right as long as it can be read."""
    return None


def document(folder: Path, path: Path, before: bytes) -> str | None:
    """A file of JSON that must be readable as such."""
    _json(path)
    return None


def text(folder: Path, path: Path, before: bytes) -> str | None:
    """A file of text that must be UTF-8."""
    path.read_text(encoding="utf-8-sig")
    return None


def labels(folder: Path, path: Path, before: bytes) -> str | None:
    """The table of a data set: each row is as wide as the header, names an image that is there,
    and says something of it.
    """
    header, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    for number, row in enumerate(rows, start=2):
        if row and len(row) != len(header):
            return f"row {number} has {len(row)} fields"
        found = dict(zip(header, row, strict=False))
        if row and not (path.parent / found["image"]).is_file():
            return f"row {number} names {found['image']}"
        if row and not all(found[name].strip() for name in ("finding", "patient", "split")):
            return f"row {number} says nothing in a column"
    return None


def picture(folder: Path, path: Path, before: bytes) -> str | None:
    """A picture that a strict reader must be able to read as a whole."""
    lenient, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        with Image.open(path) as image:
            image.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient
    return None


def arrays(folder: Path, path: Path, before: bytes) -> str | None:
    """An archive all of whose needed arrays can be read, with right checksums."""
    with np.load(io.BytesIO(before)) as whole, np.load(path, allow_pickle=False) as found:
        for name in whole.files:
            if found[name].shape[1:] != whole[name].shape[1:]:
                return f"{name} has another shape"
    return None


def judged(folder: Path, path: Path, before: bytes) -> str | None:
    """Predictions: the drop of the mean AUC, by scikit-learn, is within the margin."""
    labels, reference, candidate = (
        _table(folder / f"{name}.csv") for name in ("labels", "reference", "candidate")
    )
    if not labels.keys() == reference.keys() == candidate.keys():
        return "the tables are of different images"
    drops = []
    for place in range(len(CLASSES)):
        truth = [labels[image][place] for image in labels]
        if set(truth) != {0.0, 1.0}:
            return f"{CLASSES[place]} has the labels {sorted(set(truth))[:4]}"
        first, second = (
            roc_auc_score(truth, [scores[image][place] for image in labels])
            for scores in (reference, candidate)
        )
        drops.append(first - second)
    drop = float(np.mean(drops))
    return None if drop <= MARGIN + ROUNDING else f"the mean AUC drops by {drop:.4f}"


def _table(path: Path) -> dict[str, list[float]]:
    """The numbers of each image; ValueError if a row isn't as its header says."""
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    places = [rows[0].index(name) for name in ("image", *CLASSES)]
    found: dict[str, list[float]] = {}
    for row in rows[1:]:
        if not row:
            continue
        if len(row) != len(rows[0]):
            raise ValueError(f"a row of {len(row)} fields")
        image, *numbers = (row[place] for place in places)
        found[image.strip()] = [float(number) for number in numbers]
        if not all(map(math.isfinite, found[image.strip()])):
            raise ValueError("no finite number")
    return found


def durations(folder: Path, path: Path, before: bytes) -> str | None:
    """Durations: none is no duration, and fewer than 5 % are beyond the budget."""
    found = _json(path)
    if not isinstance(found, list) or not all(_is_number(one) and one > 0 for one in found):
        return "no list of durations"
    beyond = sum(one > BUDGET_MS for one in found)
    return None if beyond <= 0.05 * len(found) else f"{beyond} of {len(found)} are too long"


def results(folder: Path, path: Path, before: bytes) -> str | None:
    """Results of a leg of a gate: every claim that was there before is there, measured, and holds,
    and what it is about hasn't changed.
    """
    found, whole = _json(path), json.loads(before)
    for key in ("commit", "dirty", "complete"):
        if found.get(key) != whole[key]:
            return f"{key} is {found.get(key)!r}"
    claims = {_key(one): one for one in found["claims"]}
    for one in whole["claims"]:
        if _key(one) not in claims:
            return f"the claim {_key(one)} isn't there"
    return next(_failing(claims.values()), None)


def _key(claim: Mapping[str, Any]) -> tuple[object, ...]:
    return (claim["claim"], *sorted(claim["case"].items()), claim["class"])


def _failing(claims: Any) -> Iterator[str]:
    """What of claims isn't so, though they are said to hold."""
    for one in claims:
        name, measured, limit = one["claim"], one["measurement"], one["limit"]
        if one["verdict"] != "pass":
            yield f"{name} is {one['verdict']}"
            continue
        at_most = TRAITS[ClaimName(name)].sense is Sense.AT_MOST
        bound = measured["high" if at_most else "low"]
        value = measured["value"] if bound is None else bound
        beyond = value - limit["value"] if at_most else limit["value"] - value
        if not beyond <= ROUNDING:
            yield f"{name} is {value}, and its limit {limit['value']}"


def saved(folder: Path, path: Path, before: bytes) -> str | None:
    """Two saved runs of equal builds: each benchmark is in both by its name, its case or its
    artifact, and none takes half as long again.
    """
    base, head = (_json(folder / name) for name in ("base.json", "head.json"))
    for row in base["benchmarks"]:
        alike = [other for other in head["benchmarks"] if _names(other) & _names(row)]
        if not alike:
            return f"{row['fullname']} is missing"
        before_ms, after_ms = _median(row), min(map(_median, alike))
        if not after_ms <= 1.5 * before_ms:
            return f"{row['fullname']} took {before_ms:g}, and takes {after_ms:g}"
    return None


def _names(row: Mapping[str, Any]) -> set[str]:
    """What a benchmark may be matched by."""
    extra = row["extra_info"]
    case = json.dumps([extra.get(key) for key in ("model", "variant", "runtime", "device")])
    return {row["fullname"], case, str(extra.get("artifact_sha256"))}


def _median(row: Mapping[str, Any]) -> float:
    rows = row["extra_info"]["durations_ns"]
    return float(np.median([np.median(np.asarray(one, float)) for one in rows]))


def _json(path: Path) -> Any:
    """What JSON says, in which NaN is no number."""
    return json.loads(path.read_bytes(), parse_constant=_refuse)


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
