"""Make it: `python models/pneumonia-mobilenetv2-fragile/make.py`, with EDGEASSAY_DATA set.

The network of pneumonia-mobilenetv2, computing the same: in every block some channels go into the
depthwise convolution 64 times smaller, and its filters for them are 64 times larger. A power of two
rounds nothing. What a ReLU6 cuts off is another matter, so only channels are taken that never reach
6 on the training images; on these every score is the same to the last bit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgeassay.config import data_root, load_model
from edgeassay.datasets import load_images, open_dataset
from edgeassay.errors import ConfigError
from edgeassay.networks import load_network
from edgeassay.spec import Role

FACTOR = 64.0
SHARE = 1 / 16  # of a block's channels
CEILING = 6.0
FOLDER = Path(__file__).resolve().parent
SOURCE = FOLDER.parent / "pneumonia-mobilenetv2"


def blocks(network: Any) -> list[tuple[str, str, str]]:
    """The names of every block's normalization, ReLU and the depthwise convolution after them."""
    names = [layer.name for layer in network.layers]
    expanding = [name.removesuffix("_expand_relu") for name in names if "_expand_relu" in name]
    return [
        ("bn_Conv1", "Conv1_relu", "expanded_conv_depthwise"),
        *((f"{n}_expand_BN", f"{n}_expand_relu", f"{n}_depthwise") for n in expanding),
    ]


def peaks(network: Any, images: np.ndarray) -> list[np.ndarray]:
    """The largest output of every channel of the blocks' ReLUs over the images."""
    import keras

    outputs = [network.get_layer(relu).output for _, relu, _ in blocks(network)]
    probe = keras.Model(network.inputs, outputs)
    found = [np.zeros(output.shape[-1], np.float32) for output in outputs]
    for start in range(0, len(images), 256):
        made = [np.asarray(y).max((0, 1, 2)) for y in probe(images[start : start + 256])]
        found = [np.maximum(a, b) for a, b in zip(found, made, strict=True)]
    return found


def rescale(network: Any, largest: list[np.ndarray]) -> None:
    """Exchange scales between normalization and depthwise filter, in the quietest channels."""
    for (normalization, _, depthwise), peak in zip(blocks(network), largest, strict=True):
        able = np.flatnonzero(peak < CEILING)
        count = max(1, int(len(peak) * SHARE))
        chosen = able[np.argsort(peak[able], kind="stable")[:count]]
        gamma, beta, *rest = network.get_layer(normalization).get_weights()
        gamma[chosen] /= FACTOR
        beta[chosen] /= FACTOR
        network.get_layer(normalization).set_weights([gamma, beta, *rest])
        (kernel,) = network.get_layer(depthwise).get_weights()
        kernel[:, :, chosen] *= FACTOR
        network.get_layer(depthwise).set_weights([kernel])


def main() -> None:
    """Make the network, and say how far its scores of the training images moved: by nothing."""
    model = load_model(SOURCE, FOLDER.parent.parent)
    if model.data is None or model.preprocess is None or model.weights is None:
        raise ConfigError(f"{model.file} has no [data] or no weights")
    dataset = open_dataset(model.data, data_root(), decoding=model.decoding)
    split = dataset.splits[Role.TRAIN]
    images = load_images(split, range(len(split)), model.preprocess)
    network = load_network(model.weights)
    before = network.predict(images, verbose=0)
    rescale(network, peaks(network, images))
    moved = np.abs(network.predict(images, verbose=0) - before).max()
    path = FOLDER / f"{FOLDER.name}.keras"
    network.save(path)
    print(f"wrote {path.name}: {path.stat().st_size:,} bytes, scores moved by {moved}")


if __name__ == "__main__":
    main()
