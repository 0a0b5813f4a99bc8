"""Train it: `python models/pneumonia-densenet121/train.py`, with EDGEASSAY_DATA set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeassay.training import Schedule, settle_sooner, train

SCHEDULE = Schedule(
    epochs=12,
    batch=32,
    learning_rate=1e-3,
    shift=0.05,
    seed=7,
    weight_classes=True,
    half_precision=True,
)


def network(shape: tuple[int, int, int], classes: int) -> Any:
    """DenseNet121 (Huang et al. 2017), as CheXNet has it (Rajpurkar et al. 2017), from scratch."""
    import keras

    net = keras.applications.DenseNet121(
        input_shape=shape, weights=None, classes=classes, classifier_activation="sigmoid"
    )
    settle_sooner(net)
    return net


if __name__ == "__main__":
    train(Path(__file__).resolve().parent, network, SCHEDULE)
