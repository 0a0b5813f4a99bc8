"""What a case looks at: occlusion maps of a sample of the evaluation split, made once a case."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgeassay.build import seed_of
from edgeassay.datasets import check_evaluation, draw_sample, one_each
from edgeassay.errors import Absent, MeasurementError
from edgeassay.evaluations import Evaluations
from edgeassay.measure.accuracy import LocalRunner, predict
from edgeassay.measure.occlusion import Grid, OccludedInputs, OccludedScores
from edgeassay.rig import Rig
from edgeassay.spec import Case, Sample
from edgeassay.stats import patient_codes
from edgeassay.stats.arrays import Codes, Floats, Mask
from edgeassay.stats.saliency import rank_correlations, top_overlaps


@dataclass(frozen=True, kw_only=True)
class MapsCompared:
    """Maps of the reference and of a candidate, (images, positions), of the same images and of the
    class to which the reference gives its highest score there; `codes` tell patients apart.

    An image is left out where the reference's score moves by less than `least_range` from one place
    to another: nobody could read its map. A candidate's map whose values are all equal is *flat*:
    it points nowhere, and agrees as chance would.
    """

    names: tuple[str, ...]
    codes: Codes
    classes: npt.NDArray[np.intp]
    reference: Floats
    candidate: Floats
    grid: Grid
    top: float
    least_range: float

    @property
    def images(self) -> int:
        """How many images were covered, left out or not."""
        return len(self.names)

    @cached_property
    def left_out(self) -> Mask:
        """Which images have nothing to compare with."""
        span = np.ptp(self.reference, axis=1)
        faint: Mask = (span < self.least_range) | (span == 0.0)
        return faint

    @cached_property
    def flat(self) -> Mask:
        """Which images, not left out, have a flat map of the candidate."""
        found: Mask = (np.ptp(self.candidate, axis=1) == 0.0) & ~self.left_out
        return found

    @cached_property
    def correlations(self) -> Floats:
        """Of each image the rank correlation of its two maps; NaN where it is left out."""
        found = rank_correlations(self.reference, self.candidate)
        return np.where(self.left_out, np.nan, found)

    @cached_property
    def overlaps(self) -> Floats:
        """Of each image the overlap of the two maps' top positions; NaN where it is left out."""
        found = top_overlaps(self.reference, self.candidate, self.top)
        return np.where(self.left_out, np.nan, found)


class Occlusions:
    """Makes and keeps the scores of covered images, and compares maps with the reference's."""

    def __init__(self, rig: Rig, evaluations: Evaluations) -> None:
        self._rig = rig
        self._evaluations = evaluations
        self._inputs: dict[str, OccludedInputs] = {}
        self._scores: dict[Case, OccludedScores] = {}
        self.reused: dict[Case, int] = {}

    def inputs(self, model_id: str) -> OccludedInputs:
        """The model's sampled images, each of another patient, and the places where they are
        covered: the same for every variant, runtime and device. Absent where data isn't here, or
        where so many inferences are more than the device is evaluated with; ConfigError or
        DataError where data isn't as declared.
        """
        if model_id not in self._inputs:
            model = self._rig.plan.models[model_id]
            self._evaluations.data(model_id)  # it checks that splits share nothing
            assert model.data is not None, "it is Absent without"
            assert model.preprocess is not None, "[data] is refused without [preprocess]"
            wanted = Sample(images=model.saliency.images, source=f"{model.file}:saliency.images")
            whole = check_evaluation(self._rig.dataset(model.data))
            seed = seed_of(f"{model_id} saliency")
            made = OccludedInputs(
                split=draw_sample(one_each(whole, seed), wanted, seed),
                settings=model.preprocess,
                grid=Grid.of(model.preprocess.size, model.saliency),
            )
            sample = self._rig.settings.sample
            if sample is not None and sample.images < len(made):
                raise Absent(
                    f"occlusion maps of {len(made.split)} images take {len(made):,} inferences,"
                    f" and {sample.source} allows {sample.images:,} images; take maps on a faster"
                    " device"
                )
            self._inputs[model_id] = made
        return self._inputs[model_id]

    def scores(self, case: Case) -> OccludedScores:
        """What the case says of the images, as they are and covered; MeasurementError where an
        output isn't finite. On this machine's cores or the device's, never on a cluster's.
        """
        self._rig.check_executes(case)
        if case not in self._scores:
            inputs, check = self.inputs(case.model), self._evaluations.fits(case)
            artifact = self._rig.artifact(case)
            made = predict(
                inputs,
                inputs.shards,
                store=self._evaluations.store(case, artifact, covered=asdict(inputs.grid)),
                runner=LocalRunner(
                    artifact=artifact,
                    runtime=self._rig.runtime(case),
                    inputs=inputs,
                    lend_worker=lambda: self._rig.lend_worker(case),
                    check=check,
                    jobs=self._evaluations.jobs(case),
                ),
                check=check,
                label=f"covering images for {case.id}",
                report=self._rig.report,
            )
            if made.finite_share < 1.0:
                count = int((~np.isfinite(made.scores)).sum())
                raise MeasurementError(
                    f"{case.id} gave {count:,} outputs that are no finite numbers on covered"
                    f" images, in {made.scores.size:,}: no map can be made"
                )
            self.reused[case] = made.reused
            self._scores[case] = OccludedScores.of(made.scores, len(inputs.split))
        return self._scores[case]

    def compared(self, case: Case) -> MapsCompared:
        """The case's maps beside those of the reference variant."""
        reference = self.scores(self._rig.plan.reference_of(case))
        inputs, candidate = self.inputs(case.model), self.scores(case)
        split, settings = inputs.split, self._rig.model(case).saliency
        return MapsCompared(
            names=tuple(split.names),
            codes=patient_codes(split.patients, len(split)),
            classes=reference.classes,
            reference=reference.maps(reference.classes),
            candidate=candidate.maps(reference.classes),
            grid=inputs.grid,
            top=settings.top,
            least_range=settings.least_range,
        )
