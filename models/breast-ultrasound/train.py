"""Train it: `python models/breast-ultrasound/train.py`, with EDGEASSAY_DATA set."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from edgeassay.networks import load_network
from edgeassay.training import Schedule, settle_sooner, train

MODELS: Final = Path(__file__).resolve().parents[1]
# What it begins with: 515 images are few to begin from random weights with.
BEGINNING: Final = MODELS / "pneumonia-mobilenetv2" / "pneumonia-mobilenetv2.keras"
SCHEDULE = Schedule(
    epochs=60,
    batch=32,
    learning_rate=1e-3,
    shift=0.1,
    seed=7,
    weight_classes=True,
    half_precision=True,
)


def network(shape: tuple[int, int, int], classes: int) -> Any:
    """MobileNetV2, alpha 0.35 (Sandler et al. 2018), that begins with what was learned of chest
    radiographs in every layer but the last.
    """
    import keras

    net = keras.applications.MobileNetV2(
        input_shape=shape,
        alpha=0.35,
        weights=None,
        classes=classes,
        classifier_activation="softmax",
    )
    settle_sooner(net)
    for layer, learned in zip(net.layers[:-1], load_network(BEGINNING).layers, strict=False):
        layer.set_weights(learned.get_weights())
    return net


if __name__ == "__main__":
    train(Path(__file__).resolve().parent, network, SCHEDULE)
