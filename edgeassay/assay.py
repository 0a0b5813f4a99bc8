"""One run: from a claim to its judgement."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from edgeassay.claims import MEASURES
from edgeassay.errors import (
    Absent,
    ArtifactError,
    EdgeassayError,
    Incomparable,
    MeasurementError,
    NoEvidence,
    WorkerError,
)
from edgeassay.evidence import Evidence
from edgeassay.gates import decide, told
from edgeassay.matrix import Plan
from edgeassay.measure.latency import SOFTWARE_TIMES
from edgeassay.progress import Reporter
from edgeassay.rig import Rig, Settings
from edgeassay.spec import (
    TRAITS,
    Case,
    Claim,
    ClaimName,
    Deviation,
    Judgement,
    Kind,
    Verdict,
)


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
        except Incomparable as error:
            judgement = _without(claim, Verdict.INCOMPARABLE, error)
        except NoEvidence as error:
            judgement = _without(claim, Verdict.INCONCLUSIVE, error)
        except ArtifactError as error:
            judgement = self._not_loaded(claim, error)
        except (MeasurementError, WorkerError) as error:
            judgement = _without(claim, Verdict.FAIL, error)
            if isinstance(error, WorkerError):
                return self._finish(judgement)  # not kept: a new worker may do better
        self._judgements[claim] = self._finish(judgement)
        return self._judgements[claim]

    def _finish(self, judgement: Judgement) -> Judgement:
        """The judgement with how its numbers came to be, and with what excuses it."""
        case = judgement.claim.case
        if judgement.measurement is not None and self.rig.runtime(case).accelerator != "cpu":
            with suppress(EdgeassayError):
                self.rig.loaded(case)  # it says whether software stands in for the accelerator
        return self._excuse(replace(judgement, kind=self.rig.kind(case)))

    def _judge(self, claim: Claim) -> Judgement:
        if TRAITS[claim.name].timed:
            self.rig.check_timed(claim.case)  # what no option changes is said first
            if self.settings.timing_off:
                raise Absent(self.settings.timing_off)
        measurement, reference = MEASURES[claim.name](self.evidence, claim)
        judgement = decide(claim, measurement, reference=reference)
        if TRAITS[claim.name].timed and self._is_software(claim.case):
            reason = f"{SOFTWARE_TIMES}: {judgement.reason}"
            return replace(judgement, verdict=Verdict.UNMEASURED, reason=reason)
        return judgement

    def _is_software(self, case: Case) -> bool:
        """Whether software stands in for the accelerator that a case asks for."""
        if self.rig.runtime(case).accelerator == "cpu":
            return False
        self.rig.loaded(case)
        return self.rig.kind(case) is Kind.SOFTWARE

    def _excuse(self, judgement: Judgement) -> Judgement:
        """Show the deviation that declares a failure, or a lack of evidence, beside it."""
        if not (judgement.shows_failure or judgement.verdict is Verdict.INCONCLUSIVE):
            return judgement
        if TRAITS[judgement.claim.name].of_baseline:
            return self._accept(judgement)
        today = self.settings.today
        deviation = self.plan.deviation_of(judgement.claim, today, judgement.verdict)
        other = self.plan.deviation_of(judgement.claim, today)
        if deviation is None and other is not None:
            hint = 'declares a failure; a lack of evidence needs `verdict = "inconclusive"`'
            return replace(judgement, reason=f"{judgement.reason}; {other.source} {hint}")
        return replace(judgement, deviation=deviation)

    def _accept(self, judgement: Judgement) -> Judgement:
        """Show beside a regression that somebody answers for it, or did until it expired."""
        against, claim, today = self.settings.against, judgement.claim, self.settings.today
        found = [a for a in against.accepted if a.covers(claim.name, claim.case)] if against else []
        if judgement.verdict is not Verdict.FAIL or not found:
            return judgement
        entry = max(found, key=lambda accepted: accepted.expires)
        if not entry.holds(today):
            words = f"{judgement.reason}; {entry.source} accepted it until {entry.expires}"
            return replace(judgement, reason=words)
        return replace(judgement, deviation=entry.as_deviation())

    def _not_loaded(self, claim: Claim, error: ArtifactError) -> Judgement:
        """An artifact that doesn't load fails every claim, unless its not loading is declared."""
        reason = self.declared_not_to_load(claim.case)
        if reason is None or claim.name is ClaimName.LOADS:
            refused = claim.name is ClaimName.LOADS
            return replace(_without(claim, Verdict.FAIL, error), refused=refused)
        return _without(claim, Verdict.UNMEASURED, reason)

    def declared_not_to_load(self, case: Case) -> Absent | None:
        """Why nothing is measured of a case where a deviation declares that it doesn't load."""
        claims = [c for c in self.plan.claims if c.case == case and c.name is ClaimName.LOADS]
        for claim in claims:
            declared = self.plan.deviation_of(claim, self.settings.today)
            if declared is not None:
                return Absent(f"it doesn't load, as {declared.source} declares")
        return None

    def deviation_status(self, deviation: Deviation) -> tuple[Verdict, str]:
        """Whether a declared deviation still matches a failure that was seen, and why."""
        if self.settings.today > deviation.expires:
            return Verdict.FAIL, (
                f"{deviation.source}: the deviation expired on {deviation.expires}; mend what it"
                f" excuses ({deviation.reason}) and remove it, or review it anew"
            )
        claims = next(c for _, d, c in self.plan.deviations() if d == deviation)
        judgements = [self.judge(claim) for claim in claims]
        if deviation.verdict is Verdict.INCONCLUSIVE:
            matching = [told(j) for j in judgements if j.verdict is Verdict.INCONCLUSIVE]
            against = [told(j) for j in judgements if j.shows_failure or j.verdict is Verdict.PASS]
        else:
            matching = [told(j) for j in judgements if j.shows_failure]
            against = [told(j) for j in judgements if j.verdict is Verdict.PASS]
        if matching:
            return Verdict.PASS, f"{deviation.source}: it still declares that {matching[0]}"
        if not against:
            first = next(
                (j for j in judgements if j.verdict is Verdict.INCONCLUSIVE), judgements[0]
            )
            lacking = first.verdict is Verdict.INCONCLUSIVE
            return (
                Verdict.INCONCLUSIVE if lacking else Verdict.UNMEASURED,
                f"{deviation.source}: nothing it covers is decided: {first.reason}",
            )
        return Verdict.FAIL, (
            f"{deviation.source}: the deviation matches nothing any more: {against[0]}; remove it"
        )


def _without(claim: Claim, verdict: Verdict, error: Exception) -> Judgement:
    """A judgement without a measurement."""
    return Judgement(claim=claim, verdict=verdict, reason=str(error))
