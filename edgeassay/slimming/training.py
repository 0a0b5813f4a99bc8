"""How a slimmable network is trained: all widths at once, the narrow ones by the widest.

Needs the [build] extra.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from edgeassay.config import data_root, load_model
from edgeassay.datasets import Split, check_separation, load_images, open_dataset
from edgeassay.errors import ConfigError
from edgeassay.networks import load_network
from edgeassay.preprocess import Images, input_shape
from edgeassay.slimming.archive import ARCHIVE, Slimmable, export, write_slimmable
from edgeassay.slimming.forward import logits_of, scores_of
from edgeassay.slimming.shape import Shape, fresh_arrays, statistic_of
from edgeassay.spec import Role
from edgeassay.stats import class_aucs
from edgeassay.training import report
from edgeassay.training.objective import Truths, augmentation, decaying_rate, positive_weights

MOMENTUM: Final = 0.9  # of BatchNorm's statistics
DRAWN: Final = 2  # widths a step, beside the widest and the narrowest (Yu and Huang 2019)


@dataclass(frozen=True, kw_only=True)
class SlimSchedule:
    """Channels and widths (`Shape`), epochs, images a step, peak learning rate of a cosine decay,
    and shift for augmentation.
    """

    channels: tuple[int, ...]
    widths: tuple[int, ...]
    epochs: int
    batch: int
    learning_rate: float
    shift: float
    seed: int


class Slimming:
    """A slimmable network that is being trained. Every step trains the widest on the truth, and the
    narrowest and a few drawn ones on what the widest says: the sandwich rule with distillation in
    place (Yu and Huang 2019).
    """

    def __init__(self, shape: Shape, truths: Truths, schedule: SlimSchedule, steps: int) -> None:
        import keras

        self.shape = shape
        moving = ("/mean", "/variance")
        self._variables = {
            name: keras.Variable(array, trainable=not name.endswith(moving))
            for name, array in fresh_arrays(shape, schedule.seed).items()
        }
        self._trained = [v for v in self._variables.values() if v.trainable]
        self._weights = positive_weights(truths)
        self._optimizer = keras.optimizers.Adam(decaying_rate(keras, schedule.learning_rate, steps))
        self._optimizer.build(self._trained)
        self._steps: dict[tuple[int, ...], Any] = {}
        self._rng = np.random.default_rng(schedule.seed)

    @property
    def network(self) -> Slimmable:
        """The network as it is now."""
        arrays = {name: v.numpy() for name, v in self._variables.items()}
        return Slimmable(shape=self.shape, arrays=arrays)

    def step(self, images: Any, truths: Any) -> float:
        """Train on some images; the loss of the widest."""
        import tensorflow as tf

        narrow, middle = self.shape.widths[0], self.shape.widths[1:-1]
        drawn = self._rng.permutation(len(middle))[:DRAWN]
        widths = tuple(sorted({narrow, *(middle[i] for i in drawn)} - {self.shape.widths[-1]}))
        if widths not in self._steps:
            self._steps[widths] = tf.function(
                lambda x, y: self._step(x, y, widths), autograph=False
            )
        return float(self._steps[widths](images, truths))

    def _step(self, images: Any, truths: Any, widths: tuple[int, ...]) -> Any:
        import tensorflow as tf

        entropy = tf.nn.sigmoid_cross_entropy_with_logits
        with tf.GradientTape() as tape:
            logits = self._logits(images, self.shape.widths[-1])
            weigh = truths * self._weights + (1.0 - truths)
            own = tf.reduce_mean(weigh * entropy(labels=truths, logits=logits))
            teacher, loss = tf.stop_gradient(tf.sigmoid(logits)), own
            for width in widths:
                told = entropy(labels=teacher, logits=self._logits(images, width))
                loss += tf.reduce_mean(told)
        gradients = tape.gradient(
            loss,
            [variable.value for variable in self._trained],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        self._optimizer.apply(gradients, self._trained)
        return own

    def _logits(self, images: Any, width: int) -> Any:
        """What a width gives in training, by the statistics of these images, which are kept."""
        import tensorflow as tf

        def seen(block: int, x: Any) -> tuple[Any, Any]:
            mean, variance = tf.nn.moments(x, axes=(0, 1, 2))
            for what, new in (("mean", mean), ("variance", variance)):
                kept = self._variables[statistic_of(block, width, what)]
                kept.assign(MOMENTUM * kept.value + (1.0 - MOMENTUM) * tf.stop_gradient(new))
            return mean, variance

        values = {name: variable.value for name, variable in self._variables.items()}
        return logits_of(values, self.shape, width, images, seen)


def batches_of(
    images: Images, truths: Truths, schedule: SlimSchedule
) -> Iterator[Iterator[tuple[Any, Any]]]:
    """For every epoch its steps' images, shuffled and moved, and what is right of them."""
    import tensorflow as tf

    augment = augmentation(flip=True, shift=schedule.shift, seed=schedule.seed)
    made = (
        tf.data.Dataset.from_tensor_slices((images, truths.astype(np.float32)))
        .shuffle(len(images), seed=schedule.seed)
        .batch(schedule.batch)
        .map(augment)
        .prefetch(2)
    )
    for _ in range(schedule.epochs):
        yield iter(made)


def learn(
    shape: Shape,
    schedule: SlimSchedule,
    *,
    material: tuple[Images, Truths],
    held_out: tuple[Images, Truths],
    say: Callable[[str], None],
) -> Slimmable:
    """The network of the epoch whose mean AUC over all widths is best on what is held out."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(schedule.seed)
    tf.config.experimental.enable_op_determinism()
    steps = schedule.epochs * -(-len(material[0]) // schedule.batch)
    slimming = Slimming(shape, material[1], schedule, steps)
    best, kept = -np.inf, slimming.network
    for epoch, steps_of in enumerate(batches_of(*material, schedule), start=1):
        loss = float(np.mean([slimming.step(*some) for some in steps_of]))
        now = slimming.network
        scores = [scores_of(now, width, held_out[0]) for width in shape.widths]
        aucs = [float(np.nanmean(class_aucs(held_out[1], score))) for score in scores]
        told = "  ".join(f"{w} %: {auc:.4f}" for w, auc in zip(shape.widths, aucs, strict=True))
        say(f"epoch {epoch:3d}  loss {loss:.4f}  validation AUC {told}")
        if np.mean(aucs) > best:
            best, kept = float(np.mean(aucs)), now
    return kept


def slim(folder: Path, schedule: SlimSchedule) -> None:
    """Train the slimmable model of `folder`: its archive, and a network of every width, are written
    there; the evaluation split is read once, at the end.
    """
    spec = load_model(folder, folder.parent.parent)
    if spec.data is None or spec.preprocess is None:
        raise ConfigError(f"{spec.file} declares no [data] to train on")
    settings = spec.preprocess
    dataset = open_dataset(spec.data, data_root(), decoding=settings.decoding)
    check_separation(dataset)

    def loaded(split: Split) -> tuple[Images, Truths]:
        return load_images(split, range(len(split)), settings), split.labels

    shape = Shape(
        image=input_shape(settings),
        classes=len(spec.classes),
        channels=schedule.channels,
        widths=schedule.widths,
    )
    kept = learn(
        shape,
        schedule,
        material=loaded(dataset.splits[Role.TRAIN]),
        held_out=loaded(dataset.splits[Role.VALIDATION]),
        say=lambda words: print(words, flush=True),
    )
    network = write_slimmable(folder / ARCHIVE, kept)
    for path in export(network, folder):
        print(f"wrote {path.name}: {path.stat().st_size:,} bytes", flush=True)
        report(load_network(path), settings, dataset.classes, dataset.splits[Role.EVALUATION])
