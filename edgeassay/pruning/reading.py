"""A Keras network as the nodes of `nodes`, or why it can't be pruned.

Needs the [build] extra.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from edgeassay.errors import ConfigError, some
from edgeassay.pruning.nodes import PARTS, Node, Part
from edgeassay.pruning.wiring import Wiring, wire

LAYERS: Final = "keras.layers"
# Axes of what a layer gives that are the last one, of (batch, channels) to (batch, h, w, channels).
LAST: Final = "channels_last"
# Activations that look at all channels together.
MIXING: Final = ("softmax", "log_softmax")
TOLD: Final = 6


def functional(network: Any) -> Any:
    """The same network with its connections in its configuration; a sequential one has none."""
    import keras

    if isinstance(network, keras.Sequential):
        return keras.Model(network.inputs, network.outputs)
    return network


def read_network(network: Any, where: str) -> Wiring:
    """Which channels of a Keras network belong together; ConfigError, naming the file as `where`,
    names the layers that can't be followed.
    """
    config = functional(network).get_config()
    if "output_layers" not in config:
        raise ConfigError(
            f"{where} can't be pruned: it is a {type(network).__name__} with code of its own, whose"
            " connections aren't written anywhere; build it with Keras's functional API"
        )
    outputs = _names(config["output_layers"])
    if len(outputs) != 1 or len(_names(config["input_layers"])) != 1:
        raise ConfigError(
            f"{where} can't be pruned: it has {len(_names(config['input_layers']))} inputs and"
            f" {len(outputs)} outputs, and one of each is understood; prune its parts apart"
        )
    refused = [
        f"{entry['name']!r} ({entry['class_name']}: {reason})"
        for entry in config["layers"]
        for reason in _reasons(entry)
    ]
    if refused:
        raise ConfigError(
            f"{where} can't be pruned: its channels can't be followed through"
            f" {some(refused, TOLD)}; build the network without, or leave the variant out"
        )
    nodes = [_node(entry, network.get_layer(entry["name"])) for entry in config["layers"]]
    return wire(_in_order(nodes), outputs)


def _names(ends: Any) -> list[str]:
    """The layers of a network's inputs or outputs: one is kept by itself."""
    return [ends[0]] if isinstance(ends[0], str) else [end[0] for end in ends]


def _reasons(entry: Mapping[str, Any]) -> Iterator[str]:
    """Why the channels can't be followed through a layer."""
    kind, config, calls = entry["class_name"], entry["config"], entry.get("inbound_nodes", [])
    if entry.get("module") != LAYERS:
        yield "no layer of Keras"
    elif kind not in PARTS:
        yield "not known what it does to channels"
    elif len(calls) > 1:
        yield f"shared, used {len(calls)} times"
    elif config.get("data_format", LAST) != LAST:
        yield "channels first"
    elif kind == "Conv2D" and config["groups"] != 1:
        yield f"{config['groups']} groups"
    elif kind in ("BatchNormalization", "Concatenate") and not _is_last(config["axis"], calls):
        yield f"along axis {config['axis']}, which isn't the channels'"
    elif kind in ("GlobalAveragePooling2D", "Dense") and not _inputs(calls):
        yield "no input of its own"
    elif kind == "Rescaling" and isinstance(config["scale"], list | dict):
        yield "a scale for each channel"
    elif kind == "PReLU" and PARTS[kind] is Part.SCALES and config["shared_axes"] == []:
        yield "a slope for nothing"


def _is_last(axis: Any, calls: Any) -> bool:
    if isinstance(axis, list | tuple):
        axis = axis[0]
    return int(axis) in (-1, len(_shapes(calls)[0]) - 1)


def _tensors(calls: Any) -> Iterator[Mapping[str, Any]]:
    """The tensors that a layer is called with, as its configuration has them."""
    if isinstance(calls, Mapping):
        if calls.get("class_name") == "__keras_tensor__":
            yield calls["config"]
            return
        calls = list(calls.values())
    if isinstance(calls, list | tuple):
        for inner in calls:
            yield from _tensors(inner)


def _shapes(calls: Any) -> list[list[int | None]]:
    return [list(tensor["shape"]) for tensor in _tensors(calls)]


def _inputs(calls: Any) -> tuple[str, ...]:
    return tuple(tensor["keras_history"][0] for tensor in _tensors(calls))


def _node(entry: Mapping[str, Any], layer: Any) -> Node:
    kind, config, calls = entry["class_name"], entry["config"], entry.get("inbound_nodes", [])
    part, shape = PARTS[kind], tuple(layer.output.shape)[1:]
    if part is Part.PASSES and kind == "Activation" and config["activation"] in MIXING:
        part = Part.MIXES
    positions = _area(shape[:-1])
    kernel = _area(config["kernel_size"]) if "kernel_size" in config else 1
    places = positions
    if kind == "Conv2DTranspose":
        places = _area(_shapes(calls)[0][1:-1])
    multiplies = part in (Part.FILTERS, Part.DEPTHWISE)
    return Node(
        name=entry["name"],
        kind=kind,
        part=part,
        inputs=_inputs(calls),
        channels=int(shape[-1]),
        positions=positions,
        kernel=kernel if multiplies else 0,
        places=places if multiplies else 0,
    )


def _area(sides: Any) -> int:
    """The product of sides; one that isn't known counts once."""
    return int(np.prod([side or 1 for side in sides], dtype=np.int64))


def _in_order(nodes: list[Node]) -> list[Node]:
    """Each behind those it takes its inputs from, whatever order they were kept in."""
    left, done, ordered = list(nodes), set[str](), list[Node]()
    while left:
        ready = [node for node in left if set(node.inputs) <= done]
        assert ready, "a network has no circles"
        ordered += ready[:1]
        done.add(ready[0].name)
        left.remove(ready[0])
    return ordered
