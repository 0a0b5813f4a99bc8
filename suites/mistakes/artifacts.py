"""Mistakes in artifacts and networks: .tflite, manifests, .keras and SavedModels."""

from __future__ import annotations

import base64
import io
import json
import marshal
import zipfile
from pathlib import Path

import numpy as np

from edgeassay.artifacts import Recipe, write_artifact
from suites.meta.project import Project
from suites.meta.tinymodels import brightness, write_classifier, write_several
from suites.mistakes.breaking import (
    INT8,
    Break,
    changed,
    folder,
    model,
    removed,
    together,
    truncated,
    written,
)
from suites.mistakes.mistake import Mistake

BUILD = ("edgeassay", "build", "--out", "out")
INIT = ("edgeassay", "init", "mine", "--models-dir", "{folder}/models")
LOADS = ("pytest", "suites/artifact", "-k", "loads")
QUALITY = ("pytest", "suites/accuracy")
MANIFEST = "artifacts/tiny/int8.json"
# A claim says it in its failure, and the summary begins with it; an artifact fails several claims.
ONCE_A_CLAIM = 2


def manifest(project: Project) -> None:
    """int8 has a manifest that is right."""
    path = project.folder / INT8
    recipe = Recipe(
        model="tiny",
        variant="int8",
        source_sha256="0" * 64,
        data_sha256=None,
        settings={"method": "int8", "calibration_images": 8},
        versions={},
    )
    write_artifact(path, path.read_bytes(), recipe)


def nan_outputs(project: Project) -> None:
    """The float network gives NaN for every image."""
    weights, bias = brightness()
    path = project.artifacts / "tiny/fp32.tflite"
    write_classifier(path, np.full_like(weights, np.nan), bias)


def three_classes(project: Project) -> None:
    write_classifier(project.folder / INT8, *brightness(3), int8=True)


def foreign(project: Project) -> None:
    """A flatbuffer of another program's."""
    path = project.folder / INT8
    path.write_bytes(path.read_bytes().replace(b"TFL3", b"ORTM", 1))


def own(sha256: str = "") -> Break:
    """int8 is a file that the model.toml names."""

    def do(project: Project) -> None:
        digest = f', sha256 = "{sha256}"' if sha256 else ""
        declared = f'artifact = "int8.tflite"{digest}'
        model('method = "int8", calibration_images = 8', declared)(project)
        path = project.folder / INT8
        (project.folder / "models/tiny/int8.tflite").write_bytes(path.read_bytes())
        path.unlink()

    return do


def lambda_layer(project: Project) -> None:
    """A .keras file with a Lambda layer whose code makes a file, in Keras's own format."""
    target = str(project.folder / "EXECUTED")
    code = compile(f"lambda x: open({target!r}, 'w')", "network", "eval").co_consts[0]
    function = {
        "class_name": "__lambda__",
        "config": {
            "code": base64.b64encode(marshal.dumps(code)).decode("ascii"),
            "defaults": None,
            "closure": None,
        },
    }
    layers = [
        {
            "module": "keras.layers",
            "class_name": "InputLayer",
            "config": {"batch_shape": [None, 8, 8, 1], "dtype": "float32", "name": "image"},
            "registered_name": None,
        },
        {
            "module": "keras.layers",
            "class_name": "Lambda",
            "config": {"name": "code", "function": function, "arguments": {}},
            "registered_name": None,
        },
    ]
    network = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "network", "layers": layers, "build_input_shape": [None, 8, 8, 1]},
        "registered_name": None,
    }
    write_keras(project.folder / "models/tiny/tiny.keras", network)


def write_keras(path: Path, network: object) -> None:
    """A .keras file without weights."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("metadata.json", json.dumps({"keras_version": "3.0.0"}))
        file.writestr("config.json", json.dumps(network))
        file.writestr("model.weights.h5", b"")
    path.write_bytes(stream.getvalue())


TFLITE = (
    Mistake(
        id="tflite-missing",
        broken=removed(INT8),
        command=("pytest", "--require-measured", "suites/artifact"),
        code=1,
        what="int8.tflite isn't there",
        where="--artifacts",
        remedy="`edgeassay build --out DIR` makes it",
        said=2 * ONCE_A_CLAIM + 1,
        verdict="unmeasured",
    ),
    Mistake(
        id="tflite-empty",
        broken=written(INT8, ""),
        command=LOADS,
        code=1,
        what="is empty",
        where="int8.tflite",
        remedy="build or copy it again",
        said=ONCE_A_CLAIM,
    ),
    Mistake(
        id="tflite-truncated",
        broken=truncated(INT8, 300),
        command=LOADS,
        code=1,
        what="the runtime refuses it",
        where="tiny/int8 (int8.tflite) on runtime litert",
        remedy="copy it again",
        said=ONCE_A_CLAIM,
    ),
    Mistake(
        id="tflite-text",
        broken=written(INT8, "version https://git-lfs.github.com/spec/v1\noid sha256:12\n"),
        command=LOADS,
        code=1,
        what="the runtime refuses it",
        where="tiny/int8 (int8.tflite) on runtime litert",
        remedy="copy it again",
        said=ONCE_A_CLAIM,
    ),
    Mistake(
        id="tflite-foreign-flatbuffer",
        broken=foreign,
        command=LOADS,
        code=1,
        what="is no .tflite: it is an .ort, ONNX Runtime's own form",
        where="tiny/int8.tflite",
        remedy="give the .onnx that it was made from",
        said=ONCE_A_CLAIM,
    ),
    Mistake(
        id="tflite-folder",
        broken=folder(INT8),
        command=LOADS,
        code=1,
        what="can't be read: Is a directory",
        where="artifacts/tiny/int8.tflite",
        remedy="build or copy it again",
        said=ONCE_A_CLAIM,
    ),
    Mistake(
        id="tflite-changed-since-built",
        broken=together(manifest, lambda p: write_classifier(p.folder / INT8, *brightness())),
        command=LOADS,
        code=1,
        what="has changed since it was built",
        where="int8.tflite",
        remedy="build or copy it again",
        said=ONCE_A_CLAIM,
    ),
    Mistake(
        id="tflite-changed-since-declared",
        broken=own("0" * 64),
        command=LOADS,
        code=1,
        what="int8.tflite has changed",
        where="models/tiny",
        remedy="copy the right file, or declare the new one",
        said=ONCE_A_CLAIM,
    ),
    Mistake(
        id="tflite-declared-and-missing",
        broken=together(own(), removed("models/tiny/int8.tflite")),
        command=(*BUILD, "--variant", "int8"),
        code=4,
        what="can't be read: No such file or directory",
        where="models/tiny/int8.tflite, the artifact of tiny/int8",
        remedy="copy it there, or mend `artifact`",
    ),
    Mistake(
        id="tflite-declared-and-a-folder",
        broken=together(own(), folder("models/tiny/int8.tflite")),
        command=(*BUILD, "--variant", "int8"),
        code=4,
        what="can't be read: Is a directory",
        where="models/tiny/int8.tflite, the artifact of tiny/int8",
        remedy="copy it there, or mend `artifact`",
    ),
    Mistake(
        id="tflite-other-input",
        broken=model("[8, 8]", "[16, 16]"),
        command=QUALITY,
        code=1,
        what="tiny/int8 (int8.tflite) takes an input of shape 1x8x8x1",
        where="models/tiny/model.toml makes 1x16x16x1",
        remedy="make size, color and channels agree",
        said=2 * 3,
    ),
    Mistake(
        id="tflite-other-classes",
        broken=three_classes,
        command=QUALITY,
        code=1,
        what="tiny/int8 (int8.tflite) gives 3 scores an image",
        where="[data] in",
        remedy="make them agree",
        said=2 * 3,
    ),
    Mistake(
        id="tflite-nan",
        broken=nan_outputs,
        command=("pytest", "suites/accuracy", "-k", "min_auc"),
        code=1,
        what="outputs that are no finite numbers",
        where="tiny-fp32-litert gave 158",
        remedy="no AUC can be taken",
        said=ONCE_A_CLAIM,
    ),
    Mistake(
        id="tflite-several-inputs",
        broken=lambda project: write_several(project.artifacts / "tiny/fp32.tflite"),
        command=("pytest", "suites/accuracy", "-k", "min_auc"),
        code=1,
        what="has 2 inputs and 2 outputs",
        where="tiny/fp32 (fp32.tflite)",
        remedy="an image classifier has one of each",
        said=ONCE_A_CLAIM,
    ),
    Mistake(
        id="tflite-float-for-int8",
        broken=lambda project: write_classifier(project.folder / INT8, *brightness()),
        command=LOADS,
        code=1,
        what="is declared as an integer artifact",
        where="tiny/int8 (int8.tflite)",
        remedy="build it again",
        said=ONCE_A_CLAIM,
    ),
    Mistake(
        id="manifest-text",
        broken=written(MANIFEST, "no JSON"),
        command=LOADS,
        code=1,
        what="is no manifest",
        where="int8.json",
        remedy="build the artifact again",
        said=ONCE_A_CLAIM,
    ),
    Mistake(
        id="manifest-of-other-types",
        broken=together(
            manifest, changed(MANIFEST, '"sha256": "', '"sha256": 5, "source_sha256": "')
        ),
        command=LOADS,
        code=1,
        what="is no manifest",
        where="int8.json",
        remedy="build the artifact again",
        said=ONCE_A_CLAIM,
    ),
    Mistake(
        id="manifest-of-another",
        broken=together(manifest, changed(MANIFEST, '"variant": "int8"', '"variant": "drq"')),
        command=LOADS,
        code=1,
        what="is tiny/drq by its manifest",
        where="int8.tflite",
        remedy="copy the right one",
        said=ONCE_A_CLAIM,
    ),
    Mistake(
        id="manifest-of-other-settings",
        broken=together(manifest, changed(MANIFEST, 'images": 8', 'images": 80')),
        command=LOADS,
        code=1,
        what="was made from other settings",
        where="int8.tflite",
        remedy="build it again",
        said=ONCE_A_CLAIM,
    ),
    Mistake(
        id="init-truncated",
        broken=truncated(INT8, 300),
        command=(*INIT, "--artifact", "fp32={folder}/artifacts/tiny/int8.tflite"),
        code=2,
        what="the runtime refuses it",
        where="artifacts/tiny/int8.tflite",
        remedy="copy it again",
    ),
    Mistake(
        id="init-taken",
        command=(*INIT[:2], "tiny", *INIT[3:], "--artifact", "fp32={folder}/" + INT8),
        code=2,
        what="exists already",
        where="models/tiny",
        remedy="choose another",
    ),
)

NETWORKS = (
    Mistake(
        id="keras-lambda",
        broken=lambda_layer,
        command=(*BUILD, "--variant", "fp32"),
        code=4,
        what="it has a Lambda layer",
        where="tiny/fp32: tiny.keras could not be converted",
        remedy="a network that carries code isn't loaded",
        needs="tensorflow",
    ),
    Mistake(
        id="keras-corrupt",
        broken=written("models/tiny/tiny.keras", b"PK\x03\x04 and so on"),
        command=(*BUILD, "--variant", "fp32"),
        code=4,
        what="it is no .keras, or a damaged one",
        where="tiny/fp32: tiny.keras could not be converted",
        remedy="copy it again",
        needs="tensorflow",
    ),
    Mistake(
        id="keras-missing-for-pytest",
        broken=lambda project: setattr(project, "prebuilt", False),
        code=4,
        what="weights = 'tiny.keras' can't be read",
        where="models/tiny/model.toml",
        remedy="copy it there, or mend `weights`",
    ),
    Mistake(
        id="saved-model-without-its-file",
        broken=together(model("tiny.keras", "saved"), folder("models/tiny/saved")),
        command=BUILD,
        code=2,
        what="it has no saved_model.pb",
        where="models/tiny/model.toml: weights = 'saved'",
        remedy="name one of them",
    ),
    Mistake(
        id="saved-model-missing",
        broken=model("tiny.keras", "saved"),
        command=BUILD,
        code=2,
        what="it has no saved_model.pb",
        where="models/tiny/model.toml: weights = 'saved'",
        remedy="name one of them",
    ),
    Mistake(
        id="weights-quantized-already",
        broken=together(
            model("tiny.keras", "tiny.tflite"),
            lambda p: write_classifier(
                p.folder / "models/tiny/tiny.tflite", *brightness(), int8=True
            ),
        ),
        command=(*BUILD, "--variant", "fp32"),
        code=4,
        what="it is quantized already",
        where="tiny/fp32: tiny.tflite could not be converted",
        remedy="declare it as a variant's `artifact`",
        needs="ai_edge_quantizer",
    ),
    Mistake(
        id="weights-tflite-truncated",
        broken=together(
            model("tiny.keras", "tiny.tflite"),
            lambda p: write_classifier(p.folder / "models/tiny/tiny.tflite", *brightness()),
            truncated("models/tiny/tiny.tflite", 300),
        ),
        command=(*BUILD, "--variant", "fp32"),
        code=4,
        what="tiny/fp32: tiny.tflite could not be converted",
        where="tiny.tflite",
        remedy="copy it again",
        needs="ai_edge_quantizer",
    ),
    Mistake(
        id="weights-take-another-input",
        broken=together(
            model("tiny.keras", "tiny.tflite"),
            model("[8, 8]", "[16, 16]"),
            lambda p: write_classifier(p.folder / "models/tiny/tiny.tflite", *brightness()),
        ),
        command=(*BUILD, "--variant", "fp32"),
        code=4,
        what="the network takes 8x8x1, and [preprocess] makes 16x16x1",
        where="tiny/fp32: tiny.tflite could not be converted",
        remedy="make size, color and channels agree",
        needs="ai_edge_quantizer",
    ),
)

MISTAKES = (*TFLITE, *NETWORKS)
