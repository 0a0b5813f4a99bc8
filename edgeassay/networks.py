"""Trained Keras networks: loaded without running what they carry, kept in half precision.

Needs the [build] extra.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

HALF: Final = "float16"
SINGLE: Final = "float32"


def load_network(path: Path) -> Any:
    """The network of a .keras file, in single precision whatever it is kept in.

    A network that carries code (a Lambda layer) is refused, not run: ValueError.
    """
    import keras

    network = keras.models.load_model(path, compile=False, safe_mode=True)
    if all(np.dtype(w.dtype) != np.float16 for w in network.weights):
        return network
    restored = type(network).from_config(_with_precision(network.get_config(), HALF, SINGLE))
    restored.set_weights([np.asarray(w, np.float32) for w in network.get_weights()])
    return restored


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
