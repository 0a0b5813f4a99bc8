"""Both sides' scores of the same images, where they are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeassay.changes import Pair, Scored
from edgeassay.comparing.sides import Side
from edgeassay.errors import Absent
from edgeassay.measure.compared import Compared
from edgeassay.runs.records import CaseId
from edgeassay.runs.saved import SavedRun
from edgeassay.runs.scores import SavedScores, read_scores


@dataclass(frozen=True, kw_only=True)
class ScoreStore:
    """Where scores are kept: beside each run, or in `storage` with those of its hardware."""

    storage: Path

    def scored(self, pair: Pair, base: Side, head: Side) -> Scored:
        """A pair with its scores; what there is to read only where the digests differ."""
        one, two = _entry(base, pair.base.case), _entry(head, pair.head.case)
        if one is None or two is None:
            return Scored(pair=pair)
        data = {one[1].get("data_sha256"), two[1].get("data_sha256")}
        if len(data) > 1 or None in data:
            return Scored(pair=pair, other_data=True)
        if one[1].get("sha256") == two[1].get("sha256"):
            return Scored(pair=pair, same_scores=True)
        try:
            return Scored(pair=pair, compared=_compared(self._read(*one), self._read(*two)))
        except Absent as error:
            return Scored(pair=pair, absent=str(error))

    def _read(self, run: SavedRun, entry: Mapping[str, Any]) -> SavedScores:
        digest = str(entry.get("sha256"))
        for place in self._places(run):
            try:
                return read_scores(place, digest)
            except Absent:
                continue
        raise Absent(f"the scores {digest[:12]} of {run.where} aren't kept")

    def _places(self, run: SavedRun) -> Iterator[Path]:
        file = Path(run.where).absolute()
        yield from file.parents[:2]
        yield self.storage / run.hardware


def _entry(side: Side, case: CaseId | None) -> tuple[SavedRun, Mapping[str, Any]] | None:
    """The latest run that says which scores a case had, and what it says."""
    for run in reversed(side.runs):
        if case is not None and case in run.scores:
            return run, run.scores[case]
    return None


def _compared(base: SavedScores, head: SavedScores) -> Compared:
    return Compared(
        classes=base.classes,
        labels=base.truth,
        reference=base.scores,
        candidate=head.scores,
        codes=base.patients,
    )
