"""The converter process: `python -m edgeassay.variants.convert REQUEST`.

TensorFlow lives and dies here, so that its threads and memory never stand beside a measurement.
REQUEST is a JSON file: {"weights": path, "kind": "keras", "saved_model" or "tflite", "signature":
which one of a SavedModel is converted, or null for its default, "input_shape": what preprocessing
makes, or null, "tasks": [{"name", "module", "options", "calibration", "output"}]}. The
name of every artifact finished is said on stdout.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from edgeassay.saved_model_file import DEFAULT
from edgeassay.temporary import temporary_folder

Shape = tuple[int | None, ...]
# The input shapes of a network, without the batch axis, and how to make an artifact from it by a
# method's module, calibration images and the method's options.
Source = tuple[list[Shape], Callable[[Any, Any, dict[str, Any]], bytes]]


def main(request_file: str) -> None:
    """Load the network once, and make every artifact that the request asks for."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # converters print on stdout
    threading.Thread(target=end_with_parent, daemon=True).start()
    # What libraries leave there (TensorFlow does) goes with the request's own folder.
    tempfile.tempdir = str(Path(request_file).resolve().parent)
    request = json.loads(Path(request_file).read_text(encoding="utf-8"))
    import numpy as np

    openers: dict[str, Callable[[Path], Source]] = {
        "keras": open_keras,
        "saved_model": partial(open_saved_model, signature=request["signature"] or DEFAULT),
        "tflite": open_tflite,
    }
    shapes, make = openers[request["kind"]](Path(request["weights"]))
    if request["input_shape"] is not None:
        check_inputs(shapes, tuple(request["input_shape"]))
    for task in request["tasks"]:
        images = None
        if task["calibration"] is not None:
            images = np.load(task["calibration"], allow_pickle=False)
        data = make(importlib.import_module(task["module"]), images, task["options"])
        Path(task["output"]).write_bytes(data)
        print(task["name"], file=replies, flush=True)


def end_with_parent() -> None:
    """End this process when the one that started it is gone: its end of stdin closes then."""
    while os.read(0, 1):  # unbuffered: a lock held here would abort the interpreter's end
        pass
    os._exit(1)


def open_keras(path: Path) -> Source:
    """A .keras file; one that carries code (a Lambda layer) is refused, not run."""
    import tensorflow as tf

    from edgeassay.networks import for_one_image, load_network

    if not zipfile.is_zipfile(path):
        sys.exit("it is no .keras, or a damaged one; copy it again, or save it anew with Keras")
    try:
        network = load_network(path)
    except ValueError as error:
        if "Lambda" in str(error):
            sys.exit(
                "it has a Lambda layer, and a network that carries code isn't loaded; replace the"
                " layer with Keras's own ones, and save the network anew"
            )
        words = " ".join(str(error).split())
        sys.exit(f"Keras can't load it ({words[:250]}); save it anew with Keras 3")
    shapes = [tuple(t.shape[1:]) for t in network.inputs]
    convert = maker(lambda: tf.lite.TFLiteConverter.from_keras_model(for_one_image(network)))

    def make(method: Any, images: Any, options: dict[str, Any]) -> bytes:
        if hasattr(method, "from_network"):
            return bytes(method.from_network(network, images, **options))
        return convert(method, images, options)

    return shapes, make


def open_saved_model(path: Path, signature: str = DEFAULT) -> Source:
    """A SavedModel's folder, by one of its signatures."""
    import tensorflow as tf

    signatures = tf.saved_model.load(str(path)).signatures
    if signature not in signatures:
        sys.exit(
            f"the SavedModel has no signature {signature!r} (it has: {list(signatures)}); name one"
            " of these as `signature`, or export it with that one"
        )
    inputs = signatures[signature].structured_input_signature[1].values()
    shapes = [tuple(t.shape[1:]) for t in inputs]
    return shapes, maker(
        lambda: tf.lite.TFLiteConverter.from_saved_model(str(path), signature_keys=[signature])
    )


def maker(start: Callable[[], Any]) -> Callable[[Any, Any, dict[str, Any]], bytes]:
    """How to make artifacts of a network that TensorFlow converts, by a converter that `start`
    gives: what is made of a float .tflite gets the one that fp32 is, converted once.
    """
    from edgeassay.variants import fp32

    whole = cache(lambda: fp32.convert(start(), None))

    def make(method: Any, images: Any, options: dict[str, Any]) -> bytes:
        if method is fp32:
            return whole()
        if hasattr(method, "convert"):
            return bytes(method.convert(start(), images, **options))
        with temporary_folder() as folder:
            source = folder / "float.tflite"
            source.write_bytes(whole())
            return bytes(method.requantize(source, images, **options))

    return make


def open_tflite(path: Path) -> Source:
    """A float .tflite, from which variants are made without TensorFlow."""
    from ai_edge_litert.interpreter import Interpreter

    try:
        interpreter = Interpreter(model_path=str(path))
    except ValueError as error:
        words = " ".join(str(error).split())
        sys.exit(f"it can't be read as a .tflite ({words}); copy it again, or export it anew")
    # Weights too: a network may be quantized inside, and take and give floats.
    tensors = interpreter.get_tensor_details()
    if any(len(t["quantization_parameters"]["scales"]) for t in tensors):
        sys.exit(
            "it is quantized already, and variants are made from a float network; declare it as a"
            " variant's `artifact`"
        )
    shapes = [
        tuple(None if side < 0 else int(side) for side in d["shape_signature"][1:])
        for d in interpreter.get_input_details()
    ]
    return shapes, lambda method, images, options: method.requantize(path, images, **options)


def check_inputs(shapes: Sequence[Shape], made: tuple[int, ...]) -> None:
    """End the process with a sentence where the network doesn't take what preprocessing makes."""
    fits = len(shapes) == 1 and len(shapes[0]) == len(made)
    if not fits or any(w not in (None, m) for w, m in zip(shapes[0], made, strict=True)):
        taken = " and ".join("x".join(str(side or "any") for side in shape) for shape in shapes)
        sys.exit(
            f"the network takes {taken}, and [preprocess] makes {'x'.join(map(str, made))};"
            " make size, color and channels agree"
        )


if __name__ == "__main__":
    main(sys.argv[1])
