"""The words of the house, as frozen dataclasses and enums.

Everything imports this; it imports nothing.

Units stand in the names; ratios are candidate/reference; a drop is reference - candidate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal, TypeAlias

# Read by pydantic, which validates these dataclasses from TOML: a key nobody knows is an error.
STRICT: Final[dict[str, str]] = {"extra": "forbid"}

REFERENCE_VARIANT: Final = "fp32"

# Adapters that the worker has, and architectures by their Linux names.
ENGINES: Final = ("litert",)
ARCHITECTURES: Final = ("x86_64", "aarch64", "armv7l", "armv6l", "i686", "riscv64")


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
    """The claims a model.toml or a device profile can set a limit for."""

    LOADS = "loads"
    SIZE_RATIO = "size_ratio"
    MEAN_AUC_DROP = "mean_auc_drop"
    CLASS_AUC_DROP = "class_auc_drop"
    MIN_AUC = "min_auc"
    FINITE_OUTPUTS = "finite_outputs"
    LATENCY_P95_MS = "latency_p95_ms"
    LATENCY_RATIO = "latency_ratio"


@dataclass(frozen=True, kw_only=True)
class ClaimTraits:
    """What kind of claim it is.

    `flag` claims hold or don't, and their limit is `true`; `relative` ones compare with the
    reference, which is exempt from them; `timed` ones need `--benchmark`; `sentence` is the claim
    with `{subject}` and `{limit}` to fill in.
    """

    sense: Sense
    unit: str
    sentence: str
    flag: bool = False
    relative: bool = False
    per_class: bool = False
    needs_data: bool = False
    timed: bool = False


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
    ClaimName.MIN_AUC: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="AUC",
        sentence="{subject}: the mean AUC is at least {limit}",
        needs_data=True,
    ),
    ClaimName.FINITE_OUTPUTS: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="share",
        sentence="{subject}: every output is a finite number",
        flag=True,
        needs_data=True,
    ),
    ClaimName.LATENCY_P95_MS: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ms",
        sentence="{subject}: 95 % of inferences take at most {limit} ms",
        timed=True,
    ),
    ClaimName.LATENCY_RATIO: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ratio",
        sentence="{subject} takes at most {limit} of the reference's median time",
        relative=True,
        timed=True,
    ),
}


class Role(StrEnum):
    """What a split of a data set is for."""

    TRAIN = "train"
    CALIBRATION = "calibration"
    VALIDATION = "validation"
    EVALUATION = "evaluation"


@dataclass(frozen=True, kw_only=True)
class Preprocess:
    """From a decoded image to the network's input; the same for training, calibration, evaluation.

    An 8-bit image becomes grey (1 channel) or RGB (3), is resized to `size` (height, width), 0 to
    255 is mapped linearly to `scale`, then `(x - mean) / std` per channel. The layout adds a batch
    axis: NHWC (`last`) or NCHW (`first`). The result is float32.
    """

    __pydantic_config__ = STRICT
    color: Literal["grey", "rgb"]
    size: tuple[int, int]
    resize: Literal["nearest", "box", "bilinear", "bicubic", "lanczos"] = "bilinear"
    scale: tuple[float, float] = (0.0, 1.0)
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    channels: Literal["last", "first"] = "last"


@dataclass(frozen=True, kw_only=True)
class PhantomSource:
    """The embedded data set: generated chest-radiograph-like images with 14 findings."""

    __pydantic_config__ = STRICT
    source: Literal["phantom"]
    seed: int
    size: int
    images: Mapping[Role, int]


@dataclass(frozen=True, kw_only=True)
class ImageCsvSource:
    """A folder of images and a CSV that names them.

    `folder` lies below the data root (`EDGEASSAY_DATA`). Either `label` names one column, with
    `positive` for text labels, or `labels` names several columns of 0 and 1. `patient` (or `group`)
    names the column of what must be resampled and split as one. `splits` says which value of the
    split column serves which role.
    """

    __pydantic_config__ = STRICT
    source: Literal["image-csv"]
    folder: str
    csv: str = "labels.csv"
    image: str = "image"
    label: str | None = None
    positive: str | None = None
    labels: tuple[str, ...] = ()
    patient: str | None = None
    group: str | None = None
    split: str = "split"
    splits: Mapping[Role, str] = field(default_factory=dict)

    @property
    def classes(self) -> tuple[str, ...]:
        """The label columns, or the one positive label (or column) of a binary task."""
        return self.labels or ((self.positive or self.label or ""),)


DataSource: TypeAlias = PhantomSource | ImageCsvSource


@dataclass(frozen=True, kw_only=True)
class VariantSpec:
    """One compressed form of a model: the method and what it needs."""

    __pydantic_config__ = STRICT
    method: str
    calibration_images: int = 0


@dataclass(frozen=True, kw_only=True)
class RuntimeSpec:
    """What executes an artifact, with its options; `engine` names the worker's adapter."""

    __pydantic_config__ = STRICT
    engine: str = "litert"
    threads: int = 1
    kernels: Literal["xnnpack", "builtin", "reference"] = "xnnpack"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The number in a claim, and where it stands."""

    value: float
    source: str
    rationale: str | None = None


@dataclass(frozen=True, kw_only=True)
class LimitRule:
    """A limit as a file states it: for one variant or all, for one class or all."""

    claim: ClaimName
    limit: Limit
    variant: str | None = None
    class_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """A declared failure. What is None holds for all; the last day it holds is `expires`."""

    claim: ClaimName
    reason: str
    expires: date
    source: str
    variant: str | None = None
    runtime: str | None = None
    architecture: str | None = None
    device: str | None = None
    class_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """A folder `models/<id>/` as its model.toml declares it."""

    id: str
    title: str
    folder: Path
    file: str
    weights: Path
    preprocess: Preprocess
    data: DataSource | None
    classes: tuple[str, ...]
    variants: Mapping[str, VariantSpec]
    runtimes: Mapping[str, RuntimeSpec]
    limits: tuple[LimitRule, ...]
    deviations: tuple[Deviation, ...]


@dataclass(frozen=True, kw_only=True)
class Match:
    """How a device profile recognises its machine: every given shell-style pattern must match."""

    __pydantic_config__ = STRICT
    any: bool = False
    architecture: str | None = None
    cpu_model: str | None = None
    hostname: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How latency is measured.

    In each of `processes` fresh workers, variant and reference take turns for `rounds` rounds
    after `warmup_rounds` that are thrown away. A worker silent for `timeout_s` counts as hung.
    A p95 from fewer than `min_rounds` rounds is inconclusive.
    """

    __pydantic_config__ = STRICT
    processes: int
    rounds: int
    warmup_rounds: int
    min_rounds: int
    timeout_s: float


@dataclass(frozen=True, kw_only=True)
class DeviceSpec:
    """A hardware profile: how to recognise it, its workers by engine, its limits by model."""

    id: str
    title: str
    file: str
    match: Match
    workers: Mapping[str, tuple[str, ...]]
    timing: Timing
    limits: Mapping[str, tuple[LimitRule, ...]]


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
    """A value with its unit; `low` and `high` bound it where an interval is known; `n` samples."""

    value: float
    unit: str
    n: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A claim, what was measured, and what can be said."""

    claim: Claim
    verdict: Verdict
    reason: str
    measurement: Measurement | None = None
    reference: float | None = None
    deviation: Deviation | None = None
    kind: Kind = Kind.MEASURED

    @property
    def shows_failure(self) -> bool:
        """Whether the claim was seen to be false: measured, or an artifact that doesn't load.

        A claim that fails because something else broke (a crash, an unusable output) shows
        nothing about the claim, and no deviation excuses it.
        """
        seen = self.measurement is not None or self.claim.name is ClaimName.LOADS
        return self.verdict is Verdict.FAIL and seen
