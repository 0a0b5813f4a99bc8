"""Claims: what must hold of which case, what was measured, and what can be said.

Units stand in the names; ratios are candidate/reference; a drop is reference - candidate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from edgeassay.spec.data import Task
from edgeassay.spec.processor import CpuRule
from edgeassay.spec.sensible import Sensible


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
    PARAMETERS_RATIO = "parameters_ratio"
    MACS_RATIO = "macs_ratio"
    MEAN_AUC_DROP = "mean_auc_drop"
    CLASS_AUC_DROP = "class_auc_drop"
    SUBGROUP_AUC_DROP = "subgroup_auc_drop"
    MIN_AUC = "min_auc"
    WIDER_AUC_GAIN = "wider_auc_gain"
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
    MEAN_DICE_DROP = "mean_dice_drop"
    MIN_DICE = "min_dice"
    MEAN_IOU_DROP = "mean_iou_drop"
    BOUNDARY_DICE_DROP = "boundary_dice_drop"
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
    WIDER_LATENCY_RATIO = "wider_latency_ratio"
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

    `flag` claims hold or don't, and their limit is `true`; those `of_file` are about an artifact's
    bytes, and nothing has to run for them; `relative` ones compare with the reference, which is
    exempt from them; `timed` ones need `--benchmark`; a limit of what is
    `of_device` (milliseconds, megabytes) stands in a device profile; those `of_baseline` compare
    with what was promoted, and compare.toml has their limits; those `of_parity` compare with the
    same artifact on the model's parity runtime; those `of_maps` with the reference variant's
    occlusion maps, whatever drops are taken against; those `of_widths` with the next wider
    sub-network, where a variant names one; `task` is what a network must be for to have it claimed,
    None where any can; `sentence` is the claim with `{subject}` and `{limit}` to fill in; a limit
    that isn't `sensible` is refused.
    """

    sense: Sense
    unit: str
    sensible: Sensible
    sentence: str
    flag: bool = False
    of_file: bool = False
    relative: bool = False
    per_class: bool = False
    needs_data: bool = False
    timed: bool = False
    of_device: bool = False
    of_baseline: bool = False
    of_parity: bool = False
    of_maps: bool = False
    of_widths: bool = False
    task: Task | None = None

    @property
    def needs_execution(self) -> bool:
        """Whether it is about outputs or times, which what is only compiled has none of."""
        return self.needs_data or self.timed or self.of_parity


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
    cpu: CpuRule = field(default_factory=CpuRule)
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
    cpu: CpuRule = field(default_factory=CpuRule)
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
