"""A Keras 3 network rebuilt layer by layer in tf-keras, where quantization-aware training lives.

A batch normalization that follows a convolution or a dense layer is folded into its weights, as
every converter does: what is trained is then what a device multiplies by, and a scale for all of a
layer's weights is one for them as they are shipped. Needs the [build] extra.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.errors import BuildFailed, some

# Layers that a batch normalization after them is folded into, by the axis of their weights that
# has the channels; a depthwise kernel has two, a transposed one has them before the last.
FOLDS: Final = {
    "Conv2D": (-1,),
    "Conv2DTranspose": (-2,),
    "DepthwiseConv2D": (-2, -1),
    "Dense": (-1,),
}
NORMALIZATION: Final = "BatchNormalization"
# What a layer's configuration says that means nothing to weights that are trained already, or that
# tf-keras calls otherwise.
LEFT_OUT: Final = ("_initializer", "_regularizer", "_constraint", "dtype", "quantization_config")
# The largest share of the largest output by which the rebuilt network may differ: the order of the
# terms of its sums, in single precision.
TOLERANCE: Final = 1e-3
# Activations that stay in their layer; any other becomes a layer of its own, so that every range is
# that of a layer's output.
INSIDE: Final = ("linear", "relu")
REMEDY: Final = "build it of Keras's own layers, in one network without networks inside"

Weights = Sequence[npt.NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Node:
    """A layer of a network: its Keras class and configuration, the layers whose outputs it takes
    (`together`: as one list), and its weights.
    """

    name: str
    kind: str
    config: Mapping[str, Any]
    inputs: Sequence[str]
    together: bool = False
    weights: Weights = field(default_factory=list)


def rebuild(network: Any) -> Any:
    """The tf-keras network that computes what a Keras 3 network computes; BuildFailed names what
    can't be rebuilt.
    """
    rebuilt = _assemble(with_activations(folded(read_nodes(network))))
    _check_alike(network, rebuilt)
    return rebuilt


def read_nodes(network: Any) -> dict[str, Node]:
    """The layers of a Keras 3 network by their names, in the order in which they are computed."""
    config = network.get_config()
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        raise BuildFailed(
            f"the network's inputs are {len(network.inputs)} and its outputs"
            f" {len(network.outputs)}, and quantization-aware training is for one of each; leave"
            " the variant out"
        )
    nodes: dict[str, Node] = {}
    for layer in config["layers"]:
        name = layer["config"]["name"]
        if layer.get("module") != "keras.layers" or layer.get("registered_name") is not None:
            raise BuildFailed(
                f"layer {name!r} is a {layer['class_name']} of"
                f" {layer.get('module') or 'nobody knows where'}, and tf-keras has none; {REMEDY}"
            )
        inputs, together = _inputs(layer, nodes)
        nodes[name] = Node(
            name=name,
            kind=layer["class_name"],
            config=layer["config"],
            inputs=inputs,
            together=together,
            weights=[np.asarray(w, np.float32) for w in network.get_layer(name).get_weights()]
            if inputs
            else [],
        )
    return nodes


def _inputs(layer: Mapping[str, Any], before: Mapping[str, Node]) -> tuple[list[str], bool]:
    """The names of the layers whose outputs a layer takes, and whether it takes them as a list."""
    if "inbound_nodes" not in layer:  # a Sequential: the one before
        return list(before)[-1:], False
    calls = layer["inbound_nodes"]
    if not calls:
        return [], False
    name = layer["config"]["name"]
    if len(calls) > 1:
        raise BuildFailed(
            f"layer {name!r} is used {len(calls)} times, and one scale can't fit all its uses;"
            " give each use a layer of its own"
        )
    given = {key: value for key, value in calls[0]["kwargs"].items() if value is not None}
    if len(calls[0]["args"]) != 1 or given:
        raise BuildFailed(
            f"layer {name!r} is called with more than its input ({some(list(given)) or 'several'}),"
            f" which can't be rebuilt in tf-keras; {REMEDY}"
        )
    (taken,) = calls[0]["args"]
    tensors = taken if isinstance(taken, list) else [taken]
    return [t["config"]["keras_history"][0] for t in tensors], isinstance(taken, list)


def folded(nodes: Mapping[str, Node]) -> dict[str, Node]:
    """The same with every batch normalization in the weights of the layer before it, where that is
    linear and nothing else takes its output.
    """
    takers: dict[str, int] = {}
    for node in nodes.values():
        for name in node.inputs:
            takers[name] = takers.get(name, 0) + 1
    kept: dict[str, Node] = {}
    renamed: dict[str, str] = {}
    for node in nodes.values():
        now = replace(node, inputs=[renamed.get(name, name) for name in node.inputs])
        before = kept.get(now.inputs[0]) if now.inputs else None
        if node.kind == NORMALIZATION and before is not None and _folds(before, now, takers):
            kept[before.name] = _with_folded(before, now)
            renamed[node.name] = before.name
        else:
            kept[node.name] = now
    return kept


def _folds(before: Node, normalization: Node, takers: Mapping[str, int]) -> bool:
    axis = normalization.config["axis"]
    last = (axis if isinstance(axis, int) else axis[0]) in (-1, 3 if before.kind != "Dense" else 1)
    return (
        before.kind in FOLDS
        and before.config["activation"] == "linear"
        and before.config.get("data_format", "channels_last") == "channels_last"
        and last
        and takers[before.name] == 1
    )


def _with_folded(before: Node, normalization: Node) -> Node:
    """A layer with the batch normalization after it in its weights."""
    config = normalization.config
    rest = list(normalization.weights)
    gamma = rest.pop(0) if config["scale"] else np.float32(1.0)
    beta = rest.pop(0) if config["center"] else np.float32(0.0)
    mean, variance = rest
    factor = (gamma / np.sqrt(variance + config["epsilon"])).astype(np.float32)
    kernel = before.weights[0]
    bias = before.weights[1] if before.config["use_bias"] else np.float32(0.0)
    axes = FOLDS[before.kind]
    shape = [1] * kernel.ndim
    for axis in axes:
        shape[axis] = kernel.shape[axis]
    return replace(
        before,
        config={**before.config, "use_bias": True},
        weights=[
            (kernel * factor.reshape(shape)).astype(np.float32),
            ((bias - mean) * factor + beta).astype(np.float32),
        ],
    )


def with_activations(nodes: Mapping[str, Node]) -> dict[str, Node]:
    """The same with activations beyond a ReLU as layers of their own."""
    found: dict[str, Node] = {}
    renamed: dict[str, str] = {}
    for node in nodes.values():
        now = replace(node, inputs=[renamed.get(name, name) for name in node.inputs])
        activation = node.config.get("activation", "linear")
        if node.kind == "Activation" or activation in INSIDE:
            found[node.name] = now
            continue
        after = f"{node.name}_activation"
        kind, config = "Activation", {"activation": activation}
        if activation == "relu6":
            kind, config = "ReLU", {"max_value": 6.0}
        found[node.name] = replace(now, config={**node.config, "activation": "linear"})
        found[after] = Node(
            name=after, kind=kind, config={**config, "name": after}, inputs=[node.name]
        )
        renamed[node.name] = after
    return found


def _assemble(nodes: Mapping[str, Node]) -> Any:
    """The tf-keras network of these layers."""
    import tf_keras

    made: dict[str, Any] = {}
    first = None
    for node in nodes.values():
        if node.kind == "InputLayer":
            made[node.name] = first = tf_keras.Input(
                batch_shape=tuple(node.config["batch_shape"]), name=node.name
            )
            continue
        given = [made[name] for name in node.inputs]
        layer = _layer(node)
        made[node.name] = layer(given if node.together else given[0])
        layer.set_weights(node.weights)
    used = {name for node in nodes.values() for name in node.inputs}
    (last,) = (name for name in nodes if name not in used)
    return tf_keras.Model(first, made[last])


def _layer(node: Node) -> Any:
    """The tf-keras layer of a node, without weights."""
    import tf_keras

    kind = getattr(tf_keras.layers, node.kind, None)
    if kind is None:
        raise BuildFailed(
            f"layer {node.name!r} is a {node.kind}, and tf-keras has none; {REMEDY}, or leave the"
            " variant out"
        )
    config = {k: v for k, v in node.config.items() if not k.endswith(LEFT_OUT)}
    try:
        return kind.from_config(config)
    except (TypeError, ValueError) as error:
        raise BuildFailed(
            f"layer {node.name!r}, a {node.kind}, can't be rebuilt in tf-keras"
            f" ({' '.join(str(error).split())[:200]}); {REMEDY}, or leave the variant out"
        ) from None


def _check_alike(network: Any, rebuilt: Any) -> None:
    """BuildFailed where the rebuilt network computes something else."""
    shape = [side or 32 for side in network.inputs[0].shape[1:]]
    given = np.random.default_rng(0).random((4, *shape), np.float32)
    wanted = np.asarray(network(given, training=False))
    got = np.asarray(rebuilt(given, training=False))
    worst = float(np.abs(got - wanted).max())
    if not worst <= TOLERANCE * max(1.0, float(np.abs(wanted).max())):
        raise BuildFailed(
            f"the network that was rebuilt in tf-keras computes something else (its outputs differ"
            f" by {worst:.3g}); leave the variant out"
        )
