"""Train it: `python models/pneumonia-mobilenetv2/train.py`, with EDGEASSAY_DATA set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeassay.training import Schedule, settle_sooner, train

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
    settle_sooner(net)
    return net


if __name__ == "__main__":
    train(Path(__file__).resolve().parent, network, SCHEDULE)
