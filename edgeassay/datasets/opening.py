"""From a declaration to a data set, and the checks that every data set must pass."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from edgeassay.datasets.fetching import find_file
from edgeassay.datasets.image_csv import ImageCsv
from edgeassay.datasets.image_files import REFUSING
from edgeassay.datasets.nih import Nih
from edgeassay.datasets.npz import Npz
from edgeassay.datasets.phantom import Phantom
from edgeassay.datasets.split import Dataset, Split
from edgeassay.errors import Absent, ConfigError, DataError
from edgeassay.spec import (
    DataSource,
    Decoding,
    ImageCsvSource,
    NihSource,
    NpzSource,
    PhantomSource,
    Role,
)


class OpenData(Protocol):
    """Opens the data set of a declaration; Absent where it isn't on this machine."""

    def __call__(self, source: DataSource, *, decoding: Decoding) -> Dataset: ...


def open_dataset(
    source: DataSource,
    data_root: Path | None,
    *,
    decoding: Decoding = REFUSING,
    test_images: bool = True,
) -> Dataset:
    """The data set that a model declares, whose image files are decoded as it says; Absent where it
    isn't on this machine. Without `test_images`, those of the evaluation split needn't be there.
    """
    dataset = OPENERS[type(source)](source, data_root)
    if isinstance(dataset, (ImageCsv, Nih)):
        return replace(dataset, decoding=decoding, test_images=test_images)
    return dataset


def _folder(name: str, data_root: Path | None) -> Path:
    if data_root is None:
        raise Absent(
            f"the data set {name!r} isn't here: set EDGEASSAY_DATA to the folder that holds it"
        )
    root = data_root / name
    if not root.is_dir():
        raise Absent(
            f"the data set isn't here: {data_root} has no folder {name!r}; put it"
            " there, or set EDGEASSAY_DATA to the folder that holds it"
        )
    return root


def _open_phantom(source: PhantomSource, data_root: Path | None) -> Dataset:  # noqa: ARG001
    return Phantom(source)


def _open_image_csv(source: ImageCsvSource, data_root: Path | None) -> Dataset:
    return ImageCsv(source, _folder(source.folder, data_root))


def _open_npz(source: NpzSource, data_root: Path | None) -> Dataset:
    return Npz(source, find_file(source, data_root))


def _open_nih(source: NihSource, data_root: Path | None) -> Dataset:
    return Nih(source, _folder(source.folder, data_root))


# Each opener takes the declarations it stands beside, which a mapping's type can't say.
OPENERS: Final[Mapping[type, Callable[[Any, Path | None], Dataset]]] = {
    PhantomSource: _open_phantom,
    ImageCsvSource: _open_image_csv,
    NpzSource: _open_npz,
    NihSource: _open_nih,
}


def check_evaluation(dataset: Dataset) -> Split:
    """The evaluation split; DataError when no class has both positive and negative images in it, or
    one of several classes that exclude each other has no image at all.
    """
    split = dataset.splits[Role.EVALUATION]
    if split.masks is not None:
        return split  # what is drawn on an image is seen when its mask is opened
    positives = split.labels.sum(axis=0)
    if not any(0 < count < len(split) for count in positives):
        only = "negative" if positives[0] == 0 else "positive"
        raise DataError(
            f"{dataset.where}: all {len(split):,} images of split {split.name!r} are {only} for"
            f" {dataset.classes[0]!r}, and no class has both; an AUC needs both, so evaluate on"
            " another split"
        )
    check_classes(split, dataset)
    return split


def check_classes(split: Split, dataset: Dataset) -> None:
    """DataError where every image is of one class, and a class has no image: a mean over classes
    would be one of others than it says.
    """
    several = split.labels.shape[1] > 1 and bool((split.labels.sum(axis=1) == 1).all())
    counts = split.labels.sum(axis=0)
    if several and not counts.all():
        missing = dataset.classes[int(counts.argmin())]
        raise DataError(
            f"{dataset.where}: no image of split {split.name!r} is of the class {missing!r}; add"
            " images of it, or take the class out of the model"
        )


def _overlap(a: Sequence[str], b: Sequence[str]) -> list[str]:
    """What both name."""
    return sorted(set(a) & set(b))


def _path(name: str) -> str:
    """An image's name as a path: `./x` and `x` are one file."""
    return posixpath.normpath(name.strip())


def check_separation(dataset: Dataset) -> bool:
    """True when nothing else in the data shares a patient with the evaluation split, False when the
    data names no patients, so that nobody can tell. ConfigError when images or patients are shared.
    """
    evaluation = dataset.splits[Role.EVALUATION]
    for other in dataset.beside_evaluation:
        images = [[_path(name) for name in members.names] for members in (other, evaluation)]
        shared = {"images": _overlap(*images)}
        if other.patients is not None and evaluation.patients is not None:
            who = [[name.strip() for name in m] for m in (other.patients, evaluation.patients)]
            shared["patients"] = _overlap(*who)
        for what, names in shared.items():
            if names:
                raise ConfigError(
                    f"{dataset.where}: {other.label} and evaluation (split {evaluation.name!r})"
                    f" share {len(names):,} {what} ({', '.join(names[:3])}"
                    f"{', …' if len(names) > 3 else ''}); what a network or a quantizer has seen"
                    " can't judge it: separate the splits"
                )
    return evaluation.patients is not None


def draw_calibration(dataset: Dataset, count: int, seed: int) -> list[int]:
    """Indices into the calibration split: seeded, and stratified by label combination.

    Every combination of labels is met in proportion to its share, and the order is shuffled, so
    that a CSV sorted by class calibrates as well as a mixed one. DataError where all are of one
    class: what the others need, the ranges of activations would cut off.
    """
    split = dataset.splits.get(Role.CALIBRATION)
    if split is None:
        raise DataError(
            f"{dataset.where} has no calibration split, and an integer variant needs one: declare"
            " it under [data.splits]"
        )
    if count > len(split):
        raise DataError(
            f"{dataset.where}: {count} calibration images are asked for, and split {split.name!r}"
            f" has {len(split)}; lower calibration_images"
        )
    rng = np.random.default_rng(seed)
    if split.masks is not None:  # an image has pixels of every kind, and no label
        return [int(i) for i in rng.permutation(len(split))[:count]]
    _, strata = np.unique(split.labels, axis=0, return_inverse=True)
    order = rng.permutation(len(split))
    shuffled = order[np.argsort(strata.reshape(-1)[order], kind="stable")]
    # Every k-th of the images sorted by stratum: each stratum is met in proportion.
    picks = shuffled[(np.arange(count) * len(split)) // count]
    for rows, words, remedy in (
        (np.arange(len(split)), "", "name a split with others as data.splits.calibration"),
        (picks, f"the {count} images drawn of the {len(split):,}", "raise calibration_images"),
    ):
        if (split.labels[rows] == split.labels[rows[0]]).all():
            raise DataError(
                f"{dataset.where}: {words or f'all {len(split):,} images'} of the calibration split"
                f" {split.name!r} are of one class (alike in every label), and the ranges of"
                f" activations would cut off what others need; {remedy}"
            )
    return [int(i) for i in rng.permutation(picks)]
