"""A data set looked at whole, before anything is measured on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeassay.datasets.alike import Alike, Small, Unreadable, find_alike, find_within, shrink
from edgeassay.datasets.opening import check_evaluation, check_separation
from edgeassay.datasets.split import Dataset
from edgeassay.errors import ConfigError, DataError
from edgeassay.progress import Reporter
from edgeassay.spec import Role


@dataclass(frozen=True, kw_only=True)
class SplitFacts:
    """What a split holds: `patients` is None where they aren't named, `positives` is per class: of
    what is segmented, the images with a pixel of it. `negatives` has the texts that count as
    negative, where the label is a text. `dark` images never reach a tenth of `white`,
    and `shallow` ones have 8 bits where any of the data set has 16.
    """

    name: str
    roles: Sequence[Role]
    images: int
    patients: int | None
    positives: Sequence[int]
    dark: int
    shallow: int
    negatives: Mapping[str, int] | None = None


@dataclass(frozen=True, kw_only=True)
class DataReport:
    """What was found. `overlap` is the sentence about images or patients that others share with
    the evaluation split, `one_sided` the one about a class that can't be evaluated there. `alike`
    has pairs across splits, `within` those within evaluation.
    """

    where: str
    classes: Sequence[str]
    splits: Sequence[SplitFacts]
    unreadable: Sequence[Unreadable]
    alike: Alike
    within: Alike
    overlap: str | None
    one_sided: str | None
    segmented: bool = False

    @property
    def as_declared(self) -> bool:
        """Whether every image can be read and every class evaluated."""
        return not self.unreadable and self.one_sided is None

    @property
    def separate(self) -> bool:
        """Whether evaluation shares no image, no patient and no picture with another split."""
        return self.overlap is None and not self.alike.evaluation_count


def check_data(
    dataset: Dataset, *, similarity: float, white: int | None = None, report: Reporter
) -> DataReport:
    """Decode every image of a data set once, and compare those of different splits.

    Two pictures whose 32x32 greys correlate above `similarity` count as one. `white` is the one of
    [preprocess], None for that of an image's bits. DataError where a
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
    segmented = dataset.splits[Role.EVALUATION].masks is not None
    parts = shrink(list(splits.values()), dataset.splits[Role.EVALUATION], report)
    deep = any(part.tones.deep.any() for part in parts)
    facts = [_facts(dataset, part, white, deep=bool(deep)) for part in parts]
    return DataReport(
        where=dataset.where,
        classes=dataset.classes,
        splits=facts,
        unreadable=[failure for part in parts for failure in part.unreadable],
        alike=find_alike(parts, similarity, report),
        within=find_within(next(p for p in parts if p.evaluates), similarity, report),
        overlap=overlap,
        one_sided=_nowhere_drawn(dataset, facts) if segmented else one_sided,
        segmented=segmented,
    )


def _nowhere_drawn(dataset: Dataset, facts: Sequence[SplitFacts]) -> str | None:
    """The sentence about a class that is drawn on no evaluation image, if there is one."""
    tested = next(split for split in facts if Role.EVALUATION in split.roles)
    for name, count in zip(dataset.classes, tested.positives, strict=True):
        if not count:
            return (
                f"{dataset.where}: no mask of split {tested.name!r} has a pixel of {name!r}, so"
                " nothing shows whether it is found; evaluate on another split"
            )
    return None


def _facts(dataset: Dataset, part: Small, white: int | None, *, deep: bool) -> SplitFacts:
    split = part.split
    positives = split.labels if split.masks is None else part.drawn
    if positives is None:  # no mask can be read
        positives = np.zeros((0, len(dataset.classes)), np.bool_)
    return SplitFacts(
        name=split.name,
        roles=[role for role, served in dataset.splits.items() if served.name == split.name],
        images=len(split),
        patients=None if split.patients is None else len(set(split.patients)),
        positives=[int(count) for count in positives.sum(axis=0)],
        negatives=split.negatives,
        dark=part.tones.dark(white),
        shallow=part.tones.eight_bit if deep else 0,
    )
