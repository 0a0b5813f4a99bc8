"""What a variant is trained on, and what chooses its epoch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeassay.config import data_root
from edgeassay.datasets import (
    Split,
    check_classes,
    check_separation,
    load_images,
    load_masks,
    open_dataset,
)
from edgeassay.errors import ConfigError, DataError
from edgeassay.preprocess import Images
from edgeassay.progress import Reporter
from edgeassay.spec import ModelSpec, Preprocess, Pruning, Role, Task, Training
from edgeassay.training.objective import Truths


@dataclass(frozen=True, kw_only=True)
class Material:
    """The images that are trained on and those that choose the epoch, with their labels (images,
    classes) or masks (images, height, width, classes).
    """

    task: Task
    images: Images
    labels: Truths
    held_out: Images
    held_out_labels: Truths


def load_material(
    spec: ModelSpec, settings: Training | Pruning, report: Reporter
) -> tuple[Material, str]:
    """The images that a variant is trained on by its settings, and a digest of all of them with
    their labels. None of the evaluation split is read. Absent where the data isn't on this machine.
    """
    if spec.data is None or spec.preprocess is None:
        raise ConfigError(f"{spec.file} has no [data] to train on; declare it")
    dataset = open_dataset(spec.data, data_root(), decoding=spec.decoding)
    check_separation(dataset)
    for role in (Role.TRAIN, Role.VALIDATION):
        if role not in dataset.splits:
            raise DataError(
                f"{dataset.where} has no {role.value} split, and training needs one; declare it"
                " under [data.splits]"
            )
    train, validation = dataset.splits[Role.TRAIN], dataset.splits[Role.VALIDATION]
    for split in (train, validation):
        check_labels(split, dataset.where)
        check_classes(split, dataset)
    rows = list(range(len(train)))
    if settings.images is not None:
        rng = np.random.default_rng(settings.seed)
        rows = sorted(int(i) for i in rng.permutation(len(train))[: settings.images])
    with report(f"{len(rows):,} training images, {len(validation):,} for validation", 2) as done:
        images = load_images(train, rows, spec.preprocess)
        done(1)
        labels = truths(train, rows, spec.preprocess)
        held_out = load_images(validation, range(len(validation)), spec.preprocess)
        held_out_labels = truths(validation, range(len(validation)), spec.preprocess)
        done(1)
    material = Material(
        task=spec.task,
        images=images,
        labels=labels,
        held_out=held_out,
        held_out_labels=held_out_labels,
    )
    digest = hashlib.sha256()
    for array in (images, labels, held_out, held_out_labels):
        digest.update(np.ascontiguousarray(array).tobytes())
    return material, digest.hexdigest()


def truths(split: Split, rows: Sequence[int], settings: Preprocess) -> Truths:
    """What is right of some rows: their labels, or their masks on the grid of the network's input;
    DataError names a mask that can't be used.
    """
    if split.masks is None:
        return split.labels[list(rows)]
    return load_masks(split, rows, settings)


def check_labels(split: Split, where: str) -> None:
    """DataError where no class has both positive and negative images; of masks nothing is known
    before they are read.
    """
    if split.masks is not None:
        return
    positives = split.labels.sum(axis=0)
    if not any(0 < count < len(split) for count in positives):
        raise DataError(
            f"{where}: no class has both positive and negative images in split {split.name!r}, so"
            " nothing can be learned or chosen by it; name another under [data.splits]"
        )
