"""How much each unit of a network matters: by its weights, or by what it does on images.

Needs the [build] extra.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from edgeassay.preprocess import Images
from edgeassay.pruning.choosing import Floats
from edgeassay.pruning.nodes import Node, Part
from edgeassay.pruning.wiring import Wiring
from edgeassay.spec import Importance
from edgeassay.training.objective import Loss, Truths

# Images that are looked at together where all of their activations are held.
TOGETHER: Final = 4


def by_weights(network: Any, wiring: Wiring, kind: Importance) -> Floats:
    """The L1 or L2 norm of the filters of each unit (Li et al. 2017), each scaled as the
    batch normalization behind it does, by the mean of its layer; a unit of several layers has the
    sum.
    """
    found, power = np.zeros(len(wiring.fixed)), 1 if kind is Importance.L1 else 2
    for node in wiring.multiplying:
        kernel = np.abs(_filters(network, node)) ** power
        norms = kernel.sum(axis=0) ** (1.0 / power) * _scale(network, wiring, node)
        _add(found, wiring, node.name, norms)
    return found


def by_activations(network: Any, wiring: Wiring, images: Images) -> Floats:
    """The mean of what is given to the layers behind, without its sign (Hu et al. 2016: what is
    mostly zero matters least), by the mean of its layer.
    """
    import keras

    seen = list(dict.fromkeys(node.inputs[0] for node in wiring.multiplying))
    probe = keras.Model(network.input, [network.get_layer(name).output for name in seen])
    sums: list[Any] = [0.0] * len(seen)
    for first in range(0, len(images), TOGETHER):
        for i, given in enumerate(probe(images[first : first + TOGETHER], training=False)):
            values = np.abs(np.asarray(given, np.float64))
            sums[i] = sums[i] + values.reshape(-1, values.shape[-1]).sum(axis=0)
    found = np.zeros(len(wiring.fixed))
    for name, total in zip(seen, sums, strict=True):
        _add(found, wiring, name, total)
    return found


def by_taylor(network: Any, wiring: Wiring, images: Images, truths: Truths, loss: Loss) -> Floats:
    """By how much the loss would change without a unit (`changes_of`), by the mean of its layer; a
    unit of several layers has the sum.
    """
    found = np.zeros(len(wiring.fixed))
    for name, changes in changes_of(network, wiring, images, truths, loss).items():
        _add(found, wiring, name, changes)
    return found


def changes_of(
    network: Any, wiring: Wiring, images: Images, truths: Truths, loss: Loss
) -> dict[str, Floats]:
    """By how much the loss of an image would change without a channel, to first order, without the
    sign, and the mean over images; for every layer with a kernel.

    It is activation x gradient, summed over positions (Molchanov et al. 2017). Where a bias or a
    normalization gives the activation, that is parameter x gradient, summed over the parameters of
    the channel.
    """
    import tensorflow as tf

    nodes = wiring.multiplying
    variables = [_changes(network, wiring, node) for node in nodes]
    flat = [variable.value for own in variables for variable in own]

    def differentiate(image: Any, truth: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(truth, network(image, training=False))
        return tape.gradient(value, flat, unconnected_gradients="zero")

    gradients = tf.function(differentiate, reduce_retracing=True)
    found = {node.name: np.zeros(node.channels) for node in nodes}
    for i in range(len(images)):
        given = iter(gradients(images[i : i + 1], truths[i : i + 1].astype(np.float32)))
        for node, own in zip(nodes, variables, strict=True):
            each = [_by_channel(np.asarray(v) * np.asarray(next(given)), node) for v in own]
            found[node.name] += np.abs(np.sum(each, axis=0)) / len(images)
    return found


def measured(
    network: Any,
    wiring: Wiring,
    kind: Importance,
    look: Callable[[], tuple[Images, Truths, Loss]],
) -> Floats:
    """The importance of every unit, in the way that is asked for; `look` gives images, what is
    right of them and the loss, where they are looked at.
    """
    if kind in (Importance.L1, Importance.L2):
        return by_weights(network, wiring, kind)
    images, truths, loss = look()
    if kind is Importance.ACTIVATION:
        return by_activations(network, wiring, images)
    return by_taylor(network, wiring, images, truths, loss)


def _add(found: Floats, wiring: Wiring, name: str, values: Floats) -> None:
    """Add what a layer's channels have to their units, by the layer's mean."""
    mean = float(values.mean())
    if mean > 0.0:
        np.add.at(found, wiring.units[name], values / mean)


def _columns(values: Any, node: Node) -> Floats:
    """A kernel, or what has its shape, with a column for each channel that it gives."""
    kernel = np.asarray(values, np.float64)
    if node.kind == "Conv2DTranspose":
        kernel = kernel.swapaxes(2, 3)
    if node.part is Part.DEPTHWISE:
        return kernel.reshape(node.kernel, -1)
    return kernel.reshape(-1, kernel.shape[-1])


def _filters(network: Any, node: Node) -> Floats:
    return _columns(network.get_layer(node.name).weights[0], node)


def _normalization(network: Any, wiring: Wiring, node: Node) -> Any:
    """The batch normalization right behind a layer; None where there is none."""
    behind = [n for n in wiring.nodes if n.inputs == (node.name,)]
    if len(behind) != 1 or behind[0].kind != "BatchNormalization":
        return None
    return network.get_layer(behind[0].name)


def _scale(network: Any, wiring: Wiring, node: Node) -> Floats | float:
    """What a batch normalization behind a layer multiplies its channels by."""
    layer = _normalization(network, wiring, node)
    if layer is None:
        return 1.0
    scale = 1.0 / np.sqrt(np.asarray(layer.moving_variance, np.float64) + layer.epsilon)
    return np.asarray(scale if layer.gamma is None else scale * np.abs(np.asarray(layer.gamma)))


def _changes(network: Any, wiring: Wiring, node: Node) -> list[Any]:
    """The variables that a layer's channels are given by: of the normalization behind it, where
    that has both, or its own.
    """
    layer = _normalization(network, wiring, node)
    if layer is not None and layer.gamma is not None and layer.beta is not None:
        return [layer.gamma, layer.beta]
    return list(network.get_layer(node.name).weights)


def _by_channel(values: Floats, node: Node) -> Floats:
    """The sums over what belongs to a channel, of a vector or of what has a kernel's shape."""
    return values if values.ndim == 1 else np.asarray(_columns(values, node).sum(axis=0))
