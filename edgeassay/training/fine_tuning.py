"""Quantization-aware training, epoch by epoch, so that one that was cut off goes on as if it hadn't
been.

All that is random in an epoch comes from the seed and the epoch's number, and what is kept after it
is all that the next one needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from edgeassay.spec import Pruning, Training, VariantSpec
from edgeassay.training.material import Material
from edgeassay.training.objective import OBJECTIVES, augmentation, decaying_rate
from edgeassay.variants.trained import Arrays

# Seeds of one training's epochs lie so far apart.
APART: Final = 1000


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """How an epoch ended; number 0 is the network before training, which has no loss."""

    number: int
    loss: float | None
    quality: float


@dataclass(frozen=True, kw_only=True)
class State:
    """All that a training has come to: the epochs so far, the network with its optimizer, and the
    network of the best epoch.
    """

    epochs: tuple[Epoch, ...]
    network: Arrays
    optimizer: Arrays
    best: Arrays

    @property
    def chosen(self) -> Epoch:
        """The first of the epochs with the best quality."""
        return max(self.epochs[1:], key=lambda epoch: epoch.quality)


def batches_of(settings: Training | Pruning, number: int, images: Any, truths: Any) -> Any:
    """An epoch's steps as a data set: every image once, moved, with what is right of it. All that
    is random in the epoch is seeded here, by the settings' seed and the epoch's `number`.
    """
    import tensorflow as tf

    seed = settings.seed + APART * number
    tf.random.set_seed(seed)  # of what drops out
    order = np.random.default_rng((settings.seed, number)).permutation(len(images))
    return (
        tf.data.Dataset.from_tensor_slices(order)
        .batch(settings.batch)
        .map(lambda rows: (tf.gather(images, rows), tf.gather(truths, rows)))
        .map(augmentation(flip=settings.flip, shift=settings.shift, seed=seed))
        .prefetch(2)
    )


class FineTuning:
    """A network that is being trained for a variant."""

    def __init__(self, network: Any, variant: VariantSpec, material: Material) -> None:
        import tensorflow as tf
        import tf_keras

        from edgeassay.variants.fake_quantized import quantized, set_ranges, settle, variables_of
        from edgeassay.variants.rebuilding import rebuild

        assert variant.training is not None, "a variant that is trained says how"
        self.settings = variant.training
        self.material = material
        self.objective = OBJECTIVES[material.task]
        self._images = tf.constant(material.images)
        self._labels = tf.constant(material.labels.astype(np.float32))
        tf.config.experimental.enable_op_determinism()
        tf_keras.utils.set_random_seed(self.settings.seed)
        whole = rebuild(network)
        self._net = quantized(whole, per_tensor=variant.per_tensor, exclude=variant.exclude)
        self._variables = variables_of(self._net)
        self._settle = settle
        order = np.random.default_rng(self.settings.seed).permutation(len(material.images))
        set_ranges(self._net, whole, material.images[order[: self.settings.range_images]])
        steps = self.settings.epochs * -(-len(material.images) // self.settings.batch)
        self._net.compile(
            optimizer=tf_keras.optimizers.Adam(
                decaying_rate(tf_keras, self.settings.learning_rate, steps)
            ),
            loss=self.objective.loss(material.labels, self.settings.weight_classes),
        )
        self._net.optimizer.build(self._net.trainable_variables)

    def run(self, state: State | None, keep: Callable[[State], None]) -> State:
        """Train from a state on, or from the beginning; every state is handed to `keep`."""
        if state is None:
            state = self._state((Epoch(number=0, loss=None, quality=self._quality()),), {})
            keep(state)
        else:
            self._restore(state)
        while len(state.epochs) <= self.settings.epochs:
            loss = self._epoch(len(state.epochs))
            self._settle(self._net)
            epoch = Epoch(number=len(state.epochs), loss=loss, quality=self._quality())
            better = epoch.number == 1 or epoch.quality > state.chosen.quality
            state = self._state((*state.epochs, epoch), None if better else state.best)
            keep(state)
        return state

    def _epoch(self, number: int) -> float:
        """Train on every image once; the mean loss."""
        batches = batches_of(self.settings, number, self._images, self._labels)
        history = self._net.fit(batches, epochs=1, shuffle=False, verbose=0).history
        return float(history["loss"][0])

    def _quality(self) -> float:
        scores = self._net.predict(self.material.held_out, verbose=0)
        return self.objective.quality(self.material.held_out_labels, scores)

    def _state(self, epochs: tuple[Epoch, ...], best: Arrays | None) -> State:
        """What it has come to; without `best`, the network as it is now is the best."""
        network = {name: np.array(v) for name, v in self._variables.items()}
        variables = self._net.optimizer.variables
        return State(
            epochs=epochs,
            network=network,
            optimizer={str(i): np.array(v) for i, v in enumerate(variables)},
            best=network if best is None else best,
        )

    def _restore(self, state: State) -> None:
        for name, variable in self._variables.items():
            variable.assign(state.network[name])
        for i, variable in enumerate(self._net.optimizer.variables):
            variable.assign(state.optimizer[str(i)])
