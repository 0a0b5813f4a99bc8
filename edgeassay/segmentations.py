"""What the cases of a segmentation network mark on their images, made once and kept as counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy.typing as npt

from edgeassay.errors import MeasurementError
from edgeassay.evaluations import Evaluations
from edgeassay.measure.accuracy import gather
from edgeassay.measure.overlaps import Overlaps
from edgeassay.measure.parity import Parity, compare_outputs, together
from edgeassay.measure.segment_files import write_segments
from edgeassay.measure.segments import Marking, Segments, whole
from edgeassay.rig import Rig
from edgeassay.spec import Case, ClaimName, Role


class Segmentations:
    """Makes and keeps what the cases mark, and compares it with what the reference marks."""

    def __init__(self, rig: Rig, evaluations: Evaluations) -> None:
        self._rig = rig
        self._evaluations = evaluations
        self._segments: dict[tuple[Case, Role], Segments] = {}
        self._overlaps: dict[Case, Overlaps] = {}
        self._alone: dict[Case, Overlaps] = {}

    def segments(self, case: Case, role: Role = Role.EVALUATION) -> Segments:
        """What the case marks on a split. Absent where data isn't here; DataError where an image or
        a mask isn't as declared.
        """
        self._rig.check_executes(case)
        if (case, role) not in self._segments:
            evaluations = self._evaluations
            split, marking = evaluations.data(case.model, role).split, self._marking(case, role)
            check, artifact = evaluations.fits(case), self._rig.artifact(case)
            with evaluations.reading(case.model, role):
                made = gather(
                    split,
                    evaluations.shards(case.model, role),
                    store=evaluations.store(case, artifact),
                    runner=evaluations.runner(case, artifact, check, role),
                    check=check,
                    take=marking.take,
                    label=f"evaluating {case.id}",
                    report=self._rig.report,
                )
            self._segments[case, role] = whole(made.parts, made.worker, made.reused)
            self._write(case, role)
        return self._segments[case, role]

    def _marking(self, case: Case, role: Role) -> Marking:
        model = self._rig.model(case)
        assert model.preprocess is not None, "[data] is refused without [preprocess]"
        claims = self._rig.plan.claims
        return Marking(
            split=self._evaluations.data(case.model, role).split,
            classes=len(model.classes),
            preprocess=model.preprocess,
            settings=model.segmentation,
            with_boundaries=any(
                claim.name is ClaimName.BOUNDARY_DICE_DROP and claim.case.model == case.model
                for claim in claims
            ),
        )

    def _write(self, case: Case, role: Role) -> None:
        folder, model = self._rig.settings.predictions, self._rig.model(case)
        if folder is not None and role is Role.EVALUATION:
            split = self._evaluations.data(case.model).split
            write_segments(folder, case.id, self._segments[case, role], split, model.classes)

    def _whole(self, case: Case) -> Segments:
        """The same; MeasurementError where an output isn't finite."""
        made = self.segments(case)
        if made.odd:
            raise MeasurementError(
                f"{case.id} gave {made.odd:,} outputs that are no finite numbers, in"
                f" {made.numbers:,}: no Dice can be taken"
            )
        return made

    def beside(self, case: Case, other: Case) -> Overlaps:
        """What the case marks beside what another does."""
        split = self._evaluations.data(case.model).split
        model = self._rig.model(case)
        return Overlaps(
            classes=model.classes,
            reference=self._whole(other),
            candidate=self._whole(case),
            codes=split.codes,
            empty=model.segmentation.empty,
        )

    def compared(self, case: Case) -> Overlaps:
        """What the case marks beside what the reference does."""
        if case not in self._overlaps:
            self._overlaps[case] = self.beside(case, self._rig.plan.reference_of(case))
        return self._overlaps[case]

    def alone(self, case: Case) -> Overlaps:
        """What the case marks beside itself, for what needs no reference."""
        if case not in self._alone:
            self._alone[case] = self.beside(case, case)
        return self._alone[case]

    def parity(self, case: Case, other: Case) -> Parity:
        """The case's raw outputs beside another's, a shard at a time."""
        for one in (case, other):
            self.segments(one)
        pairs = zip(self._raw(case), self._raw(other), strict=True)
        return together([compare_outputs([a], [b], len(a)) for a, b in pairs])

    def _raw(self, case: Case) -> Iterator[npt.NDArray[Any]]:
        """The case's raw outputs as they are kept, shard by shard."""
        evaluations, artifact = self._evaluations, self._rig.artifact(case)
        store = evaluations.store(case, artifact)
        for shard in evaluations.shards(case.model, Role.EVALUATION):
            if (values := store.load(shard)) is None:
                raise MeasurementError(
                    f"{case.id}: outputs that were kept a moment ago aren't whole in"
                    f" {store.folder} any more; run it again"
                )
            yield values

    def known(self, case: Case) -> Segments | None:
        """What the case marks where that has been found out."""
        return self._segments.get((case, Role.EVALUATION))

    def known_dice(self, case: Case) -> float | None:
        """The mean Dice where it has been taken."""
        if (found := self._overlaps.get(case) or self._alone.get(case)) is not None:
            return found.mean_dice
        for other in self._overlaps:  # it may be what another is compared with
            if self._rig.plan.reference_of(other) == case:
                return self.alone(case).mean_dice
        return None

    def known_drop(self, case: Case) -> float | None:
        """The drop of the mean Dice, likewise."""
        found = self._overlaps.get(case)
        return None if found is None else found.mean_dice_drop
