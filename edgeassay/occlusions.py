"""What a case looks at: occlusion maps of a sample of the evaluation split, made once a case."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgeassay.build import seed_of
from edgeassay.datasets import check_evaluation, draw_sample, one_each, rows_of
from edgeassay.errors import Absent, MeasurementError, NoEvidence
from edgeassay.evaluations import Evaluations
from edgeassay.measure.accuracy import LocalRunner, predict
from edgeassay.measure.occlusion import Grid, OccludedInputs, OccludedScores
from edgeassay.rig import Rig
from edgeassay.spec import Case, Sample
from edgeassay.stats.arrays import Codes, Floats, Mask
from edgeassay.stats.saliency import rank_correlations, top_overlaps


@dataclass(frozen=True, kw_only=True)
class MapsCompared:
    """Maps of the reference and of a candidate, (images, positions), of the same images and of the
    class to which the reference gives its highest score there; `codes` tell patients apart.

    They are those of the `covered` images whose reference map can be read. A candidate's map whose
    values are all equal is *flat*: it points nowhere, and agrees as chance would.
    """

    inputs: OccludedInputs
    codes: Codes
    classes: npt.NDArray[np.intp]
    reference: Floats
    candidate: Floats
    top: float
    covered: int

    @property
    def images(self) -> int:
        """How many images have maps to compare."""
        return len(self.reference)

    @cached_property
    def flat(self) -> Mask:
        """Which images have a flat map of the candidate."""
        found: Mask = np.ptp(self.candidate, axis=1) == 0.0
        return found

    @cached_property
    def correlations(self) -> Floats:
        """Of each image the rank correlation of its two maps."""
        return rank_correlations(self.reference, self.candidate)

    @cached_property
    def overlaps(self) -> Floats:
        """Of each image the overlap of the two maps' top positions."""
        return top_overlaps(self.reference, self.candidate, self.top)


class Occlusions:
    """Makes and keeps the scores of covered images, and compares maps with the reference's."""

    def __init__(self, rig: Rig, evaluations: Evaluations) -> None:
        self._rig = rig
        self._evaluations = evaluations
        self._inputs: dict[str, OccludedInputs] = {}
        self._scores: dict[tuple[Case, tuple[str, ...]], OccludedScores] = {}

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
            whole = check_evaluation(self._rig.dataset(model))
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

    def compared(self, case: Case) -> MapsCompared:
        """The case's maps beside those of the reference variant. NoEvidence where no image has one
        that can be read; MeasurementError where an output isn't finite.

        An image is left out, and the case isn't run on it, where the reference's score moves by
        less than `least_range` from one place to another. So all variants meet the same images.
        """
        inputs, settings = self.inputs(case.model), self._rig.model(case).saliency
        whole = self._rig.plan.reference_of(case)
        seen = self._run(whole, inputs)
        maps, classes = seen.maps(seen.classes), seen.classes
        span = np.ptp(maps, axis=1)
        rows = np.flatnonzero((span >= settings.least_range) & (span > 0.0))
        if not len(rows):
            raise NoEvidence(
                f"on none of {len(maps):,} images does the score of {whole.variant} move by"
                f" {settings.least_range:g} as places are covered, so there is no map to compare"
                " with"
            )
        kept = replace(inputs, split=rows_of(inputs.split, rows.tolist()))
        own = maps[rows] if case == whole else self._run(case, kept).maps(classes[rows])
        return MapsCompared(
            inputs=kept,
            codes=kept.split.codes,
            classes=classes[rows],
            reference=maps[rows],
            candidate=own,
            top=settings.top,
            covered=len(maps),
        )

    def _run(self, case: Case, inputs: OccludedInputs) -> OccludedScores:
        """What the case says of images, as they are and covered: on this machine's cores or the
        device's, never on a cluster's.
        """
        self._rig.check_executes(case)
        key = (case, tuple(inputs.split.names))
        if key not in self._scores:
            check, artifact = self._evaluations.fits(case), self._rig.artifact(case)
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
                label=f"where {case.id} looks: hiding one part of each image at a time",
                report=self._rig.report,
            )
            if made.finite_share < 1.0:
                count = int((~np.isfinite(made.scores)).sum())
                raise MeasurementError(
                    f"{case.id} gave {count:,} outputs that are no finite numbers on covered"
                    f" images, in {made.scores.size:,}: no map can be made"
                )
            self._scores[key] = OccludedScores.of(made.scores, len(inputs.split))
        return self._scores[key]
