"""Data: where images come from, and how they become a network's input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal, TypeAlias

# Read by pydantic, which validates these dataclasses from TOML: a key nobody knows is an error.
STRICT: Final[dict[str, str]] = {"extra": "forbid"}


# Shapes that an input may be given, batch included, by its name or "" for each input: what counts
# where a file leaves sizes open. The first that fits is taken.
InputShapes: TypeAlias = Mapping[str, Sequence[Sequence[int]]]


class Role(StrEnum):
    """What a split of a data set is for."""

    TRAIN = "train"
    CALIBRATION = "calibration"
    VALIDATION = "validation"
    EVALUATION = "evaluation"


class Task(StrEnum):
    """What a network gives for an image: a score a class, or one a class and pixel."""

    CLASSIFICATION = "classification"
    SEGMENTATION = "segmentation"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """So many `images` of a split stand for it, at most; `source` is the option or key that says
    so.
    """

    images: int
    source: str


# The findings of ChestX-ray14 in the order of its authors (Wang et al. 2017).
CHEST_FINDINGS: Final = (
    "Atelectasis",
    "Cardiomegaly",
    "Effusion",
    "Infiltration",
    "Mass",
    "Nodule",
    "Pneumonia",
    "Pneumothorax",
    "Consolidation",
    "Edema",
    "Emphysema",
    "Fibrosis",
    "Pleural_Thickening",
    "Hernia",
)


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """Which of an image file's parts are used. A file with a part that a setting of None leaves
    open is refused: `orientation` is about EXIF's mark that an image is to be turned, `alpha` about
    transparent pixels, and `frame`, from 0, about files with several frames.
    """

    orientation: Literal["exif", "as-stored"] | None = None
    alpha: Literal["black", "white", "drop"] | None = None
    frame: int | None = None


@dataclass(frozen=True, kw_only=True)
class Preprocess(Decoding):
    """From an image file to the network's input; the same for training, calibration, evaluation.

    `orientation`, `alpha` and `frame` say which parts of the file are used, as `Decoding` has them.

    An image becomes grey (1 channel) or RGB (3), is resized to `size` (height, width), 0 to `white`
    (255 for 8-bit images and 65,535 for 16-bit ones, unless given) is mapped linearly to `scale`,
    then `(x - mean) / std` per channel. The layout adds a batch axis: NHWC (`last`) or NCHW
    (`first`). The result is float32.
    """

    __pydantic_config__ = STRICT
    color: Literal["grey", "rgb"]
    size: tuple[int, int]
    resize: Literal["nearest", "box", "bilinear", "bicubic", "lanczos"] = "bilinear"
    white: int | None = None
    scale: tuple[float, float] = (0.0, 1.0)
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    channels: Literal["last", "first"] = "last"

    @property
    def decoding(self) -> Decoding:
        """Which of an image file's parts are used."""
        return Decoding(orientation=self.orientation, alpha=self.alpha, frame=self.frame)


@dataclass(frozen=True, kw_only=True)
class PhantomSource:
    """The embedded data set: generated chest-radiograph-like images with 14 findings."""

    __pydantic_config__ = STRICT
    source: Literal["phantom"]
    seed: int
    size: int
    images: Mapping[Role, int]

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in the order of the network's scores."""
        return CHEST_FINDINGS


@dataclass(frozen=True, kw_only=True)
class ImageCsvSource:
    """A folder of images and a CSV that names them.

    `folder` lies below the data root (`EDGEASSAY_DATA`). Either `label` names one column (0 and
    1; or text, with `positive` or the `classes` in the order of the network's scores), or
    `labels` names several columns of 0 and 1, or `masks` names, by class in the order of the
    network's channels, the columns with the files of the pixels that belong to it. `patient`
    (or `group`) names the column of what must be resampled and split as one; `subgroups` name
    columns by whose values quality is judged too. `splits` says which value of the split column
    serves which role.
    """

    __pydantic_config__ = STRICT
    source: Literal["image-csv"]
    folder: str
    csv: str = "labels.csv"
    image: str = "image"
    label: str | None = None
    positive: str | None = None
    classes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    masks: Mapping[str, str] = field(default_factory=dict)
    patient: str | None = None
    group: str | None = None
    subgroups: tuple[str, ...] = ()
    split: str = "split"
    splits: Mapping[Role, str] = field(default_factory=dict)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in the order of the network's scores."""
        if self.masks:
            return tuple(self.masks)
        return self.labels or self.classes or ((self.positive or self.label or ""),)


@dataclass(frozen=True, kw_only=True)
class NpzSource:
    """An archive of arrays in MedMNIST's layout: `<split>_images` and `<split>_labels`.

    `file` lies below the data root; where it isn't there and `url` is given, it is downloaded once,
    and its bytes must have the digest `sha256`. One class: labels are 0 and 1. Several classes:
    labels are a class's number (one column) or 0 and 1 a class (as many columns as classes).
    """

    __pydantic_config__ = STRICT
    source: Literal["npz"]
    file: str
    classes: tuple[str, ...]
    url: str | None = None
    sha256: str | None = None
    splits: Mapping[Role, str] = field(default_factory=dict)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in the order of the network's scores."""
        return self.classes


@dataclass(frozen=True, kw_only=True)
class NihSource:
    """NIH ChestX-ray14 as published (Wang et al. 2017): `csv`, a pattern, names the table with the
    column `Finding Labels`; `test_list` the file with the official test images; the images lie
    anywhere below `folder`. What isn't on the test list is for training and calibration.
    """

    __pydantic_config__ = STRICT
    source: Literal["nih-chestxray14"]
    folder: str
    csv: str = "Data_Entry_2017*.csv"
    test_list: str = "test_list.txt"

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in the order of the network's scores."""
        return CHEST_FINDINGS


DataSource: TypeAlias = PhantomSource | ImageCsvSource | NpzSource | NihSource


def task_of(data: DataSource | None) -> Task:
    """What a network of such data is for; without data, to classify."""
    masks = isinstance(data, ImageCsvSource) and data.masks
    return Task.SEGMENTATION if masks else Task.CLASSIFICATION
