"""Train it: `python models/pneumonia-mobilenetv2/train.py`, with EDGEASSAY_DATA set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeassay.training import Schedule, train

SCHEDULE = Schedule(
    epochs=24, batch=32, learning_rate=2e-3, shift=0.05, seed=7, weight_classes=True
)


def network(shape: tuple[int, int, int], classes: int) -> Any:
    """MobileNetV2, alpha 0.35 (Sandler et al. 2018), from random weights."""
    import keras

    net = keras.applications.MobileNetV2(
        input_shape=shape,
        alpha=0.35,
        weights=None,
        classes=classes,
        classifier_activation="sigmoid",
    )
    for layer in net.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            # The default 0.999 never settles in so few steps from random weights.
            layer.momentum = 0.9
    return net


if __name__ == "__main__":
    train(Path(__file__).resolve().parent, network, SCHEDULE)
