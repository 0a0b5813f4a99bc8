"""What must hold of every smaller network, found out for each kind: printed as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from edgeassay.pruning.choosing import Budget, choose
from edgeassay.pruning.importance import by_activations, by_weights, changes_of
from edgeassay.pruning.keeping import network_bytes
from edgeassay.pruning.nodes import Part
from edgeassay.pruning.reading import read_network
from edgeassay.pruning.shrinking import shrink
from edgeassay.pruning.wiring import Cost, Kept, Wiring, channels, everything, total
from edgeassay.spec import Importance
from edgeassay.training.objective import weighted_loss
from suites.build.tiny_networks import KINDS, SIDE, make


def silence(network: Any, wiring: Wiring, kept: Kept) -> None:
    """Make zero what is taken of the channels that will go."""
    for node in wiring.multiplying:
        if node.part is Part.FILTERS:
            layer = network.get_layer(node.name)
            kernel, *others = layer.get_weights()
            gone = ~kept[wiring.given(node)]
            if node.kind == "Conv2DTranspose":
                kernel[:, :, :, gone] = 0.0
            else:
                kernel[..., gone, :] = 0.0
            layer.set_weights([kernel, *others])


def drawn(wiring: Wiring) -> Kept:
    """Half of what may go is kept, and of every layer a channel."""
    rng = np.random.default_rng(3)
    kept = wiring.fixed | (rng.random(len(wiring.fixed)) < 0.5)
    for node in wiring.multiplying:
        units = wiring.units[node.name]
        kept[units[0]] |= not kept[units].any()
    return kept


def law(kind: str) -> dict[str, Any]:
    """How far a smaller network is from one whose other channels are silent."""
    network = make(kind)
    wiring = read_network(network, kind)
    kept = drawn(wiring)
    silence(network, wiring, kept)
    smaller = shrink(network, wiring, kept)
    images = np.random.default_rng(4).random((3, SIDE, SIDE, 1), np.float32)
    outputs = [np.asarray(net(images, training=False)) for net in (network, smaller)]
    seen = read_network(smaller, kind)
    return {
        "difference": float(np.abs(outputs[0] - outputs[1]).max()),
        "spread": float(np.ptp(outputs[0])),
        "removed": int((~kept).sum()),
        "units": len(seen.fixed) == int(kept.sum()),
        "planned": [channels(wiring, node, kept) for node in wiring.multiplying],
        "found": [channels(seen, node, everything(seen)) for node in seen.multiplying],
        "parameters": [total(wiring, kept, Cost.PARAMETERS), _counted(smaller)],
        "zero_filters": _zero_filters(smaller, seen),
    }


def _counted(network: Any) -> int:
    """Parameters by Keras's own counts: those of normalizations and slopes left out, and a bias for
    each layer that has none, which a converter gives it.
    """
    found = 0
    for layer in network.layers:
        if type(layer).__name__ in ("Conv2D", "Conv2DTranspose", "Dense", "DepthwiseConv2D"):
            found += layer.count_params() + (0 if layer.use_bias else int(layer.output.shape[-1]))
    return found


def _zero_filters(network: Any, wiring: Wiring) -> int:
    """Filters of nothing but zeros."""
    found = 0
    for node in wiring.multiplying:
        kernel = np.asarray(network.get_layer(node.name).weights[0])
        last = 2 if node.kind == "Conv2DTranspose" else kernel.ndim - 1
        if node.part is Part.DEPTHWISE:
            kernel = kernel.reshape(node.kernel, -1)
            last = 1
        found += int((~np.moveaxis(kernel, last, 0).reshape(kernel.shape[last], -1).any(1)).sum())
    return found


def weakest(kind: str) -> dict[str, Any]:
    """Units that weigh nothing go first, and what is left has no zero filter."""
    network = make(kind)
    wiring = read_network(network, kind)
    kept = drawn(wiring)
    for node in wiring.multiplying:
        layer = network.get_layer(node.name)
        kernel, *others = layer.get_weights()
        gone = ~kept[wiring.units[node.name]]
        if node.part is Part.DEPTHWISE:
            kernel.reshape(node.kernel, -1)[:, gone] = 0.0
        elif node.kind == "Conv2DTranspose":
            kernel[:, :, gone] = 0.0
        else:
            kernel[..., gone] = 0.0
        layer.set_weights([kernel, *others])
    found = {}
    for importance in (Importance.L1, Importance.L2):
        budget = Budget(cost=Cost.PARAMETERS, most=total(wiring, kept, Cost.PARAMETERS))
        left = choose(wiring, by_weights(network, wiring, importance), budget)
        found[importance.value] = bool(np.array_equal(left, kept))
    return found


def looked_at() -> dict[str, Any]:
    """Importance on images, beside what is found by changing channels by a little, and by hand."""
    import keras

    network = make("findings")
    wiring = read_network(network, "findings")
    rng = np.random.default_rng(5)
    images = rng.random((4, SIDE, SIDE, 1), np.float32)
    truths = (rng.random((4, 14)) < 0.5).astype(np.float32)
    loss = weighted_loss(truths, False)
    first = wiring.multiplying[0]
    norm = network.get_layer(next(n.name for n in wiring.nodes if n.kind == "BatchNormalization"))
    kept, changes = norm.get_weights(), np.zeros(8)
    for channel in range(8):
        for i in range(4):
            ends = []
            for factor in (1.01, 0.99):
                moved = [w.copy() for w in kept]
                for w in moved[:2]:  # gamma and beta
                    w[channel] *= factor
                norm.set_weights(moved)
                ends.append(float(loss(truths[i : i + 1], network(images[i : i + 1]))))
            changes[channel] += abs(ends[0] - ends[1]) / 0.02
    norm.set_weights(kept)
    taylor = changes_of(network, wiring, images, truths, loss)[first.name]
    given = [n.inputs[0] for n in wiring.multiplying]
    probe = keras.Model(network.input, [network.get_layer(name).output for name in given])
    by_hand = np.zeros(len(wiring.fixed))
    for name, values in zip(given, probe(images), strict=True):
        means = np.abs(np.asarray(values)).reshape(-1, values.shape[-1]).mean(axis=0)
        for unit, mean in zip(wiring.units[name], means / means.mean(), strict=True):
            by_hand[unit] += mean
    activations = by_activations(network, wiring, images)
    return {
        "taylor": taylor.tolist(),
        "changes": (changes / len(images)).tolist(),
        "activations": activations.tolist(),
        "by_hand": by_hand.tolist(),
    }


def kept_whole() -> dict[str, Any]:
    """A network whose weights fit into 16 bits, and one whose don't, as their files have them."""
    found = {}
    for name, factor in (("half", 1.0), ("single", 1e6)):
        network = make("plain")
        network.set_weights([factor * w for w in network.get_weights()])
        data, back = network_bytes(network)
        pairs = zip(network.get_weights(), back.get_weights(), strict=True)
        error = max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in pairs)
        found[name] = {"error": error, "again": network_bytes(network)[0] == data}
    return found


def main(folder: Path) -> None:
    """What holds of all kinds."""
    found: dict[str, Any] = {kind: law(kind) | weakest(kind) for kind in KINDS}
    found |= {"looked at": looked_at(), "kept": kept_whole()}
    (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
