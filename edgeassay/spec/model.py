"""Models as their files declare them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from edgeassay.spec.claims import ClaimName, Deviation, LimitRule
from edgeassay.spec.data import STRICT, DataSource, Decoding, InputShapes, Preprocess, Task, task_of
from edgeassay.spec.pruning import Pruning
from edgeassay.spec.runtimes import RuntimeSpec


@dataclass(frozen=True, kw_only=True)
class Training:
    """How a variant is fine-tuned on the training split: `epochs` over it (or over a drawn part of
    so many `images`) in steps of `batch`, Adam with a cosine decay from `learning_rate`. By chance
    an image is flipped (`flip`), and shifted by a share of `shift` at most. With `weight_classes`
    positives and negatives weigh the same.

    Ranges begin as they are over `range_images` of it. All that is random comes from `seed`.
    """

    __pydantic_config__ = STRICT
    epochs: int
    learning_rate: float
    batch: int = 32
    seed: int = 0
    flip: bool = False
    shift: float = 0.0
    weight_classes: bool = False
    images: int | None = None
    range_images: int = 256


@dataclass(frozen=True, kw_only=True)
class VariantSpec:
    """One compressed form of a model: the method that makes it and what that needs, or an artifact
    that came from elsewhere (relative to the model's folder), with the digest of its bytes.

    `network` is another trained network than the model's own (a file beside model.toml, a pruned
    one for instance) that the method is applied to; `pruning` says how that is made.
    `per_tensor_dense` gives the weights of a dense layer one scale together, for older runtimes;
    `per_tensor` those of every layer. Of a trained one, `weights` is the file of what was trained
    (beside model.toml), `training` how, and `exclude` has patterns of layers that stay float.
    Of a mixed variant, `layers` names the precision of single layers, `others` that of the rest.
    `wider` names the next wider sub-network of the same weights, which a narrower one is held
    against. One `on_request` is taken only where it is named.
    """

    __pydantic_config__ = STRICT
    method: str | None = None
    network: str | None = None
    pruning: Pruning | None = None
    calibration_images: int = 0
    per_tensor_dense: bool = False
    per_tensor: bool = False
    weights: str | None = None
    training: Training | None = None
    exclude: tuple[str, ...] = ()
    others: str | None = None
    layers: Mapping[str, str] = field(default_factory=dict)
    artifact: str | None = None
    sha256: str | None = None
    wider: str | None = None
    on_request: bool = False

    @property
    def suffix(self) -> str:
        """What its file's name ends in, which is its format."""
        return ".tflite" if self.artifact is None else PurePosixPath(self.artifact).suffix


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What drops and ratios are taken against: a variant of the same run. For drops it may be a
    file of predictions instead (relative to the model's folder), such as the original network's.
    `runtime`, on the machine that runs the suite, is what others are held against for parity.
    """

    __pydantic_config__ = STRICT
    variant: str = "fp32"
    predictions: str | None = None
    runtime: str = "litert"


@dataclass(frozen=True, kw_only=True)
class RandomInputs:
    """Seeded inputs for what needs no data: uniform over `range`, or over an input's own in
    `ranges`; `rows` of them show whether outputs are finite.
    """

    __pydantic_config__ = STRICT
    rows: int = 16
    range: tuple[float, float] = (-1.0, 1.0)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """Where the product cuts scores into decisions: positive when a score is `rule` the threshold.

    `threshold` is the product's number, for every class, or `thresholds` by class. Without them it
    is fixed on the reference's validation split: the highest with at least `sensitivity` there, or
    the one with the largest sum of sensitivity and specificity (Youden 1950).
    """

    __pydantic_config__ = STRICT
    rule: Literal[">=", ">"] = ">="
    threshold: float | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    sensitivity: float | None = None

    @property
    def given(self) -> bool:
        """Whether the product's own thresholds are known."""
        return self.threshold is not None or bool(self.thresholds)


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """How much evidence a verdict needs.

    Bounds are one-sided with `confidence`. Planning figures are for a chance of `power` to pass.
    An AUC of fewer patients with a positive image than `min_positives`, or without than
    `min_negatives`, is inconclusive. `resamples` is how often patients are drawn anew where no
    formula gives an interval. All claims of `co_primary` must hold for a case to be called good.
    """

    __pydantic_config__ = STRICT
    confidence: float
    power: float
    min_positives: int
    min_negatives: int
    resamples: int
    co_primary: tuple[ClaimName, ...]


@dataclass(frozen=True, kw_only=True)
class Saliency:
    """How occlusion maps are made (Zeiler and Fergus 2014), and how much evidence about them a
    verdict needs.

    On a sample of so many `images` of the evaluation split, one a patient, a square of `patch` of
    the image's shorter side moves by `stride` of it. The `top` share of a map's positions is what
    matters most. An image on which the reference's score moves by less than `least_range` is left
    out. Fewer patients than `min_patients` are inconclusive.
    """

    __pydantic_config__ = STRICT
    images: int
    patch: float
    stride: float
    top: float
    least_range: float
    min_patients: int


@dataclass(frozen=True, kw_only=True)
class Segmentation:
    """What a segmentation network's outputs mean, and how much evidence about them a verdict needs.

    A pixel is marked where its output is `rule` the `threshold`. Where an image's mask has no pixel
    of a class, an output that marks none counts as 1 and any other as 0 (`empty` is "one"), or the
    class is left out of that image ("skip"). Boundaries meet where they lie no further apart than
    `tolerance_px`, in pixels of the mask. Fewer patients than `min_patients` are inconclusive.
    """

    __pydantic_config__ = STRICT
    threshold: float
    rule: Literal[">=", ">"]
    empty: Literal["one", "skip"]
    tolerance_px: float
    min_patients: int


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """A folder `models/<id>/` as its model.toml declares it.

    `weights` is the trained network: a .keras, a SavedModel's folder or a float .tflite; None where
    every variant is an artifact from elsewhere. `preprocess` is None where there is no data.
    `shapes` is what inputs are given whose sizes a file leaves open: an image's, or what `shape`
    declares. `signature` names the graph in the files that is judged; None is their main graph.
    """

    id: str
    title: str
    folder: Path
    file: str
    weights: Path | None
    preprocess: Preprocess | None
    shapes: InputShapes
    signature: str | None
    data: DataSource | None
    classes: tuple[str, ...]
    variants: Mapping[str, VariantSpec]
    reference: Reference
    random_inputs: RandomInputs
    runtimes: Mapping[str, RuntimeSpec]
    operating_point: OperatingPoint
    statistics: Statistics
    saliency: Saliency
    segmentation: Segmentation
    limits: tuple[LimitRule, ...]
    deviations: tuple[Deviation, ...]

    @property
    def task(self) -> Task:
        """What its network is for."""
        return task_of(self.data)

    @property
    def decoding(self) -> Decoding:
        """How its image files are decoded."""
        return Decoding() if self.preprocess is None else self.preprocess.decoding

    def network(self, variant: str) -> Path:
        """The trained network that a variant is made from: its own, or the model's."""
        named = self.variants[variant].network
        if named is not None:
            return self.folder / named
        assert self.weights is not None, "a model with variants to make has weights"
        return self.weights
