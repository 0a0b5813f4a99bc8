"""Which patients are in which split, as keyed digests, and that evaluation shares none with others.

Whoever has the bundle can compare the lists and learns no patient's name; whoever has the project's
key and the data can make them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import BaseModel

from edgeassay.datasets import Dataset, Split, open_dataset
from edgeassay.datasets.pictures import with_pictures
from edgeassay.errors import ConfigError, DataError, EdgeassayError
from edgeassay.privacy import Redactor
from edgeassay.progress import silent
from edgeassay.runs.scores import SavedScores
from edgeassay.spec import Decoding, ModelSpec, Role

EVALUATION: Final = Role.EVALUATION.value


class SplitRecord(BaseModel):
    """A split: images, and the digests of its patients, sorted; null where the data names none."""

    split: str
    images: int
    patients: list[str] | None


class Shared(BaseModel):
    """How many patients evaluation has in common with another split; null where nobody can tell."""

    beside: str
    patients: int | None


class DataRecord(BaseModel):
    """A model's data. `data_sha256` is of the evaluation split as it is here: truth, patients,
    names and classes; `same_as_judged` whether runs judged just that, null where they took a sample
    or kept no scores. `absent` says why the data wasn't looked at.
    """

    model: str
    source: str | None = None
    classes: list[str] = []
    splits: dict[str, SplitRecord] = {}
    shared: list[Shared] = []
    separate: bool | None = None
    statement: str
    data_sha256: str | None = None
    judged_sha256: list[str] = []
    same_as_judged: bool | None = None
    absent: str | None = None


def data_record(
    model: ModelSpec | None,
    name: str,
    judged: Iterable[str],
    *,
    data_root: Path | None,
    redactor: Redactor,
    sampled: bool,
    kept_in: Path,
) -> DataRecord:
    """What can be said of a model's data; `judged` are the digests that runs recorded, and
    `kept_in` is the folder where runs keep which images are alike.
    """
    digests = sorted(set(judged))
    if model is None or model.data is None:
        absent = f"{name} isn't declared in this project" if model is None else "it has no [data]"
        return _absent(name, absent, digests)
    try:
        dataset = open_dataset(model.data, data_root, decoding=model.decoding)
        splits = splits_of(dataset, redactor)
    except EdgeassayError as error:
        if isinstance(error, ConfigError | DataError):
            raise
        return _absent(name, str(error), digests)
    shared = shared_of(splits)
    found = _digest(dataset, model.decoding, kept_in)
    return DataRecord(
        model=name,
        source=model.data.source,
        classes=list(dataset.classes),
        splits=splits,
        shared=shared,
        separate=separate(shared),
        statement=statement_of(shared),
        data_sha256=found,
        judged_sha256=digests,
        same_as_judged=None if sampled or not digests or found is None else digests == [found],
    )


def _absent(name: str, why: str, digests: list[str]) -> DataRecord:
    return DataRecord(
        model=name, judged_sha256=digests, absent=why, statement=f"nothing is shown: {why}"
    )


def splits_of(dataset: Dataset, redactor: Redactor) -> dict[str, SplitRecord]:
    """Every split by what it is for; what no role uses too."""
    found = {}
    for role, split in dataset.splits.items():
        found[role.value] = _record(split, redactor)
    for split in dataset.unused:
        found[f"unused: {split.name}"] = _record(split, redactor)
    return found


def _record(split: Split, redactor: Redactor) -> SplitRecord:
    names = None if split.patients is None else {name.strip() for name in split.patients}
    digests = None if names is None else sorted(redactor.digest("patient", n) for n in names)
    return SplitRecord(split=split.name, images=len(split), patients=digests)


def shared_of(splits: Mapping[str, SplitRecord]) -> list[Shared]:
    """What evaluation has in common with each other split, from the lists of digests alone."""
    evaluation = splits.get(EVALUATION)
    ours = None if evaluation is None else evaluation.patients
    found = []
    for name, other in splits.items():
        if name != EVALUATION:
            known = ours is not None and other.patients is not None
            common = len(set(ours or ()) & set(other.patients or ())) if known else None
            found.append(Shared(beside=name, patients=common))
    return found


def separate(shared: Sequence[Shared]) -> bool | None:
    """Whether evaluation shares no patient with anything; None where it can't be told."""
    counts = [one.patients for one in shared]
    if any(counts):
        return False
    return None if None in counts or not counts else True


def statement_of(shared: Sequence[Shared]) -> str:
    """The same in words."""
    if not shared:
        return "there is no other split than evaluation"
    told = {
        True: "evaluation shares no patient with ",
        None: "the data names no patients, so nobody can tell whether evaluation shares any with ",
        False: "",
    }[separate(shared)]
    names = ", ".join(one.beside for one in shared)
    if told:
        return told + names
    common = (f"{one.patients:,} with {one.beside}" for one in shared if one.patients)
    return f"evaluation shares patients: {', '.join(common)}"


def _digest(dataset: Dataset, decoding: Decoding, kept_in: Path) -> str | None:
    """Of the evaluation split as runs take it; None where its labels are masks' to say. `kept_in`
    has which of its images are alike, from those runs.
    """
    split = dataset.splits.get(Role.EVALUATION)
    if split is None or split.masks is not None:
        return None
    split = with_pictures(split, decoding, kept_in, silent)
    return SavedScores.of(
        scores=np.zeros(split.labels.shape),
        truth=split.labels,
        patients=split.codes,
        classes=dataset.classes,
        names=split.names,
    ).data_sha256
