"""One run: from a claim to its judgement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from edgeassay.errors import Absent, ArtifactError, MeasurementError, WorkerError
from edgeassay.evidence import Evidence
from edgeassay.gates import decide, told
from edgeassay.matrix import Plan
from edgeassay.progress import Reporter
from edgeassay.rig import Rig, Settings
from edgeassay.spec import (
    TRAITS,
    Claim,
    ClaimName,
    Deviation,
    Judgement,
    Measurement,
    Verdict,
)

Measured = tuple[Measurement, float | None]


class Assay:
    """Judges the claims of a plan, each measured at most once."""

    def __init__(self, plan: Plan, settings: Settings, report: Reporter) -> None:
        self.plan = plan
        self.settings = settings
        self.rig = Rig(plan, settings, report)
        self.evidence = Evidence(self.rig)
        self._judgements: dict[Claim, Judgement] = {}

    def judge(self, claim: Claim) -> Judgement:
        """What can be said of a claim.

        Raises ConfigError, DataError or BuildFailed where the rig, not the model, is at fault.
        """
        if claim in self._judgements:
            return self._judgements[claim]
        try:
            judgement = self._judge(claim)
        except Absent as error:
            judgement = _without(claim, Verdict.UNMEASURED, error)
        except ArtifactError as error:
            judgement = self._not_loaded(claim, error)
        except (MeasurementError, WorkerError) as error:
            judgement = _without(claim, Verdict.FAIL, error)
            if isinstance(error, WorkerError):
                return self._excuse(judgement)  # not kept: a new worker may do better
        self._judgements[claim] = self._excuse(judgement)
        return self._judgements[claim]

    def _judge(self, claim: Claim) -> Judgement:
        timed = TRAITS[claim.name].timed
        if timed and self.settings.timing_off:
            raise Absent(self.settings.timing_off)
        measurement, reference = self._measure(claim)
        least = self.plan.device.timing.min_rounds if timed else 1
        return decide(claim, measurement, reference=reference, least_n=least)

    def _excuse(self, judgement: Judgement) -> Judgement:
        """Show the deviation that declares a failure beside it."""
        if not judgement.shows_failure:
            return judgement
        deviation = self.plan.deviation_of(judgement.claim, self.settings.today)
        return replace(judgement, deviation=deviation)

    def _not_loaded(self, claim: Claim, error: ArtifactError) -> Judgement:
        """An artifact that doesn't load fails every claim, unless its not loading is declared."""
        loads = replace(claim, name=ClaimName.LOADS, class_name=None)
        declared = self.plan.deviation_of(loads, self.settings.today)
        if declared is None or claim.name is ClaimName.LOADS:
            return _without(claim, Verdict.FAIL, error)
        reason = Absent(f"it doesn't load, as {declared.source} declares")
        return _without(claim, Verdict.UNMEASURED, reason)

    def _measure(self, claim: Claim) -> Measured:
        methods: dict[ClaimName, Callable[[Claim], Measured]] = {
            ClaimName.LOADS: self._measure_loads,
            ClaimName.SIZE_RATIO: self._measure_size_ratio,
            ClaimName.MEAN_AUC_DROP: self._measure_mean_auc_drop,
            ClaimName.CLASS_AUC_DROP: self._measure_class_auc_drop,
            ClaimName.MIN_AUC: self._measure_min_auc,
            ClaimName.FINITE_OUTPUTS: self._measure_finite_outputs,
            ClaimName.LATENCY_P95_MS: self._measure_latency_p95,
            ClaimName.LATENCY_RATIO: self._measure_latency_ratio,
        }
        return methods[claim.name](claim)

    def _measure_loads(self, claim: Claim) -> Measured:
        self.evidence.check_loads(claim.case)
        return Measurement(value=1.0, unit="flag", n=1), None

    def _measure_size_ratio(self, claim: Claim) -> Measured:
        size = self.rig.artifact(claim.case).size_bytes
        reference = self.rig.artifact(self.plan.reference_of(claim.case)).size_bytes
        return Measurement(value=size / reference, unit="ratio", n=1), float(reference)

    def _measure_mean_auc_drop(self, claim: Claim) -> Measured:
        reference = float(self.evidence.evaluations.reference_aucs(claim.case).mean())
        drop = reference - float(self.evidence.evaluations.aucs(claim.case).mean())
        return self._over_images(claim, drop, "AUC"), reference

    def _measure_class_auc_drop(self, claim: Claim) -> Measured:
        references = self.evidence.evaluations.reference_aucs(claim.case)
        k = self.plan.models[claim.case.model].classes.index(claim.class_name or "")
        reference = float(references[k])
        drop = reference - float(self.evidence.evaluations.aucs(claim.case)[k])
        return self._over_images(claim, drop, "AUC"), reference

    def _measure_min_auc(self, claim: Claim) -> Measured:
        value = float(self.evidence.evaluations.aucs(claim.case).mean())
        return self._over_images(claim, value, "AUC"), None

    def _measure_finite_outputs(self, claim: Claim) -> Measured:
        share, rows = self.evidence.finite_share(claim.case)
        return Measurement(value=share, unit="share", n=rows), None

    def _over_images(self, claim: Claim, value: float, unit: str) -> Measurement:
        images = len(self.evidence.evaluations.data(claim.case.model).split)
        return Measurement(value=value, unit=unit, n=images)

    def _measure_latency_p95(self, claim: Claim) -> Measured:
        return self.evidence.durations(claim.case).p95(), None

    def _measure_latency_ratio(self, claim: Claim) -> Measured:
        durations = self.evidence.durations(claim.case)
        assert durations.reference is not None, "the reference makes no claim of a ratio"
        return durations.ratio(), float(np.median(durations.reference)) / 1e6

    def deviation_status(self, deviation: Deviation) -> tuple[Verdict, str]:
        """Whether a declared deviation still matches a failure that was seen, and why."""
        if self.settings.today > deviation.expires:
            return Verdict.FAIL, (
                f"{deviation.source}: the deviation expired on {deviation.expires}; mend what it"
                f" excuses ({deviation.reason}) and remove it, or review it anew"
            )
        claims = next(c for _, d, c in self.plan.deviations() if d == deviation)
        judgements = [self.judge(claim) for claim in claims]
        failed = [told(j) for j in judgements if j.shows_failure]
        passed = [told(j) for j in judgements if j.verdict is Verdict.PASS]
        if failed:
            return Verdict.PASS, f"{deviation.source}: it still declares that {failed[0]}"
        if not passed:
            words = judgements[0].reason
            return Verdict.UNMEASURED, f"{deviation.source}: nothing it covers is decided: {words}"
        return Verdict.FAIL, (
            f"{deviation.source}: the deviation matches nothing any more: {passed[0]}; remove it"
        )


def _without(claim: Claim, verdict: Verdict, error: Exception) -> Judgement:
    """A judgement without a measurement."""
    return Judgement(claim=claim, verdict=verdict, reason=str(error))
