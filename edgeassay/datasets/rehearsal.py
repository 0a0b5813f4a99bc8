"""A data set with which something is chosen: its validation split stands where a run has the test
split, of which no image is opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edgeassay.datasets.image_files import REFUSING
from edgeassay.datasets.opening import open_dataset
from edgeassay.datasets.split import Dataset, Members, Split
from edgeassay.errors import Absent
from edgeassay.spec import DataSource, Decoding, Role


@dataclass(frozen=True)
class Rehearsal:
    """Another data set, whose evaluation split is its validation split."""

    inner: Dataset

    @property
    def where(self) -> str:
        return self.inner.where

    @property
    def classes(self) -> Sequence[str]:
        return self.inner.classes

    @cached_property
    def splits(self) -> Mapping[Role, Split]:
        found = dict(self.inner.splits)
        if Role.VALIDATION not in found:
            raise Absent(
                f"{self.where} has no validation split, and nothing is chosen on the test split,"
                " which judges what was chosen; declare one under [data.splits]"
            )
        if found[Role.VALIDATION].name == found[Role.EVALUATION].name:
            raise Absent(
                f"{self.where}: split {found[Role.VALIDATION].name!r} is for validation and for"
                " testing, and nothing is chosen on what judges it; keep them apart under"
                " [data.splits]"
            )
        return {**found, Role.EVALUATION: found[Role.VALIDATION]}

    @property
    def unused(self) -> Sequence[Split]:
        return self.inner.unused

    @property
    def beside_evaluation(self) -> Sequence[Members]:
        return ()  # what the test split must be apart from is checked where that is used


def open_rehearsal(
    source: DataSource, data_root: Path | None, *, decoding: Decoding = REFUSING
) -> Rehearsal:
    """The data set of a declaration to choose with; Absent where it isn't on this machine."""
    return Rehearsal(open_dataset(source, data_root, decoding=decoding, test_images=False))
