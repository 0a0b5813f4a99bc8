"""What is found out about each variant: size, whether it runs, quality on the validation split, and
time on this device.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from edgeassay.advising.candidates import Candidate, LeftOut, Reason, Standing
from edgeassay.assay import Assay
from edgeassay.build import seed_of
from edgeassay.claims import MEASURES
from edgeassay.errors import (
    Absent,
    ArtifactError,
    BuildFailed,
    MeasurementError,
    WorkerError,
)
from edgeassay.measure.fit import load_artifact
from edgeassay.measure.latency import timed_rounds
from edgeassay.measure.random_inputs import random_inputs
from edgeassay.spec import (
    TRAITS,
    Advising,
    Case,
    Claim,
    ClaimName,
    Judgement,
    Limit,
    Measurement,
    VariantSpec,
    Verdict,
)

# Claims that nobody chooses by: they take minutes, or hold two candidates against each other.
ASIDE: Final = frozenset(
    {
        ClaimName.SUSTAINED_P95_MS,
        ClaimName.SUSTAINED_RATIO,
        ClaimName.END_TO_END_P95_MS,
        ClaimName.WIDER_AUC_GAIN,
        ClaimName.WIDER_LATENCY_RATIO,
    }
)
NEEDED: Final = frozenset({ClaimName.LOADS, ClaimName.FINITE_OUTPUTS, ClaimName.MEAN_AUC_DROP})
CHANCE: Final = 0.5  # the AUC of scores that say nothing
NO_LIMIT: Final = Limit(value=1.0, source="no limit: it is looked at")


@dataclass(frozen=True, kw_only=True)
class Found:
    """All candidates, the reference first, and what is left out; why quality or speed is unmeasured
    where it is.
    """

    candidates: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...]
    no_quality: str | None
    no_times: str | None


class Bench:
    """Finds out about the variants of one model on a runtime of this device."""

    def __init__(
        self,
        assay: Assay,
        case: Case,
        variants: Mapping[str, VariantSpec],
        declared: frozenset[str],
        least_auc: Limit | None = None,
    ) -> None:
        self.assay = assay
        self._reference = case
        self._variants = variants
        self._declared = declared
        self._least_auc = least_auc
        self._left: list[LeftOut] = []
        self._no_quality: str | None = None
        self._no_times: str | None = None

    def find(self, settings: Advising, *, slow_too: bool) -> Found:
        """What there is to choose from. BuildFailed, ArtifactError or Absent where the reference
        itself can't be had or doesn't run here.
        """
        names = self._running()
        if not slow_too:
            names = self._fast_enough(names, settings)
        candidates = [self._candidate(name) for name in names]
        return Found(
            candidates=tuple(self._with_times(candidates)),
            left_out=tuple(self._left),
            no_quality=self._no_quality,
            no_times=self._no_times,
        )

    def _case(self, name: str) -> Case:
        return replace(self._reference, variant=name)

    def _leave(self, name: str, reason: Reason, words: str) -> None:
        self._left.append(LeftOut(name=name, reason=reason, words=words))

    def _running(self) -> list[str]:
        """The variants that can be made and that the runtime loads, the reference first."""
        whole = self._reference.variant
        names = sorted(self._variants, key=lambda name: name != whole)
        rig, kept = self.assay.rig, []
        rig.build(self._reference.model, names)
        for name in names:
            try:
                rig.artifact(self._case(name))
                rig.loaded(self._case(name))
            except (Absent, ArtifactError, BuildFailed, MeasurementError, WorkerError) as error:
                if name == whole or (isinstance(error, Absent) and not self._is_of_data(name)):
                    raise
                built = (self._reference.model, name) in rig.artifacts
                words = str(error).removeprefix(f"{self._reference.model}/{name}: ")
                self._leave(name, Reason.REFUSED if built else Reason.NOT_BUILT, words)
            else:
                kept.append(name)
        return kept

    def _is_of_data(self, name: str) -> bool:
        """Whether what is absent of a variant is data to calibrate it, and not the runtime."""
        return self._variants[name].calibration_images > 0

    def _fast_enough(self, names: Sequence[str], settings: Advising) -> list[str]:
        """The variants without those that are hopelessly slow and not even the smallest."""
        times = {name: self._quick_time(name, settings.slow_rounds) for name in names}
        sizes = {name: self._size(name) for name in names}
        fast = [name for name in names if times[name] <= settings.slow]
        kept = []
        for name in names:
            smaller = [other for other in fast if sizes[other] < sizes[name]]
            if name in fast or not smaller:
                kept.append(name)
                continue
            least = min(smaller, key=lambda other: sizes[other])
            words = (
                f"{times[name]:.0f} times slower than {self._reference.variant}, and {least} is"
                " smaller; --slow evaluates it all the same"
            )
            self._leave(name, Reason.NOT_EVALUATED, words)
        return kept

    def _size(self, name: str) -> int:
        return self.assay.rig.artifact(self._case(name)).size_bytes

    def _quick_time(self, name: str, rounds: int) -> float:
        """Its time by the reference's in a few inferences; 1 for what isn't timed."""
        rig, case = self.assay.rig, self._case(name)
        if name == self._reference.variant:
            return 1.0
        try:
            rig.check_timed(case)
            with rig.lend_worker(case) as worker:
                seed, settings = seed_of(case.id), rig.model(case).random_inputs
                loaded, inputs = [], []
                for number, one in enumerate((case, self._reference)):
                    artifact = rig.artifact(one)
                    made = load_artifact(worker, artifact, rig.runtime(one), f"artifact-{number}")
                    loaded.append(made)
                    inputs.append(random_inputs(made, settings, seed))
                durations = timed_rounds(worker, loaded, inputs, rounds, 1).durations
        except (Absent, MeasurementError, WorkerError):
            return 1.0  # what is wrong with it is found, and said, where it is measured
        least = durations.min(axis=1)  # what others do to the machine only adds to it
        return float(least[0] / least[1])

    def _candidate(self, name: str) -> Candidate:
        """A variant with what it is judged by, but for its time."""
        case, is_reference = self._case(name), name == self._reference.variant
        judged = [self.assay.judge(c) for c in self.assay.plan.claims if _counts(c, case)]
        drop = next((j for j in judged if j.claim.name is ClaimName.MEAN_AUC_DROP), None)
        if drop is not None and drop.verdict is Verdict.UNMEASURED:
            self._no_quality = drop.reason
        measured = None if drop is None else drop.measurement
        lost = self._lost(case) if is_reference else None
        standing = standing_of(judged, is_reference=is_reference)
        auc = None
        if is_reference:
            auc = self._auc(case)
        elif drop is not None and drop.reference is not None and measured is not None:
            auc = drop.reference - measured.value
        return Candidate(
            name=name,
            spec=self._variants[name],
            size_bytes=self._size(name),
            standing=Standing.UNSHOWN if lost else standing,
            declared=name in self._declared,
            is_reference=is_reference,
            auc=auc,
            drop=measured,
            broken=tuple(_words(j) for j in judged if _is_broken(j)),
            unshown=(lost,)
            if lost
            else tuple(_words(j) for j in judged if j.verdict is Verdict.INCONCLUSIVE),
        )

    def _auc(self, case: Case) -> float | None:
        measured = self._auc_measured(case)
        return None if measured is None else measured.value

    def _auc_measured(self, case: Case) -> Measurement | None:
        """The mean AUC; None where it can't be taken."""
        claim = Claim(name=ClaimName.MIN_AUC, case=case, limit=NO_LIMIT)
        try:
            return MEASURES[claim.name](self.assay.evidence, claim)[0]
        except (Absent, MeasurementError, WorkerError):
            return None

    def _lost(self, case: Case) -> str | None:
        """Why nothing can be chosen by what is lost against the reference: it finds nothing to
        begin with, or less than is asked of the network whose data these are.
        """
        measured, least = self._auc_measured(case), self._least_auc
        if measured is None or measured.low is None or measured.high is None:
            return None
        words = f"{case.variant} itself has an AUC of {measured.value:.3f} on these images"
        remedy = "are labels, [preprocess] and its `scale` what the network was trained with?"
        if measured.low <= CHANCE:
            return f"{words}, as guessing may have, and what finds nothing loses nothing; {remedy}"
        if least is not None and measured.high < least.value:
            return f"{words}, where {least.source} asks for {least.value:g}; {remedy}"
        return None

    def _with_times(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The candidates with their times, each in turn with the reference."""
        others = [self._timed(c) for c in candidates if not c.is_reference]
        whole = candidates[0]
        known = [self.assay.evidence.timings.known(self._case(c.name)) for c in others]
        turns = [d.reference.durations for d in known if d is not None and d.reference is not None]
        if turns:
            p50 = float(np.median(np.concatenate([t.ravel() for t in turns]))) / 1e6
            whole = replace(whole, p50_ms=p50)
        return [whole, *others]

    def _timed(self, candidate: Candidate) -> Candidate:
        case = self._case(candidate.name)
        claim = Claim(name=ClaimName.LATENCY_RATIO, case=case, limit=NO_LIMIT)
        try:
            self.assay.rig.check_timed(case)
            ratio, _ = MEASURES[claim.name](self.assay.evidence, claim)
        except Absent as error:
            self._no_times = str(error)
            return candidate
        except (MeasurementError, WorkerError) as error:
            return replace(
                candidate, standing=Standing.FAILS, broken=(*candidate.broken, str(error))
            )
        p50 = self.assay.evidence.timings.durations(case).candidate.p50_ms
        return replace(candidate, ratio=ratio, p50_ms=p50)


def _counts(claim: Claim, case: Case) -> bool:
    """Whether a variant is chosen by a claim of its case."""
    traits = TRAITS[claim.name]
    return claim.case == case and claim.name not in ASIDE and not traits.of_parity


def _is_broken(judgement: Judgement) -> bool:
    return judgement.verdict is Verdict.FAIL and judgement.deviation is None


def _words(judgement: Judgement) -> str:
    """A claim that doesn't hold, or isn't shown to, in a few words."""
    claim, measured = judgement.claim, judgement.measurement
    name = claim.name + (f" of {claim.class_name}" if claim.class_name else "")
    if measured is None:
        return f"{name}: {judgement.reason}"
    if measured.insufficient is not None:
        return f"{name}: {measured.insufficient}"
    bounds = [b for b in (measured.low, measured.high) if b is not None]
    between = f" ({' to '.join(f'{b:.3g}' for b in bounds)})" if bounds else ""
    return f"{name} {measured.value:.3g}{between}, limit {claim.limit.value:g}"


def standing_of(judged: Sequence[Judgement], *, is_reference: bool) -> Standing:
    """What claims make of a variant: what breaks one fails; what is needed must be shown. A
    deviation can declare a failure, but a declared lack of evidence shows nothing.
    """
    if any(_is_broken(j) for j in judged):
        return Standing.FAILS
    needed = [
        j
        for j in judged
        if j.claim.name in NEEDED and (j.deviation is None or j.verdict is Verdict.INCONCLUSIVE)
    ]
    verdicts = {j.verdict for j in needed}
    if Verdict.INCONCLUSIVE in verdicts:
        return Standing.UNSHOWN
    if verdicts <= {Verdict.PASS} and (is_reference or needed):
        return Standing.HOLDS
    return Standing.UNMEASURED
