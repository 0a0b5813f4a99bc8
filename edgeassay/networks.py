"""Trained Keras networks: loaded without running what they carry, kept in half precision.

Needs the [build] extra.
"""

from __future__ import annotations

import json
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from edgeassay.errors import ConfigError, why
from edgeassay.keras_file import CONFIG, obstacle
from edgeassay.plain_files import open_plain
from edgeassay.temporary import temporary_folder

HALF: Final = "float16"
SINGLE: Final = "float32"
# What a layer may compute in, or keep its weights in, other than single precision.
OTHERS: Final = (HALF, "bfloat16", "float64", "mixed_float16", "mixed_bfloat16")
# In the names of layers that are told the shape of their output.
TRANSPOSED: Final = "Transpose"


class NotForKeras(ValueError):
    """A whole .keras file that Keras 3 can't load; the sentence says what is in the way, and what
    to do.
    """


def load_network(path: Path) -> Any:
    """The network of a .keras file, in single precision whatever it is kept in or computes in.

    ValueError, with the reason in one line, if the file is damaged or Keras can't load it;
    NotForKeras if its configuration says why. A network that carries code (a Lambda layer) is
    refused in this way, and not run. OSError if it is no plain file, or can't be read.
    """
    _check_whole(path)
    try:
        return _loaded(path)
    except NotForKeras:
        raise
    except Exception as error:  # noqa: BLE001 - layers raise anything over values of others
        if (sentence := obstacle(path)) is not None:
            raise NotForKeras(sentence) from None
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

    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read(CONFIG))
    single = _in_single(config)
    if single == config:
        network = keras.models.load_model(path, compile=False, safe_mode=True)
    else:
        # The file itself is changed, since what a layer learnt (its vocabulary, its bins) isn't
        # all among its weights.
        with temporary_folder() as folder:
            changed = folder / path.name
            _write_changed(path, changed, json.dumps(single))
            network = keras.models.load_model(changed, compile=False, safe_mode=True)
    _check_float(network)
    return network


def trained_in(path: Path) -> str | None:
    """The precision that a .keras file was trained in, other than single; None if none, or if it is
    only kept in half precision. OSError, ValueError or KeyError if the file isn't whole.
    """
    with open_plain(path) as file, zipfile.ZipFile(file) as archive:
        config = json.loads(archive.read(CONFIG))
    policies = (name for name in reversed(OTHERS) if name != HALF)
    return next((name for name in policies if _in_single(config, (name,)) != config), None)


def _write_changed(path: Path, target: Path, config: str) -> None:
    """Copy a .keras file with another configuration."""
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(target, "w") as made:
        for member in whole.infolist():
            if member.filename == CONFIG:
                made.writestr(member, config)
                continue
            with whole.open(member) as source, made.open(member, "w") as copy:
                shutil.copyfileobj(source, copy)


def _check_float(network: Any) -> None:
    """NotForKeras if Keras has quantized a layer."""
    for layer in _all_layers(network):
        mode = getattr(layer, "quantization_mode", None)
        if mode is not None:
            raise NotForKeras(
                f"its layer {layer.name!r} was quantized by Keras ({mode}), and variants are made"
                " from a float network; save the network before `network.quantize`"
            )


def open_network(path: Path) -> Any:
    """The network of a .keras file; ConfigError if it can't be loaded."""
    try:
        return load_network(path)
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {why(error)}; copy it again") from None
    except NotForKeras as error:
        raise ConfigError(f"{path}: {error}") from None
    except ValueError as error:
        raise ConfigError(
            f"{path} can't be loaded by Keras ({str(error)[:250]}); save it anew"
        ) from None


def save_half(network: Any, path: Path) -> None:
    """Write a network with 16-bit weights: half the bytes. `load_network` restores it.

    ValueError where a weight is too large for 16 bits.
    """
    half = type(network).from_config(_with_precision(network.get_config(), (SINGLE,), HALF))
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


def _in_single(config: Any, others: Sequence[str] = OTHERS) -> Any:
    return _with_precision(config, others, SINGLE)


def _with_precision(config: Any, before: Sequence[str], after: str) -> Any:
    """A network's configuration with every layer's precision exchanged."""
    if isinstance(config, dict):
        return {
            key: after
            if key in ("dtype", "name") and value in before
            else _with_precision(value, before, after)
            for key, value in config.items()
        }
    if isinstance(config, list | tuple):
        return type(config)(_with_precision(item, before, after) for item in config)
    return config
