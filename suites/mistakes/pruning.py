"""Mistakes in variants that are pruned: their declaration, their networks, and pruning them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from edgeassay.spec import Pruning
from suites.meta import commands
from suites.meta.project import Project
from suites.mistakes.breaking import Break, model, together, written
from suites.mistakes.mistake import Mistake

HERE = "models/tiny/model.toml"
WHOLE = "models/tiny/tiny.keras"
NETWORK = "models/tiny/small.keras"
FACTS = "models/tiny/small.json"
CONTENT = b"PK a network"
SMALL = b"PK a smaller one"
BUILD = ("edgeassay", "build", "--out", "out", "--variant", "int8")
PRUNE = ("edgeassay", "prune", "tiny", "--variant", "int8")
USUAL = 'int8 = { method = "int8", calibration_images = 8 }'
SETTINGS = Pruning(final_epochs=2, learning_rate=0.001, parameters=2.0)
ENOUGH = "parameters = 2.0, final_epochs = 2, learning_rate = 0.001"
FLAT = "layers.Flatten()(layers.Conv2D(3, 3)(image))"
MAKE = """
import sys, keras
from keras import layers, ops
image = keras.Input((8, 8, 1))
x = {body}
keras.Model(image, layers.Dense(1, activation="sigmoid")(x)).save(sys.argv[1])
"""
UNFOLLOWED = """layers.Conv2D(4, 3, name="first")(image)
shared = layers.Conv2D(4, 1, name="shared")
x = shared(shared(x))
x = layers.Reshape((36, 4), name="turned")(x) * 2.0
x = layers.Flatten()(x)"""


def declared(pruning: str = ENOUGH, *, network: str = "small.keras") -> Break:
    """int8 is pruned."""
    keys = 'method = "int8", calibration_images = 8'
    return model(USUAL, f'int8 = {{ {keys}, network = "{network}", pruning = {{ {pruning} }} }}')


def pruned(source: bytes = CONTENT, network: bytes = SMALL, **settings: Any) -> Break:
    """What was pruned is there, from a network of these bytes, by these settings."""
    digest = hashlib.sha256(source).hexdigest()
    facts = {
        "source_sha256": digest,
        "start_sha256": digest,
        "network_sha256": hashlib.sha256(network).hexdigest(),
        "pruning": asdict(SETTINGS) | settings,
    }
    return together(written(NETWORK, SMALL), written(FACTS, json.dumps(facts)))


def saved(body: str) -> Break:
    """The model's network is a real one."""

    def do(project: Project) -> None:
        commands.python(MAKE.format(body=body), str(project.folder / WHOLE))

    return do


DECLARED = (
    Mistake(
        id="pruned-by-an-unknown-key",
        broken=declared(ENOUGH + ", step = 2"),
        code=4,
        what="unknown key 'variants.int8.pruning.step'",
        where=HERE,
        remedy="did you mean 'steps'?",
    ),
    Mistake(
        id="pruned-by-an-unknown-importance",
        broken=declared(ENOUGH + ', importance = "l3"'),
        code=4,
        what="variants.int8.pruning.importance = 'l3' is not valid",
        where=HERE,
        remedy="'l1', 'l2', 'activation' or 'taylor'",
    ),
    Mistake(
        id="pruned-to-no-ratio",
        broken=declared("final_epochs = 2, learning_rate = 0.001"),
        code=4,
        what="variants.int8.pruning has neither `parameters` nor `macs`",
        where=HERE,
        remedy="say how many times fewer of one of them",
    ),
    Mistake(
        id="pruned-to-two-ratios",
        broken=declared(ENOUGH + ", macs = 2.0"),
        code=4,
        what="variants.int8.pruning has parameters and macs",
        where=HERE,
        remedy="say how many times fewer of one of them",
    ),
    Mistake(
        id="pruned-to-more",
        broken=declared(ENOUGH.replace("2.0", "0.5")),
        code=4,
        what="variants.int8.pruning.parameters = 0.5",
        where=HERE,
        remedy="must be above 1",
    ),
    Mistake(
        id="pruned-without-a-last-epoch",
        broken=declared(ENOUGH.replace("final_epochs = 2", "final_epochs = 0")),
        code=4,
        what="variants.int8.pruning.final_epochs = 0",
        where=HERE,
        remedy="must be between 1 and",
    ),
    Mistake(
        id="pruned-into-no-network",
        broken=declared(network="small.tflite"),
        code=4,
        what="variants.int8.network = 'small.tflite'",
        where=HERE,
        remedy="must be a .keras file in the model's folder",
    ),
    Mistake(
        id="pruned-over-the-network",
        broken=declared(network="tiny.keras"),
        code=4,
        what="variants.int8 would write its pruned network over the trained one",
        where=HERE,
        remedy="name another file",
    ),
    Mistake(
        id="pruned-into-one-file",
        broken=together(
            declared(),
            model(
                "[runtimes]",
                '[variants.other]\nmethod = "fp32"\nnetwork = "small.keras"\n'
                f"pruning = {{ {ENOUGH} }}\n\n[runtimes]",
            ),
        ),
        code=4,
        what="variants.int8 and variants.other both write their pruned network to 'small.keras'",
        where=HERE,
        remedy="give each a file of its own",
    ),
    Mistake(
        id="pruned-from-an-unknown-variant",
        broken=declared(ENOUGH + ', start = "fp23"'),
        code=4,
        what="variants.int8.pruning.start = 'fp23' is no variant",
        where=HERE,
        remedy="did you mean 'fp32'?",
    ),
    Mistake(
        id="pruned-from-a-variant-of-the-same-network",
        broken=declared(ENOUGH + ', start = "fp32"'),
        code=4,
        what="variants.int8.pruning.start = 'fp32' has no network of its own",
        where=HERE,
        remedy="leave `start` out",
    ),
    Mistake(
        id="pruned-from-itself",
        broken=declared(ENOUGH + ', start = "int8"'),
        code=4,
        what="comes back to where it began (int8 -> int8)",
        where=HERE,
        remedy="leave one `start` out",
    ),
    Mistake(
        id="pruned-from-a-tflite",
        broken=together(declared(), model("tiny.keras", "tiny.tflite")),
        code=4,
        what="variants.int8.pruning needs the trained network as a .keras",
        where=HERE,
        remedy="leave the variant out",
    ),
)

BUILT = (
    Mistake(
        id="built-before-it-was-pruned",
        broken=together(declared(), written(WHOLE, CONTENT)),
        command=BUILD,
        code=4,
        what="tiny/int8 isn't pruned yet",
        where="small.keras isn't there",
        remedy="make it by `edgeassay prune tiny --variant int8`",
    ),
    Mistake(
        id="pruned-without-facts",
        broken=together(declared(), written(WHOLE, CONTENT), written(NETWORK, SMALL)),
        command=BUILD,
        code=4,
        what="has no small.json beside it",
        where="small.keras",
        remedy="copy it there",
    ),
    Mistake(
        id="pruned-with-damaged-facts",
        broken=together(declared(), written(WHOLE, CONTENT), pruned(), written(FACTS, "{")),
        command=BUILD,
        code=4,
        what="is damaged or something else",
        where="small.json",
        remedy="copy it again",
    ),
    Mistake(
        id="pruned-and-changed",
        broken=together(declared(), written(WHOLE, CONTENT), pruned(network=b"another")),
        command=BUILD,
        code=4,
        what="its bytes have changed",
        where="small.keras",
        remedy="copy both again",
    ),
    Mistake(
        id="pruned-from-another-network",
        broken=together(declared(), written(WHOLE, CONTENT), pruned(b"another")),
        command=BUILD,
        code=4,
        what="belongs to another network",
        where="small.keras",
        remedy="make it by `edgeassay prune tiny --variant int8` anew",
    ),
    Mistake(
        id="pruned-by-other-settings",
        broken=together(declared(), written(WHOLE, CONTENT), pruned(steps=3)),
        command=BUILD,
        code=4,
        what="was pruned otherwise than models/tiny/model.toml says of int8 (steps 3, now 1)",
        where="small.keras",
        remedy="or mend the declaration",
    ),
)

PRUNING = (
    Mistake(
        id="prune-what-is-not-pruned",
        command=PRUNE,
        code=2,
        what="--variant int8: models/tiny/model.toml doesn't say how it is pruned",
        where=HERE,
        remedy="pruned variants: none",
    ),
    Mistake(
        id="prune-an-unknown-variant",
        command=(*PRUNE[:-1], "int9"),
        code=2,
        what="--variant int9: unknown variant",
        where="--variant",
        remedy="did you mean 'int8'?",
    ),
    Mistake(
        id="prune-without-the-network",
        broken=declared(),
        command=PRUNE,
        code=2,
        what="'tiny.keras', which int8 is pruned from, can't be read",
        where=HERE,
        remedy="copy it there",
    ),
    Mistake(
        id="prune-without-data",
        broken=together(declared(), saved(FLAT)),
        environment={"EDGEASSAY_DATA": ""},
        command=PRUNE,
        code=4,
        what="the data set 'spots' isn't here",
        where="spots",
        remedy="set EDGEASSAY_DATA",
        needs="tensorflow",
    ),
    Mistake(
        id="prune-a-broken-network",
        broken=together(declared(), written(WHOLE, CONTENT)),
        command=PRUNE,
        code=2,
        what="tiny.keras can't be loaded by Keras",
        where=WHOLE,
        remedy="save it anew",
        needs="tensorflow",
    ),
    Mistake(
        id="prune-what-cannot-be-followed",
        broken=together(declared(), saved(UNFOLLOWED)),
        command=(*PRUNE, "--plan"),
        code=2,
        what="its channels can't be followed through 'shared' (Conv2D: shared, used 2 times),"
        " 'turned' (Reshape: not known what it does to channels), 'multiply' (Multiply: no layer"
        " of Keras)",
        where=WHOLE,
        remedy="leave the variant out",
        needs="tensorflow",
    ),
    Mistake(
        id="prune-to-a-ratio-that-no-layer-meets",
        broken=together(declared(ENOUGH.replace("2.0", "200.0")), saved(FLAT)),
        command=(*PRUNE, "--plan"),
        code=2,
        # 3 * 9 + 3 and 3 * 36 + 1 become 9 + 1 and 36 + 1.
        what="variants.int8.pruning.parameters = 200 can't be reached: with least_channels = 1 and"
        " align = 1, 47 of 139 parameters stay at least",
        where=HERE,
        remedy="ask for 2.95 at most",
        needs="tensorflow",
    ),
    Mistake(
        id="prune-a-network-without-channels-to-spare",
        broken=together(declared(), saved("layers.Flatten()(image)")),
        command=(*PRUNE, "--plan"),
        code=2,
        what="65 of 65 parameters stay at least",
        where=HERE,
        remedy="leave the variant out",
        needs="tensorflow",
    ),
)

MISTAKES = (*DECLARED, *BUILT, *PRUNING)
