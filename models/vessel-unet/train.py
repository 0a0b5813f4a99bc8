"""Train it: `python models/vessel-unet/train.py`, with EDGEASSAY_DATA set."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from edgeassay.training import Schedule, train

# Channels of each level, from the image down; each halves the image's sides.
WIDTHS: Final = (8, 16, 32, 64, 128, 256)
SCHEDULE = Schedule(
    epochs=160,
    batch=2,
    learning_rate=2e-3,
    shift=0.1,
    seed=7,
    weight_classes=False,
    half_precision=True,
)


def network(shape: tuple[int, int, int], classes: int) -> Any:
    """A U-Net (Ronneberger et al. 2015) with BatchNorm, from random weights."""
    import keras
    from keras import layers

    def block(x: Any, width: int) -> Any:
        for _ in range(2):
            x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization(momentum=0.9)(x)
            x = layers.ReLU()(x)
        return x

    image = x = keras.Input(shape)
    skips = []
    for width in WIDTHS[:-1]:
        x = block(x, width)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    x = block(x, WIDTHS[-1])
    for width, skip in zip(WIDTHS[-2::-1], reversed(skips), strict=True):
        x = layers.Conv2DTranspose(width, 2, strides=2)(x)
        x = block(layers.Concatenate()([skip, x]), width)
    return keras.Model(image, layers.Conv2D(classes, 1, activation="sigmoid")(x))


if __name__ == "__main__":
    train(Path(__file__).resolve().parent, network, SCHEDULE)
