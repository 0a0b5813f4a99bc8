"""Mistakes in variants that are trained: their declaration, what was trained, and training them."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import asdict
from typing import Any

import numpy as np

from edgeassay.spec import Training
from edgeassay.variants.trained import Trained, pack
from suites.meta.project import Project
from suites.mistakes.breaking import Break, model, together, truncated, written
from suites.mistakes.mistake import Mistake

HERE = "models/tiny/model.toml"
NETWORK = "models/tiny/tiny.keras"
WEIGHTS = "models/tiny/int8.npz"
CONTENT = b"PK a network"
BUILD = ("edgeassay", "build", "--out", "out", "--variant", "int8")
TRAIN = ("edgeassay", "train", "tiny", "--variant", "int8")
USUAL = 'int8 = { method = "int8", calibration_images = 8 }'
SETTINGS = Training(epochs=2, learning_rate=0.001)


def declared(training: str = "", *, further: str = "", weights: str = "int8.npz") -> Break:
    """int8 is trained."""
    settings = training or "epochs = 2, learning_rate = 0.001"
    keys = f'method = "int8-qat", weights = "{weights}", training = {{ {settings} }}{further}'
    return model(USUAL, f"int8 = {{ {keys} }}")


def trained(source: bytes = CONTENT, **settings: Any) -> Break:
    """What was trained is there, from a network of these bytes, by these settings."""
    facts = {
        "source_sha256": hashlib.sha256(source).hexdigest(),
        "per_tensor": False,
        "exclude": [],
        "training": asdict(SETTINGS) | settings,
        "epoch": 1,
        "validation_auc": 0.9,
    }
    return written(
        WEIGHTS, pack(Trained(arrays={"a/kernel": np.zeros(3, np.float32)}, facts=facts))
    )


def one_finding(project: Project) -> None:
    """Every validation image is of one class."""
    path = project.data / "spots/labels.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    for row in rows:
        if row[3] == "validation":
            row[1] = "bright"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


DECLARED = (
    Mistake(
        id="trained-without-weights",
        broken=model('"int8", calibration_images = 8', '"int8-qat"'),
        code=4,
        what="variants.int8.weights is missing",
        where=HERE,
        remedy="add it",
    ),
    Mistake(
        id="trained-with-an-unknown-key",
        broken=declared("epoch = 2, learning_rate = 0.001"),
        code=4,
        what="unknown key 'variants.int8.training.epoch'",
        where=HERE,
        remedy="did you mean 'epochs'?",
    ),
    Mistake(
        id="trained-for-no-epoch",
        broken=declared("epochs = 0, learning_rate = 0.001"),
        code=4,
        what="variants.int8.training.epochs = 0",
        where=HERE,
        remedy="must be between 1 and",
    ),
    Mistake(
        id="trained-at-no-rate",
        broken=declared("epochs = 1, learning_rate = 0.0"),
        code=4,
        what="variants.int8.training.learning_rate = 0.0",
        where=HERE,
        remedy="must be above 0",
    ),
    Mistake(
        id="trained-into-another-folder",
        broken=declared(weights="../int8.npz"),
        code=4,
        what="variants.int8.weights = '../int8.npz'",
        where=HERE,
        remedy="must be a .npz file in the model's folder",
    ),
    Mistake(
        id="trained-with-calibration",
        broken=declared(further=", calibration_images = 8"),
        code=4,
        what="variants.int8.calibration_images = 8",
        where=HERE,
        remedy="uses no calibration images",
    ),
    Mistake(
        id="excluded-without-training",
        broken=model("calibration_images = 8", 'calibration_images = 8, exclude = ["a"]'),
        code=4,
        what="variants.int8.exclude goes with method 'int8-qat' alone",
        where=HERE,
        remedy="remove it",
    ),
    Mistake(
        id="trained-into-one-file",
        broken=together(
            declared(),
            model(
                "[runtimes]",
                '[variants.other]\nmethod = "int8-qat"\nweights = "int8.npz"\n'
                "training = { epochs = 1, learning_rate = 0.1 }\n\n[runtimes]",
            ),
        ),
        code=4,
        what="variants.int8 and variants.other both keep what was trained in 'int8.npz'",
        where=HERE,
        remedy="give each a file of its own",
    ),
    Mistake(
        id="trained-from-a-tflite",
        broken=together(declared(), model("tiny.keras", "tiny.tflite")),
        code=4,
        what="variants.int8 is trained further, for which 'tiny.tflite' must be a .keras",
        where=HERE,
        remedy="leave the variant out",
    ),
)

BUILT = (
    Mistake(
        id="built-before-it-was-trained",
        broken=together(declared(), written(NETWORK, CONTENT)),
        command=BUILD,
        code=4,
        what="tiny/int8 isn't trained yet",
        where="int8.npz isn't there",
        remedy="train it by `edgeassay train tiny --variant int8`",
    ),
    Mistake(
        id="trained-and-truncated",
        broken=together(declared(), written(NETWORK, CONTENT), trained(), truncated(WEIGHTS, 200)),
        command=BUILD,
        code=4,
        what="is damaged or something else",
        where="int8.npz, what was trained for tiny/int8",
        remedy="copy it again",
    ),
    Mistake(
        id="trained-from-another-network",
        broken=together(declared(), written(NETWORK, CONTENT), trained(b"another")),
        command=BUILD,
        code=4,
        what="belongs to another network",
        where="int8.npz",
        remedy="train it by `edgeassay train tiny --variant int8` anew",
    ),
    Mistake(
        id="trained-by-other-settings",
        broken=together(declared(), written(NETWORK, CONTENT), trained(epochs=3)),
        command=BUILD,
        code=4,
        what="was trained otherwise than model.toml says of tiny/int8 (epochs 3, now 2)",
        where="int8.npz",
        remedy="or mend the declaration",
    ),
)

TRAINING = (
    Mistake(
        id="train-what-needs-none",
        command=TRAIN,
        code=2,
        what="--variant int8: models/tiny/model.toml makes it without training",
        where=HERE,
        remedy="trained variants: none",
    ),
    Mistake(
        id="train-an-unknown-variant",
        command=(*TRAIN[:-1], "int9"),
        code=2,
        what="--variant int9: unknown variant",
        where="--variant",
        remedy="did you mean 'int8'?",
    ),
    Mistake(
        id="train-without-the-network",
        broken=declared(),
        command=TRAIN,
        code=2,
        what="'tiny.keras', the network of int8, can't be read",
        where=HERE,
        remedy="copy it there",
    ),
    Mistake(
        id="train-without-data",
        broken=together(declared(), written(NETWORK, CONTENT)),
        environment={"EDGEASSAY_DATA": ""},
        command=TRAIN,
        code=4,
        what="the data set 'spots' isn't here",
        where="spots",
        remedy="set EDGEASSAY_DATA",
        needs="tensorflow_model_optimization",
    ),
    Mistake(
        id="train-on-one-finding",
        broken=together(declared(), written(NETWORK, CONTENT), one_finding),
        command=TRAIN,
        code=2,
        what="no class has both positive and negative images in split 'validation'",
        where="spots",
        remedy="name another under [data.splits]",
        needs="tensorflow_model_optimization",
    ),
    Mistake(
        id="train-a-broken-network",
        broken=together(declared(), written(NETWORK, CONTENT)),
        command=TRAIN,
        code=2,
        what="tiny.keras can't be loaded by Keras",
        where="models/tiny/tiny.keras",
        remedy="save it anew",
        needs="tensorflow_model_optimization",
    ),
)

MISTAKES = (*DECLARED, *BUILT, *TRAINING)
