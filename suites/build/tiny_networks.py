"""Networks of a few hundred weights, one for each way in which layers are connected.

Keras is imported inside: tests run what is here in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

SIDE: Final = 16


def _block(x: Any, width: int, stride: int = 1, *, bias: bool = False) -> Any:
    from keras import layers

    x = layers.Conv2D(width, 3, stride, padding="same", use_bias=bias)(x)
    return layers.ReLU(6.0)(layers.BatchNormalization()(x))


def _scores(x: Any, classes: int = 2) -> Any:
    from keras import layers

    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return layers.Dense(classes, activation="softmax")(x)


def plain(image: Any) -> Any:
    """Convolutions, one behind another, then positions side by side and two dense layers."""
    from keras import layers

    x = layers.MaxPooling2D()(_block(image, 6))
    x = layers.Conv2D(5, 3, 2, activation="tanh", dilation_rate=1)(x)
    x = layers.Dense(7, activation="relu")(layers.Flatten()(x))
    x = layers.BatchNormalization()(x)
    return layers.Activation("softmax")(layers.Dense(3)(x))


def residual(image: Any) -> Any:
    """What is added twice is one, through a projection too."""
    from keras import layers

    x = _block(image, 6)
    x = layers.Add()([x, _block(_block(x, 4), 6)])
    y = layers.Conv2D(6, 1)(_block(x, 5, bias=True))
    return _scores(layers.PReLU(shared_axes=[1, 2])(layers.Add()([x, y])))


def separable(image: Any) -> Any:
    """Inverted residuals with padding (Sandler et al. 2018), and several filters a channel."""
    from keras import layers

    x = _block(image, 4, 2)
    y = _block(x, 8)
    y = layers.DepthwiseConv2D(3, use_bias=False)(layers.ZeroPadding2D(1)(y))
    y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(4, 1, use_bias=False)(y))
    x = layers.Add()([x, y])
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", activation="relu")(x)
    return _scores(layers.Conv2D(6, 1, activation="relu")(x))


def findings(image: Any) -> Any:
    """As much of the phantom's as so small a network sees."""
    from keras import layers

    x = _block(image, 8, 2)
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(8, 1, use_bias=False)(y))
    x = layers.GlobalAveragePooling2D()(layers.Add()([x, y]))
    return layers.Dense(14, activation="sigmoid")(x)


def dense(image: Any) -> Any:
    """Each layer is given all before it, normalized anew (Huang et al. 2017)."""
    from keras import layers

    x = _block(image, 5, 2)
    for _ in range(3):
        y = layers.Conv2D(3, 3, padding="same", use_bias=False)(
            layers.ReLU()(layers.BatchNormalization()(x))
        )
        x = layers.Concatenate()([x, y])
    x = layers.AveragePooling2D(2)(layers.Conv2D(6, 1)(x))
    return _scores(layers.BatchNormalization()(x))


def unet(image: Any) -> Any:
    """Two levels down and up again (Ronneberger et al. 2015); one is upsampled."""
    from keras import layers

    one = _block(image, 4)
    two = _block(layers.MaxPooling2D()(one), 6)
    x = _block(layers.MaxPooling2D()(two), 8)
    x = layers.Concatenate()([two, layers.Conv2DTranspose(5, 2, strides=2)(x)])
    x = layers.UpSampling2D()(_block(x, 6))
    x = _block(layers.Concatenate()([x, one]), 4)
    return layers.Conv2D(1, 1, activation="sigmoid")(x)


def excited(image: Any) -> Any:
    """Channels are multiplied by what is made of their means (Hu et al. 2018)."""
    from keras import layers

    x = _block(image, 6)
    y = layers.GlobalAveragePooling2D(keepdims=True)(x)
    y = layers.Conv2D(6, 1, activation="sigmoid")(layers.Conv2D(3, 1, activation="relu")(y))
    x = layers.Multiply()([x, y])
    gate = layers.Conv2D(1, 1, activation="sigmoid")(x)
    return _scores(layers.Cropping2D(1)(layers.Multiply()([x, gate])))


def generated(seed: int) -> Callable[[Any], Any]:
    """A network of blocks that are drawn."""

    def network(image: Any) -> Any:
        from keras import layers

        rng = np.random.default_rng(seed)
        x = _block(image, int(rng.integers(2, 7)), 2)
        for kind in rng.choice(["block", "add", "append", "depthwise", "multiply"], 5):
            width = int(x.shape[-1])
            other = _block(x, width, bias=bool(rng.integers(2)))
            if kind == "block":
                x = _block(x, int(rng.integers(2, 7)))
            elif kind == "depthwise":
                many = int(rng.integers(1, 3))
                x = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=many)(x)
            else:
                joins = {"add": layers.Add, "append": layers.Concatenate}
                x = joins.get(str(kind), layers.Multiply)()([x, other])
        return _scores(x)

    return network


KINDS: Final[dict[str, Callable[[Any], Any]]] = {
    "plain": plain,
    "residual": residual,
    "separable": separable,
    "findings": findings,
    "dense": dense,
    "unet": unet,
    "excited": excited,
    **{f"generated-{seed}": generated(seed) for seed in range(8)},
}


def make(kind: str) -> Any:
    """A network with weights, normalizations and slopes that aren't those they begin with."""
    import keras

    keras.utils.set_random_seed(1)
    image = keras.Input((SIDE, SIDE, 1))
    network = keras.Model(image, KINDS[kind](image))
    rng = np.random.default_rng(2)
    for weight in network.weights:
        value = np.asarray(weight)
        moved = value + 0.2 * np.abs(rng.standard_normal(value.shape))
        weight.assign(moved.astype(value.dtype) if value.ndim == 1 else value)
    return network
