"""Trained Keras networks: loaded without running what they carry, kept in half precision.

Needs the [build] extra.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from edgeassay.errors import ConfigError, why
from edgeassay.plain_files import open_plain

HALF: Final = "float16"
SINGLE: Final = "float32"
# In the names of layers that are told the shape of their output.
TRANSPOSED: Final = "Transpose"


def load_network(path: Path) -> Any:
    """The network of a .keras file, in single precision whatever it is kept in.

    ValueError, with the reason in one line, if the file is damaged or Keras can't load it. A
    network that carries code (a Lambda layer) is refused in this way, and not run. OSError if it is
    no plain file, or can't be read.
    """
    _check_whole(path)
    try:
        return _loaded(path)
    except Exception as error:  # noqa: BLE001 - layers raise anything over values of others
        words = " ".join(str(error).split())
        raise ValueError(words or type(error).__name__) from None


def _check_whole(path: Path) -> None:
    """ValueError if the file is no archive, or a member isn't what was written into it."""
    with open_plain(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                changed = archive.testzip()
        except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
            reason = why(error) if isinstance(error, OSError) else error
            raise ValueError(f"it is no whole archive: {reason}") from None
    if changed is not None:
        raise ValueError(f"its {changed!r} isn't as it was written: its checksum is another")


def _loaded(path: Path) -> Any:
    import keras

    network = keras.models.load_model(path, compile=False, safe_mode=True)
    if all(np.dtype(w.dtype) != np.float16 for w in network.weights):
        return network
    restored = type(network).from_config(_with_precision(network.get_config(), HALF, SINGLE))
    restored.set_weights([np.asarray(w, np.float32) for w in network.get_weights()])
    return restored


def open_network(path: Path) -> Any:
    """The network of a .keras file; ConfigError if it can't be loaded."""
    try:
        return load_network(path)
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {why(error)}; copy it again") from None
    except ValueError as error:
        raise ConfigError(
            f"{path} can't be loaded by Keras ({str(error)[:250]}); save it anew"
        ) from None


def save_half(network: Any, path: Path) -> None:
    """Write a network with 16-bit weights: half the bytes. `load_network` restores it.

    ValueError where a weight is too large for 16 bits.
    """
    half = type(network).from_config(_with_precision(network.get_config(), SINGLE, HALF))
    with np.errstate(over="ignore"):
        weights = [np.asarray(w, np.float16) for w in network.get_weights()]
    if not all(np.isfinite(w).all() for w in weights):
        raise ValueError(f"{path.name}: a weight is no finite number in 16 bits; keep all 32")
    half.set_weights(weights)
    half.save(path)


def for_one_image(network: Any) -> Any:
    """The same network where every shape is known beforehand; itself where that is so already.

    A transposed convolution is told the shape of its output, batch included. With a batch of any
    size it is computed at every inference, by operators that no delegate takes.
    """
    if not any(TRANSPOSED in type(layer).__name__ for layer in _all_layers(network)):
        return network
    config = network.get_config()
    for layer in config["layers"]:
        if layer["class_name"] == "InputLayer":
            layer["config"]["batch_shape"] = (1, *layer["config"]["batch_shape"][1:])
    fixed = type(network).from_config(config)
    fixed.set_weights(network.get_weights())
    return fixed


def _all_layers(network: Any) -> Iterator[Any]:
    """A network's layers, and those of the networks in it."""
    for layer in network.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from _all_layers(layer)


def _with_precision(config: Any, before: str, after: str) -> Any:
    """A network's configuration with every layer's precision exchanged."""
    if isinstance(config, dict):
        return {
            key: after
            if key in ("dtype", "name") and value == before
            else _with_precision(value, before, after)
            for key, value in config.items()
        }
    if isinstance(config, list | tuple):
        return type(config)(_with_precision(item, before, after) for item in config)
    return config
