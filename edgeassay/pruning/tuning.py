"""Pruning epoch by epoch: channels go, what is left is trained further on images and on what the
whole network says of them. One that was cut off goes on as if it hadn't been.

All that is random in an epoch comes from the seed and the epoch's number. Needs the [build] extra.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from edgeassay.pruning.choosing import Budget, Floats, choose
from edgeassay.pruning.importance import measured
from edgeassay.pruning.reading import read_network
from edgeassay.pruning.schedule import Phase, budget_after, phase_of
from edgeassay.pruning.shrinking import shrink
from edgeassay.pruning.wiring import Kept, Wiring, everything, total
from edgeassay.spec import Pruning
from edgeassay.training.fine_tuning import Epoch, State, batches_of
from edgeassay.training.material import Material
from edgeassay.training.objective import OBJECTIVES, decaying_rate, weighted_loss
from edgeassay.variants.trained import Arrays

# Which units of the network that was begun with are left, beside its variables.
KEPT: Final = "kept"


def chosen(epochs: tuple[Epoch, ...], settings: Pruning) -> Epoch:
    """The first of the final epochs with the best quality."""
    final = [epoch for epoch in epochs if epoch.number and phase_of(settings, epoch.number).final]
    return max(final, key=lambda epoch: epoch.quality)


class Tuning:
    """A network that is being pruned: `begin` is what it begins with, `teacher` the model's own."""

    def __init__(
        self, begin: Any, teacher: Any, settings: Pruning, material: Material, budget: Budget
    ) -> None:
        import keras
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
        keras.utils.set_random_seed(settings.seed)
        self.settings, self.material, self.budget = settings, material, budget
        self.objective = OBJECTIVES[material.task]
        self._begin, self._teacher = begin, teacher
        self._wiring = read_network(begin, "the network")
        self.kept = everything(self._wiring)
        self.network = shrink(begin, self._wiring, self.kept)
        self._loss = self.objective.loss(material.labels, settings.weight_classes)
        self._likeness = weighted_loss(material.labels, False)
        self._images = tf.constant(material.images)
        self._truths = tf.constant(material.labels.astype(np.float32))
        self._optimizer: Any = None
        self._step: Callable[[Any, Any], Any] | None = None

    @property
    def left(self) -> int:
        """What the network has now of what is made less."""
        return total(self._wiring, self.kept, self.budget.cost)

    def run(self, state: State | None, keep: Callable[[State], None]) -> State:
        """Go on from a state, or begin; every state is handed to `keep`."""
        if state is None:
            state = self._state(
                (Epoch(number=0, loss=None, quality=self.quality(self.network)),), {}
            )
            keep(state)
        else:
            self._restore(state)
        while len(state.epochs) <= self.settings.total_epochs:
            number = len(state.epochs)
            phase = phase_of(self.settings, number)
            if phase.first == number:
                self._enter(phase)
            loss = self._epoch(number)
            epoch = Epoch(number=number, loss=loss, quality=self.quality(self.network))
            epochs = (*state.epochs, epoch)
            better = phase.final and chosen(epochs, self.settings) is epoch
            state = self._state(epochs, None if better else state.best)
            keep(state)
        return state

    def finished(self, state: State) -> Any:
        """The network of the chosen epoch."""
        self._put(state.best)
        return self.network

    def _enter(self, phase: Phase) -> None:
        """Remove what must go before a phase, and begin with a new optimizer."""
        before = 0 if phase.first == 1 else phase_of(self.settings, phase.first - 1).removals
        begin = total(self._wiring, everything(self._wiring), self.budget.cost)
        for removals in range(before + 1, phase.removals + 1):
            most = budget_after(removals, self.settings.steps, begin, self.budget.most)
            self._remove(most)
        self._prepare(phase)

    def _remove(self, most: float) -> None:
        """Remove the least important units until the network costs no more."""
        wiring = read_network(self.network, "the network")
        budget = Budget(
            cost=self.budget.cost, most=most, least=self.budget.least, align=self.budget.align
        )
        kept = choose(wiring, self.importance(wiring), budget)
        whole = self.kept.copy()
        whole[np.flatnonzero(self.kept)[~kept]] = False
        self.network, self.kept = shrink(self.network, wiring, kept), whole

    def importance(self, wiring: Wiring) -> Floats:
        """How much each unit of the network as it is now matters."""
        return measured(self.network, wiring, self.settings.importance, self._look)

    def _look(self) -> tuple[Any, Any, Any]:
        """The images by which importance is seen, what is right of them, and the loss."""
        count = len(self.material.images)
        order = np.random.default_rng(self.settings.seed).permutation(count)
        rows = np.sort(order[: self.settings.importance_images])
        return self.material.images[rows], self.material.labels[rows], self._loss

    def _prepare(self, phase: Phase) -> None:
        """A new optimizer for a phase, and the step of the network as it is now."""
        import keras
        import tensorflow as tf

        steps = phase.epochs * -(-len(self.material.images) // self.settings.batch)
        rate = decaying_rate(keras, self.settings.learning_rate, steps)
        network, share = self.network, self.settings.distillation
        optimizer = keras.optimizers.Adam(rate)
        optimizer.build(network.trainable_variables)

        def step(images: Any, truths: Any) -> Any:
            said = self._teacher(images, training=False) if share else None
            with tf.GradientTape() as tape:
                scores = network(images, training=True)
                loss = (1.0 - share) * self._loss(truths, scores)
                if share:
                    loss += share * self._likeness(said, scores)
            values = [variable.value for variable in network.trainable_variables]
            optimizer.apply(tape.gradient(loss, values), network.trainable_variables)
            return loss

        self._optimizer = optimizer
        self._step = tf.function(step, reduce_retracing=True)

    def _epoch(self, number: int) -> float:
        """Train on every image once; the mean loss of the steps."""
        assert self._step is not None, "a phase has begun"
        batches = batches_of(self.settings, number, self._images, self._truths)
        return float(np.mean([float(self._step(images, truths)) for images, truths in batches]))

    def quality(self, network: Any) -> float:
        """What a network is worth on the validation split."""
        scores = network.predict(self.material.held_out, batch_size=self.settings.batch, verbose=0)
        return self.objective.quality(self.material.held_out_labels, scores)

    def _state(self, epochs: tuple[Epoch, ...], best: Arrays | None) -> State:
        """What it has come to; without `best`, the network as it is now is the best."""
        network: dict[str, Any] = {
            str(i): np.array(variable) for i, variable in enumerate(self.network.variables)
        }
        network[KEPT] = self.kept
        variables = [] if self._optimizer is None else self._optimizer.variables
        return State(
            epochs=epochs,
            network=network,
            optimizer={str(i): np.array(variable) for i, variable in enumerate(variables)},
            best=network if best is None else best,
        )

    def _restore(self, state: State) -> None:
        self._put(state.network)
        if len(state.epochs) > 1:
            self._prepare(phase_of(self.settings, len(state.epochs) - 1))
            for i, variable in enumerate(self._optimizer.variables):
                variable.assign(state.optimizer[str(i)])

    def _put(self, arrays: Arrays) -> None:
        """Make the network the one that was kept in arrays."""
        kept: Kept = arrays[KEPT].astype(np.bool_)
        if not np.array_equal(kept, self.kept):
            self.network, self.kept = shrink(self._begin, self._wiring, kept), kept
        for i, variable in enumerate(self.network.variables):
            variable.assign(arrays[str(i)])
