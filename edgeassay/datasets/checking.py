"""A data set looked at whole, before anything is measured on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeassay.datasets.alike import Alike, Unreadable, find_alike, shrink
from edgeassay.datasets.opening import check_evaluation, check_separation
from edgeassay.datasets.split import Dataset, Split
from edgeassay.errors import ConfigError, DataError
from edgeassay.progress import Reporter
from edgeassay.spec import Role


@dataclass(frozen=True, kw_only=True)
class SplitFacts:
    """What a split holds: `patients` is None where they aren't named, `positives` is per class."""

    name: str
    roles: Sequence[Role]
    images: int
    patients: int | None
    positives: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class DataReport:
    """What was found. `overlap` is the sentence about images or patients that others share with
    the evaluation split, `one_sided` the one about a class that can't be evaluated there.
    """

    where: str
    classes: Sequence[str]
    splits: Sequence[SplitFacts]
    unreadable: Sequence[Unreadable]
    alike: Alike
    overlap: str | None
    one_sided: str | None

    @property
    def as_declared(self) -> bool:
        """Whether every image can be read and every class evaluated."""
        return not self.unreadable and self.one_sided is None

    @property
    def separate(self) -> bool:
        """Whether evaluation shares no image, no patient and no picture with another split."""
        return self.overlap is None and not self.alike.evaluation_count


def check_data(dataset: Dataset, *, similarity: float, report: Reporter) -> DataReport:
    """Decode every image of a data set once, and compare those of different splits.

    Two pictures whose 32x32 greys correlate above `similarity` count as one. DataError where a
    table, an archive or the labels in them aren't what was declared.
    """
    # Several roles may share a split, which is then looked at once.
    splits = {split.name: split for split in (*dataset.splits.values(), *dataset.unused)}
    overlap = one_sided = None
    try:
        check_separation(dataset)
    except ConfigError as error:
        overlap = str(error)
    try:
        check_evaluation(dataset)
    except DataError as error:
        one_sided = str(error)
    parts = shrink(list(splits.values()), dataset.splits[Role.EVALUATION], report)
    return DataReport(
        where=dataset.where,
        classes=dataset.classes,
        splits=[_facts(dataset, split) for split in splits.values()],
        unreadable=[failure for part in parts for failure in part.unreadable],
        alike=find_alike(parts, similarity, report),
        overlap=overlap,
        one_sided=one_sided,
    )


def _facts(dataset: Dataset, split: Split) -> SplitFacts:
    return SplitFacts(
        name=split.name,
        roles=[role for role, served in dataset.splits.items() if served.name == split.name],
        images=len(split),
        patients=None if split.patients is None else len(set(split.patients)),
        positives=[int(count) for count in split.labels.sum(axis=0)],
    )
