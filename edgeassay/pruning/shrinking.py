"""A smaller network of the units that are kept: rebuilt, with its part of the weights.

Needs the [build] extra.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.errors import BuildFailed
from edgeassay.pruning.nodes import Node, Part
from edgeassay.pruning.reading import functional
from edgeassay.pruning.wiring import Kept, Wiring

Array = npt.NDArray[Any]
# What a layer's configuration says of how many channels it gives.
CHANNELS: Final = {"Conv2D": "filters", "Conv2DTranspose": "filters", "Dense": "units"}


def shrink(network: Any, wiring: Wiring, kept: Kept) -> Any:
    """The network with the kept units alone; where what is removed was zero, it computes the same.

    Layers keep their names. BuildFailed where a weight isn't of the shape that follows from what
    is kept.
    """
    whole = functional(network)
    config = whole.get_config()
    nodes = {node.name: node for node in wiring.nodes}
    for entry in config["layers"]:
        entry.pop("build_config", None)  # of the shapes that were
        key = CHANNELS.get(entry["class_name"])
        if key is not None:
            entry["config"][key] = int(kept[wiring.units[entry["name"]]].sum())
    smaller = type(whole).from_config(config)
    for layer in smaller.layers:
        values = [np.asarray(weight) for weight in whole.get_layer(layer.name).weights]
        if not values:
            continue
        parts = _part(nodes[layer.name], values, wiring, kept)
        shapes = [tuple(weight.shape) for weight in layer.weights]
        if [part.shape for part in parts] != shapes:
            raise BuildFailed(
                f"layer {layer.name!r} ({type(layer).__name__}) has weights of the shapes {shapes},"
                f" and {[part.shape for part in parts]} are kept of it; please report it"
            )
        layer.set_weights(parts)
    return smaller


def _part(node: Node, values: list[Array], wiring: Wiring, kept: Kept) -> list[Array]:
    """Of a layer's weights those that are kept: of the kernel inputs and outputs, of all others the
    last axis.
    """
    gives = kept[wiring.units[node.name]]
    if not node.multiplies:
        return [value[..., gives] if value.shape[-1] == len(gives) else value for value in values]
    takes = kept[wiring.given(node)]
    kernel, *others = values
    if node.part is Part.DEPTHWISE:
        kernel = kernel[:, :, takes]
    elif node.kind == "Conv2DTranspose":
        kernel = kernel[:, :, gives][:, :, :, takes]
    else:
        kernel = kernel[..., takes, :][..., gives]
    return [kernel, *(other[gives] for other in others)]
