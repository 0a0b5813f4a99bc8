"""The predictions that a bundle holds of a run, read once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from edgeassay.errors import EdgeassayError
from edgeassay.evidence_bundle.overlaps_again import Overlap, read_overlap
from edgeassay.measure.compared import Compared
from edgeassay.report.results import OperatingRecord, Results
from edgeassay.runs.records import CaseId
from edgeassay.runs.scores import read_scores

VARIANT: Final = "variant "


class Scored:
    """The scores of a run's cases; what is damaged is told in `wrong`."""

    def __init__(self, results: Results, predictions: Path, name: str) -> None:
        self.wrong: list[str] = []
        self._digests = {record.case: record for record in results.scores}
        self._segments = {record.case: record.sha256 for record in results.segments}
        self._references = {case.case: case.auc_reference for case in results.cases}
        self._dice_references = {case.case: case.dice_reference for case in results.cases}
        self._operating = {case.case: case.operating for case in results.cases}
        self._predictions, self._name = predictions, name
        self._alone: dict[CaseId, Compared | None] = {}
        self._overlaps: dict[CaseId, Overlap | None] = {}

    def alone(self, case: CaseId) -> Compared | None:
        """A case's scores beside themselves; None where they weren't kept, or aren't whole."""
        if case not in self._alone:
            self._alone[case] = self._read(case)
        return self._alone[case]

    def _read(self, case: CaseId) -> Compared | None:
        record = self._digests.get(case)
        if record is None or not (self._predictions / "scores" / f"{record.sha256}.npz").exists():
            return None
        try:
            saved = read_scores(self._predictions, record.sha256)
        except EdgeassayError as error:
            self.wrong.append(str(error))
            return None
        if saved.data_sha256 != record.data_sha256:
            subject = f"{case.model} {case.variant} on {case.runtime}"
            self.wrong.append(f"{self._name}: {subject} isn't of the data that was judged")
        return Compared(
            classes=saved.classes,
            labels=saved.truth,
            reference=saved.scores,
            candidate=saved.scores,
            codes=np.unique(saved.patients, return_inverse=True)[1].reshape(-1),
        )

    def beside(self, case: CaseId) -> Compared | None:
        """A case's scores beside its reference's."""
        other = self._reference(case, self._references.get(case))
        ours, theirs = self.alone(case), None if other is None else self.alone(other)
        if ours is None or theirs is None or ours.labels.shape != theirs.labels.shape:
            return None
        return Compared(
            classes=ours.classes,
            labels=ours.labels,
            reference=theirs.candidate,
            candidate=ours.candidate,
            codes=ours.codes,
        )

    def _reference(self, case: CaseId, words: str | None) -> CaseId | None:
        """The case that drops are taken against, of the words that name it."""
        if words is None or not words.startswith(VARIANT):
            return None
        variant, _, runtime = words.removeprefix(VARIANT).partition(" on ")
        return CaseId(
            model=case.model,
            variant=variant,
            runtime=runtime or case.runtime,
            device=case.device,
        )

    def lacks(self, case: CaseId, class_name: str | None) -> bool:
        """Whether the bundle doesn't hold the predictions that a claim is about: the case's, its
        reference's, or those of its class.
        """
        words = self._references.get(case) or self._dice_references.get(case)
        other, known = self._reference(case, words), self.alone(case)
        without = known is not None and class_name is not None and class_name not in known.classes
        return without or not self._holds(case) or (other is not None and not self._holds(other))

    def _holds(self, case: CaseId) -> bool:
        return self.alone(case) is not None or self.overlap(case) is not None

    def operating(self, case: CaseId) -> OperatingRecord | None:
        """Where decisions are cut, where the results tell."""
        return self._operating.get(case)

    def overlap(self, case: CaseId) -> Overlap | None:
        """What a case marked on each image; None where it wasn't kept, or isn't whole."""
        if case not in self._overlaps:
            digest = self._segments.get(case)
            path = self._predictions / "segments" / f"{digest}.csv"
            found = None
            if digest is not None and path.exists():
                try:
                    found = read_overlap(path, digest)
                except EdgeassayError as error:
                    self.wrong.append(str(error))
            self._overlaps[case] = found
        return self._overlaps[case]

    def overlap_reference(self, case: CaseId) -> Overlap | None:
        """Likewise of its reference."""
        other = self._reference(case, self._dice_references.get(case))
        return None if other is None else self.overlap(other)
