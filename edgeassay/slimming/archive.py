"""The one archive of a slimmable network, and the networks that are cut from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from edgeassay.atomic import write_bytes
from edgeassay.errors import DataError
from edgeassay.networks import save_half
from edgeassay.slimming.shape import EPSILON, Shape, fresh_arrays, sliced
from edgeassay.variants.trained import Arrays, Trained, pack, unpack

ARCHIVE: Final = "slimmable.npz"


@dataclass(frozen=True, kw_only=True)
class Slimmable:
    """A shape and the arrays that all of its widths are cut from."""

    shape: Shape
    arrays: Arrays


def write_slimmable(path: Path, network: Slimmable) -> Slimmable:
    """Write the archive, in 16 bits, whole or not at all; what it holds then."""
    halves = {name: array.astype(np.float16) for name, array in network.arrays.items()}
    write_bytes(path, pack(Trained(arrays=halves, facts=asdict(network.shape))))
    return read_slimmable(path)


def read_slimmable(path: Path) -> Slimmable:
    """What an archive holds, in 32 bits; DataError names one that can't be read, or lacks an
    array.
    """
    try:
        kept = unpack(path)
        shape = Shape.of(kept.facts)
        arrays = {name: array.astype(np.float32) for name, array in kept.arrays.items()}
        for name, array in fresh_arrays(shape, 0).items():
            if arrays[name].shape != array.shape:
                raise ValueError(f"{name} has the shape {arrays[name].shape}, not {array.shape}")
    except KeyError as error:
        raise DataError(
            f"{path}: no slimmable network, {error} is missing; train it anew"
        ) from None
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path}: no slimmable network ({error}); train it anew") from None
    return Slimmable(shape=shape, arrays=arrays)


def sub_network(network: Slimmable, width: int) -> Any:
    """A plain Keras network of one width, with layers that every converter knows.

    Needs the [build] extra.
    """
    import keras
    from keras import layers

    image = x = keras.Input(network.shape.image)
    for channels in network.shape.channels_of(width):
        x = layers.Conv2D(channels, 3, strides=2, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(epsilon=EPSILON)(x)
        x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D()(x)
    made = keras.Model(image, layers.Dense(network.shape.classes, activation="sigmoid")(x))
    made.set_weights(sliced(network.arrays, network.shape, width))
    return made


def export(network: Slimmable, folder: Path) -> list[Path]:
    """Write every width as `width-<percent>.keras`; the files, from the narrowest."""
    paths = []
    for width in network.shape.widths:
        paths.append(folder / f"width-{width}.keras")
        save_half(sub_network(network, width), paths[-1])
    return paths
