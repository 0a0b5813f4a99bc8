"""Train phantom-cnn: `python models/phantom-cnn/train.py`. Seeded; see README.md for the result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeassay.training import Schedule, train

SCHEDULE = Schedule(
    epochs=12, batch=32, learning_rate=2e-3, shift=0.03, seed=7, weight_classes=False
)


def network(shape: tuple[int, int, int], classes: int) -> Any:
    """Seven plain convolutions with batch normalization, global average pooling, sigmoid."""
    import keras
    from keras import layers

    def convolution(x: Any, filters: int, kernel: int = 3, stride: int = 1) -> Any:
        x = layers.Conv2D(filters, kernel, stride, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    image = keras.Input(shape, name="image")
    x = convolution(image, 24, kernel=5, stride=2)
    for first, second in ((32, 48), (64, 64), (80, 80)):
        x = layers.MaxPooling2D()(convolution(convolution(x, first), second))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(classes, activation="sigmoid", name="scores")(x))


if __name__ == "__main__":
    train(Path(__file__).resolve().parent, network, SCHEDULE)
