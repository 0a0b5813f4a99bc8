"""Claims: what must hold of which case, what was measured, and what can be said.

Units stand in the names; ratios are candidate/reference; a drop is reference - candidate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """What can honestly be said of a claim."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    UNMEASURED = "unmeasured"
    INCOMPARABLE = "incomparable"


class Kind(StrEnum):
    """How a number came to be; kinds are never mixed."""

    MEASURED = "measured"
    EMULATED = "emulated"
    SOFTWARE = "software"
    ESTIMATED = "estimated"


class Sense(StrEnum):
    """On which side of its limit a measurement must lie; the limit itself holds."""

    AT_MOST = "at most"
    AT_LEAST = "at least"


class ClaimName(StrEnum):
    """The claims that a file sets a limit for: a model.toml or a device profile, and for those
    against a baseline a compare.toml.
    """

    LOADS = "loads"
    SIZE_RATIO = "size_ratio"
    MEAN_AUC_DROP = "mean_auc_drop"
    CLASS_AUC_DROP = "class_auc_drop"
    SUBGROUP_AUC_DROP = "subgroup_auc_drop"
    MIN_AUC = "min_auc"
    SENSITIVITY_DROP = "sensitivity_drop"
    SPECIFICITY_DROP = "specificity_drop"
    MIN_SENSITIVITY = "min_sensitivity"
    MIN_SPECIFICITY = "min_specificity"
    POSITIVE_FLIP_RATE = "positive_flip_rate"
    NEGATIVE_FLIP_RATE = "negative_flip_rate"
    BRIER_DRIFT = "brier_drift"
    ECE_DRIFT = "ece_drift"
    SCORE_SHIFT_MEDIAN = "score_shift_median"
    SCORE_SHIFT_P99 = "score_shift_p99"
    SCORE_SHIFT_MAX = "score_shift_max"
    MIN_SALIENCY_CORRELATION = "min_saliency_correlation"
    MIN_SALIENCY_OVERLAP = "min_saliency_overlap"
    FINITE_OUTPUTS = "finite_outputs"
    DELEGATED_SHARE = "delegated_share"
    ARENA_KB = "arena_kb"
    NPU_SRAM_KB = "npu_sram_kb"
    PARITY_LSB = "parity_lsb"
    PARITY_DIFFERENCE = "parity_difference"
    LATENCY_P95_MS = "latency_p95_ms"
    LATENCY_RATIO = "latency_ratio"
    INIT_MS = "init_ms"
    FIRST_INFERENCE_MS = "first_inference_ms"
    END_TO_END_P95_MS = "end_to_end_p95_ms"
    SUSTAINED_P95_MS = "sustained_p95_ms"
    SUSTAINED_RATIO = "sustained_ratio"
    PEAK_MEMORY_MB = "peak_memory_mb"
    BASELINE_LATENCY_RATIO = "baseline_latency_ratio"
    BASELINE_SIZE_RATIO = "baseline_size_ratio"
    BASELINE_CYCLES_RATIO = "baseline_cycles_ratio"
    BASELINE_AUC_DROP = "baseline_auc_drop"
    RELEASED_AUC_DROP = "released_auc_drop"


@dataclass(frozen=True, kw_only=True)
class ClaimTraits:
    """What kind of claim it is.

    `flag` claims hold or don't, and their limit is `true`; `relative` ones compare with the
    reference, which is exempt from them; `timed` ones need `--benchmark`; a limit of what is
    `of_device` (milliseconds, megabytes) stands in a device profile; those `of_baseline` compare
    with what was promoted, and compare.toml has their limits; those `of_parity` compare with the
    same artifact on the model's parity runtime; those `of_maps` with the reference variant's
    occlusion maps, whatever drops are taken against; `sentence` is the claim with `{subject}` and
    `{limit}` to fill in.
    """

    sense: Sense
    unit: str
    sentence: str
    flag: bool = False
    relative: bool = False
    per_class: bool = False
    needs_data: bool = False
    timed: bool = False
    of_device: bool = False
    of_baseline: bool = False
    of_parity: bool = False
    of_maps: bool = False

    @property
    def needs_execution(self) -> bool:
        """Whether it is about outputs or times, which what is only compiled has none of."""
        return self.needs_data or self.timed or self.of_parity


TRAITS: Final[Mapping[ClaimName, ClaimTraits]] = {
    ClaimName.LOADS: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="flag",
        sentence="{subject} loads and runs once",
        flag=True,
    ),
    ClaimName.SIZE_RATIO: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ratio",
        sentence="{subject} has at most {limit} of the reference's bytes",
        relative=True,
    ),
    ClaimName.MEAN_AUC_DROP: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="AUC",
        sentence="{subject}: the mean AUC drops by at most {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.CLASS_AUC_DROP: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="AUC",
        sentence="{subject}: the class's AUC drops by at most {limit}",
        relative=True,
        per_class=True,
        needs_data=True,
    ),
    ClaimName.SUBGROUP_AUC_DROP: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="AUC",
        sentence="{subject}: no subgroup's AUC drops by more than {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.MIN_AUC: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="AUC",
        sentence="{subject}: the mean AUC is at least {limit}",
        needs_data=True,
    ),
    ClaimName.SENSITIVITY_DROP: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="share",
        sentence="{subject}: sensitivity at the operating threshold drops by at most {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.SPECIFICITY_DROP: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="share",
        sentence="{subject}: specificity at the operating threshold drops by at most {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.MIN_SENSITIVITY: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="share",
        sentence="{subject}: sensitivity at the operating threshold is at least {limit}",
        needs_data=True,
    ),
    ClaimName.MIN_SPECIFICITY: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="share",
        sentence="{subject}: specificity at the operating threshold is at least {limit}",
        needs_data=True,
    ),
    ClaimName.POSITIVE_FLIP_RATE: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="share",
        sentence="{subject}: of the positives at most {limit} get another decision",
        relative=True,
        needs_data=True,
    ),
    ClaimName.NEGATIVE_FLIP_RATE: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="share",
        sentence="{subject}: of the negatives at most {limit} get another decision",
        relative=True,
        needs_data=True,
    ),
    ClaimName.BRIER_DRIFT: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="Brier",
        sentence="{subject}: the Brier score grows by at most {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.ECE_DRIFT: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ECE",
        sentence="{subject}: the expected calibration error grows by at most {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.SCORE_SHIFT_MEDIAN: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="score",
        sentence="{subject}: half of the images get scores that move by at most {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.SCORE_SHIFT_P99: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="score",
        sentence="{subject}: 99 % of the images get scores that move by at most {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.SCORE_SHIFT_MAX: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="score",
        sentence="{subject}: none of these images' scores moves by more than {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.MIN_SALIENCY_CORRELATION: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="rank correlation",
        sentence="{subject}: its occlusion maps rank places as the reference's do, with a mean"
        " correlation of at least {limit}",
        relative=True,
        needs_data=True,
        of_maps=True,
    ),
    ClaimName.MIN_SALIENCY_OVERLAP: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="share",
        sentence="{subject}: of the places that matter most to the reference at least {limit}"
        " matter most to it too",
        relative=True,
        needs_data=True,
        of_maps=True,
    ),
    ClaimName.FINITE_OUTPUTS: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="share",
        sentence="{subject}: every output is a finite number",
        flag=True,
        needs_data=True,
    ),
    ClaimName.DELEGATED_SHARE: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="share",
        sentence="{subject}: the delegate took at least {limit} of the graph's nodes",
    ),
    ClaimName.ARENA_KB: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="kB",
        sentence="{subject} works in an arena of at most {limit} kB",
    ),
    ClaimName.NPU_SRAM_KB: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="kB",
        sentence="{subject} takes at most {limit} kB of the accelerator's SRAM",
    ),
    ClaimName.PARITY_LSB: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="LSB",
        sentence="{subject}: no output differs by more than {limit} output steps from the parity"
        " runtime's",
        of_parity=True,
    ),
    ClaimName.PARITY_DIFFERENCE: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="score",
        sentence="{subject}: no output differs by more than {limit} from the parity runtime's",
        of_parity=True,
    ),
    ClaimName.LATENCY_P95_MS: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ms",
        sentence="{subject}: 95 % of inferences take at most {limit} ms",
        timed=True,
        of_device=True,
    ),
    ClaimName.LATENCY_RATIO: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ratio",
        sentence="{subject} takes at most {limit} of the reference's median time",
        relative=True,
        timed=True,
    ),
    ClaimName.INIT_MS: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ms",
        sentence="{subject} is ready in at most {limit} ms in half of all fresh processes",
        timed=True,
        of_device=True,
    ),
    ClaimName.FIRST_INFERENCE_MS: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ms",
        sentence="{subject}: the first inference takes at most {limit} ms in half of all fresh"
        " processes",
        timed=True,
        of_device=True,
    ),
    ClaimName.END_TO_END_P95_MS: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ms",
        sentence="{subject}: 95 % of images take at most {limit} ms from file to scores",
        needs_data=True,
        timed=True,
        of_device=True,
    ),
    ClaimName.SUSTAINED_P95_MS: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ms",
        sentence="{subject}: at the end of a long run 95 % of inferences take at most {limit} ms",
        timed=True,
        of_device=True,
    ),
    ClaimName.SUSTAINED_RATIO: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ratio",
        sentence="{subject} takes at the end of a long run at most {limit} of its time at the"
        " beginning",
        timed=True,
    ),
    ClaimName.PEAK_MEMORY_MB: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="MB",
        sentence="{subject} makes its process grow by at most {limit} MB",
        timed=True,
        of_device=True,
    ),
    ClaimName.BASELINE_LATENCY_RATIO: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ratio",
        sentence="{subject} takes at most {limit} of the baseline's median time",
        timed=True,
        of_baseline=True,
    ),
    ClaimName.BASELINE_SIZE_RATIO: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ratio",
        sentence="{subject} has at most {limit} of the baseline's bytes",
        of_baseline=True,
    ),
    ClaimName.BASELINE_CYCLES_RATIO: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ratio",
        sentence="{subject} takes at most {limit} of the baseline's estimated cycles",
        of_baseline=True,
    ),
    ClaimName.BASELINE_AUC_DROP: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="AUC",
        sentence="{subject}: the mean AUC drops by at most {limit} from the baseline's",
        needs_data=True,
        of_baseline=True,
    ),
    ClaimName.RELEASED_AUC_DROP: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="AUC",
        sentence="{subject}: the mean AUC drops by at most {limit} from that of the release",
        needs_data=True,
        of_baseline=True,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The number in a claim, and where it stands.

    Where less is `tolerated` than the value, the claim fails as soon as it is shown that more than
    that is measured, and passes only where more than the value is excluded.
    """

    value: float
    source: str
    rationale: str | None = None
    tolerated: float | None = None


@dataclass(frozen=True, kw_only=True)
class LimitRule:
    """A limit as a file states it: for what it names, and for all where it names none."""

    claim: ClaimName
    limit: Limit
    variant: str | None = None
    runtime: str | None = None
    architecture: str | None = None
    class_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """A declared failure, or a declared lack of evidence where `verdict` is inconclusive.

    What is None holds for all; the last day it holds is `expires`.
    """

    claim: ClaimName
    reason: str
    expires: date
    source: str
    verdict: Verdict = Verdict.FAIL
    variant: str | None = None
    runtime: str | None = None
    architecture: str | None = None
    device: str | None = None
    class_name: str | None = None


@dataclass(frozen=True, kw_only=True, order=True)
class Case:
    """Model x variant x runtime x device, by their ids."""

    model: str
    variant: str
    runtime: str
    device: str

    @property
    def id(self) -> str:
        """The name that tests, files and reports use; the device is the run's and left out."""
        return f"{self.model}-{self.variant}-{self.runtime}"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence that must hold of a case."""

    name: ClaimName
    case: Case
    limit: Limit
    class_name: str | None = None

    @property
    def id(self) -> str:
        """The case's id, with the class where the claim is about one."""
        return f"{self.case.id}-{self.class_name}" if self.class_name else self.case.id


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A value with its unit, over `n` samples.

    `low` and `high` are its lower and its upper bound, each one-sided with `confidence`; a value
    without either is exact (bytes, whether it loads), and where there is only one, the other isn't
    known: a verdict that needs it is inconclusive. `insufficient` says why no verdict can rest on
    it, whatever its bounds; `planning` what evidence would do; `detail` what else belongs to it.
    """

    value: float
    unit: str
    n: int
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    insufficient: str | None = None
    planning: str | None = None
    detail: str | None = None


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A claim, what was measured, and what can be said. `refused` is True where it is that an
    artifact loads, and the runtime said no.
    """

    claim: Claim
    verdict: Verdict
    reason: str
    measurement: Measurement | None = None
    reference: float | None = None
    deviation: Deviation | None = None
    kind: Kind = Kind.MEASURED
    refused: bool = False

    @property
    def shows_failure(self) -> bool:
        """Whether the claim was seen to be false: measured, or an artifact that was refused.

        A claim that fails because something else broke (a crash, an unusable output) shows
        nothing about the claim, and no deviation excuses it.
        """
        return self.verdict is Verdict.FAIL and (self.measurement is not None or self.refused)
