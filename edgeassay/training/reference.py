"""How the reference networks are trained: seeded, on the model's own preprocessing and splits.

Needs the [build] extra. Each `models/<id>/train.py` gives the network and its schedule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeassay.config import data_root, load_model
from edgeassay.datasets import Split, check_classes, check_separation, load_images, open_dataset
from edgeassay.errors import ConfigError
from edgeassay.networks import load_network, save_half
from edgeassay.preprocess import input_shape
from edgeassay.spec import Preprocess, Role, Task
from edgeassay.stats import class_aucs
from edgeassay.training.material import truths
from edgeassay.training.objective import OBJECTIVES, augmentation, decaying_rate


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Epochs, images a step, peak learning rate of a cosine decay, shift for augmentation.

    With `half_precision` the weights are kept in 16 bits.
    """

    epochs: int
    batch: int
    learning_rate: float
    shift: float
    seed: int
    weight_classes: bool
    half_precision: bool = False


def settle_sooner(network: Any) -> None:
    """Give every BatchNormalization a momentum of 0.9. The 0.99 to 0.999 of `keras.applications`
    never settle in so few steps from random weights.
    """
    import keras

    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9


def train(
    folder: Path,
    network: Callable[[tuple[int, int, int], int], Any],
    schedule: Schedule,
) -> None:
    """Train the model of `folder` and write its weights there; print the quality at every epoch's
    end.

    The weights of the epoch with the best mean AUC (or Dice) on the validation split are kept; the
    evaluation split is read once, at the end.
    """
    import keras
    import tensorflow as tf

    model_spec = load_model(folder, folder.parent.parent)
    if model_spec.data is None or model_spec.preprocess is None or model_spec.weights is None:
        raise ConfigError(f"{model_spec.file} declares no [data] and no weights to train")
    keras.utils.set_random_seed(schedule.seed)
    tf.config.experimental.enable_op_determinism()
    dataset = open_dataset(model_spec.data, data_root(), decoding=model_spec.decoding)
    check_separation(dataset)
    for role, split in dataset.splits.items():
        if role is not Role.CALIBRATION:
            check_classes(split, dataset)
    train_split, validation = (
        dataset.splits[Role.TRAIN],
        dataset.splits[Role.VALIDATION],
    )
    settings, objective = model_spec.preprocess, OBJECTIVES[model_spec.task]
    images = load_images(train_split, range(len(train_split)), settings)
    held_out = load_images(validation, range(len(validation)), settings)
    right = truths(train_split, range(len(train_split)), settings).astype(np.float32)
    held_out_right = truths(validation, range(len(validation)), settings)
    print(
        f"{model_spec.id}: {len(images):,} training images, {len(held_out):,} for validation",
        flush=True,
    )

    net = network(input_shape(settings), len(model_spec.classes))
    net.summary()
    steps = schedule.epochs * -(-len(images) // schedule.batch)
    net.compile(
        optimizer=keras.optimizers.Adam(decaying_rate(keras, schedule.learning_rate, steps)),
        loss=objective.loss(right, schedule.weight_classes),
    )
    augment = augmentation(flip=True, shift=schedule.shift, seed=schedule.seed)
    batches = (
        tf.data.Dataset.from_tensor_slices((images, right))
        .shuffle(len(images), seed=schedule.seed)
        .batch(schedule.batch)
        .map(augment)
        .prefetch(2)
    )
    # A network without optimizer and loss, which are no part of a model.
    plain = network(input_shape(settings), len(model_spec.classes))
    best = -np.inf
    for epoch in range(schedule.epochs):
        history = net.fit(batches, epochs=1, shuffle=False, verbose=0).history
        quality = objective.quality(
            held_out_right, net.predict(held_out, batch_size=schedule.batch, verbose=0)
        )
        print(
            f"epoch {epoch + 1:3d}  loss {history['loss'][0]:.4f}  validation"
            f" {objective.measure} {quality:.4f}",
            flush=True,
        )
        if quality > best:
            best = quality
            plain.set_weights(net.get_weights())
            # Saved at every better epoch: nothing is lost where training is cut off.
            if schedule.half_precision:
                save_half(plain, model_spec.weights)
            else:
                plain.save(model_spec.weights)
    size = model_spec.weights.stat().st_size
    print(
        f"wrote {model_spec.weights.name}: {size:,} bytes, validation"
        f" {objective.measure} {best:.4f}"
    )
    report(
        load_network(model_spec.weights),
        model_spec.preprocess,
        dataset.classes,
        dataset.splits[Role.EVALUATION],
    )


def report(net: Any, settings: Preprocess, classes: Sequence[str], split: Split) -> None:
    """Print the AUC of every class on a split, or the mean Dice."""
    rows = range(len(split))
    scores = net.predict(load_images(split, rows, settings), batch_size=8, verbose=0)
    if split.masks is not None:
        dice = OBJECTIVES[Task.SEGMENTATION].quality(truths(split, rows, settings), scores)
        print(f"{split.name}: {len(split):,} images, mean Dice {dice:.4f}", flush=True)
        return
    aucs = class_aucs(split.labels, scores)
    for name, auc in zip(classes, aucs, strict=True):
        print(f"{name:20s} {auc:.4f}")
    print(f"{split.name}: {len(split):,} images, mean AUC {np.mean(aucs):.4f}", flush=True)
