"""What a variant is trained on, and what chooses its epoch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeassay.config import data_root
from edgeassay.datasets import Split, check_separation, load_images, open_dataset
from edgeassay.errors import ConfigError, DataError
from edgeassay.preprocess import Images
from edgeassay.progress import Reporter
from edgeassay.spec import ModelSpec, Role, VariantSpec

Labels = npt.NDArray[np.int8]


@dataclass(frozen=True, kw_only=True)
class Material:
    """The images that are trained on and those that choose the epoch, with their labels."""

    images: Images
    labels: Labels
    held_out: Images
    held_out_labels: Labels


def load_material(spec: ModelSpec, variant: VariantSpec, report: Reporter) -> tuple[Material, str]:
    """The images that a variant is trained on, and a digest of all of them with their labels. None
    of the evaluation split is read. Absent where the data isn't on this machine.
    """
    if spec.data is None or spec.preprocess is None:
        raise ConfigError(f"{spec.file} has no [data] to train on; declare it")
    assert variant.training is not None, "`check_training` has seen to it"
    dataset = open_dataset(spec.data, data_root())
    check_separation(dataset)
    for role in (Role.TRAIN, Role.VALIDATION):
        if role not in dataset.splits:
            raise DataError(
                f"{dataset.where} has no {role.value} split, and training needs one; declare it"
                " under [data.splits]"
            )
    train, validation = dataset.splits[Role.TRAIN], dataset.splits[Role.VALIDATION]
    for split in (train, validation):
        _check_labels(split, dataset.where)
    rows = list(range(len(train)))
    if variant.training.images is not None:
        rng = np.random.default_rng(variant.training.seed)
        rows = sorted(int(i) for i in rng.permutation(len(train))[: variant.training.images])
    with report(f"{len(rows):,} training images, {len(validation):,} for validation", 2) as done:
        images = load_images(train, rows, spec.preprocess)
        done(1)
        held_out = load_images(validation, range(len(validation)), spec.preprocess)
        done(1)
    material = Material(
        images=images,
        labels=train.labels[rows],
        held_out=held_out,
        held_out_labels=validation.labels,
    )
    digest = hashlib.sha256()
    for array in (images, material.labels, held_out, validation.labels):
        digest.update(np.ascontiguousarray(array).tobytes())
    return material, digest.hexdigest()


def _check_labels(split: Split, where: str) -> None:
    """DataError where no class has both positive and negative images."""
    positives = split.labels.sum(axis=0)
    if not any(0 < count < len(split) for count in positives):
        raise DataError(
            f"{where}: no class has both positive and negative images in split {split.name!r}, so"
            " nothing can be learned or chosen by it; name another under [data.splits]"
        )
