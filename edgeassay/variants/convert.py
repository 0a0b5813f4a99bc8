"""The converter process: `python -m edgeassay.variants.convert REQUEST`.

TensorFlow lives and dies here, so that its threads and memory never stand beside a measurement.
REQUEST is a JSON file: {"weights": path, "kind": "keras", "saved_model" or "tflite", "signature":
which one of a SavedModel is converted, or null for its default, "input_shape": what preprocessing
makes, or null, "tasks": [{"name", "module", "options", "calibration", "output"}]}. The name of
every artifact finished is said on stdout. Any other line there is a note on how what is converted
is unlike the network as given. The last line on stderr is why it failed.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

from edgeassay.saved_model_file import DEFAULT
from edgeassay.temporary import temporary_folder
from edgeassay.variants.reasons import needs_one_image, reason

Shape = tuple[int | None, ...]
# The input shapes of a network, without the batch axis, and how to make an artifact from it by a
# method's module, calibration images and the method's options.
Make = Callable[[Any, Any, dict[str, Any]], bytes]
Source = tuple[list[Shape], Make]
Note = Callable[[str], None]


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

    openers: dict[str, Callable[[Path, Note], Source]] = {
        "keras": open_keras,
        "saved_model": partial(open_saved_model, signature=request["signature"] or DEFAULT),
        "tflite": open_tflite,
    }

    def note(words: str) -> None:
        print(words, file=replies, flush=True)

    with told():
        shapes, make = openers[request["kind"]](Path(request["weights"]), note)
    if request["input_shape"] is not None:
        check_inputs(shapes, tuple(request["input_shape"]))
    for task in request["tasks"]:
        images = None
        if task["calibration"] is not None:
            images = np.load(task["calibration"], allow_pickle=False)
        with told():
            data = make(importlib.import_module(task["module"]), images, task["options"])
        Path(task["output"]).write_bytes(data)
        print(task["name"], file=replies, flush=True)


@contextmanager
def told() -> Iterator[None]:
    """End the process with a sentence where TensorFlow's error is one of those that are known."""
    try:
        yield
    except Exception as error:
        if (sentence := reason(str(error))) is None:
            raise
        sys.exit(sentence)


def end_with_parent() -> None:
    """End this process when the one that started it is gone: its end of stdin closes then."""
    while os.read(0, 1):  # unbuffered: a lock held here would abort the interpreter's end
        pass
    os._exit(1)


def open_keras(path: Path, note: Note) -> Source:
    """A .keras file; one that carries code (a Lambda layer) is refused, not run."""
    import tensorflow as tf

    from edgeassay.networks import NotForKeras, for_one_image, load_network, trained_in

    if not zipfile.is_zipfile(path):
        sys.exit("it is no .keras, or a damaged one; copy it again, or save it anew with Keras")
    try:
        network = load_network(path)
    except NotForKeras as error:
        sys.exit(str(error))
    except ValueError as error:
        sys.exit(f"Keras can't load it ({str(error)[:250]}); save it anew with Keras 3")
    if (precision := trained_in(path)) is not None:
        note(f"{path.name} was trained in {precision}, and is converted in float32")
    shapes = [tuple(t.shape[1:]) for t in network.inputs]

    def exported(folder: Path) -> Path:
        network.export(folder / "exported", verbose=False)
        return folder / "exported"

    convert = maker(
        lambda: tf.lite.TFLiteConverter.from_keras_model(for_one_image(network)),
        for_one(exported, note, path.name),
    )

    def make(method: Any, images: Any, options: dict[str, Any]) -> bytes:
        if hasattr(method, "from_network"):
            return bytes(method.from_network(network, images, **options))
        return convert(method, images, options)

    return shapes, make


def open_saved_model(path: Path, note: Note, signature: str = DEFAULT) -> Source:
    """A SavedModel's folder, by one of its signatures."""
    import tensorflow as tf

    from edgeassay.variants.one_image import flags_of, rewritten

    loaded = tf.saved_model.load(str(path))
    signatures = loaded.signatures
    if signature not in signatures:
        sys.exit(
            f"the SavedModel has no signature {signature!r} (it has: {list(signatures)}); name one"
            " of these as `signature`, or export it with that one"
        )
    called = signatures[signature]
    inputs = list(called.structured_input_signature[1].values())
    for name, tensor in called.structured_outputs.items():
        if tensor.dtype == tf.string:
            sys.exit(
                f"its output {name!r} is text, and outputs must be numbers; export the network"
                " without what turns scores into words"
            )
    for tensor in inputs:
        if tensor.shape.rank is None:
            sys.exit(
                f"the shape of its input {tensor.name!r} ({tensor.dtype.name}) isn't known, not"
                " even the number of its sides; export the network with a tf.TensorSpec that has"
                " them, such as (None, 224, 224, 3)"
            )
    flags = flags_of(inputs)
    if flags:
        one = len(flags) == 1
        note(
            f"its input{'' if one else 's'} {' and '.join(map(repr, flags))}"
            f" {'is' if one else 'are'} left out, as if False were given"
        )
        kept = rewritten(path, Path(tempfile.mkdtemp()), signature, one_image=False)
        return open_saved_model(kept, note, signature)
    shapes = [tuple(t.shape[1:]) for t in inputs]
    fixed = for_one(lambda _: path, note, path.name, signature)
    return shapes, maker(
        lambda: from_saved_model(path, signature),
        fixed,
        signature,
        lambda: tf.lite.TFLiteConverter.from_concrete_functions([called], loaded),
    )


def from_saved_model(path: Path, signature: str = DEFAULT) -> Any:
    """TensorFlow's converter for one signature of a SavedModel."""
    import tensorflow as tf

    return tf.lite.TFLiteConverter.from_saved_model(str(path), signature_keys=[signature])


def lacks_variables(tflite: bytes) -> bool:
    """Whether a .tflite has variables that nothing in it gives their values."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(tflite, 0)
    codes = [model.OperatorCodes(k) for k in range(model.OperatorCodesLength())]
    kinds = {max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) for code in codes}
    known = schema.BuiltinOperator
    return known.VAR_HANDLE in kinds and known.CALL_ONCE not in kinds


def for_one(
    saved: Callable[[Path], Path], note: Note, name: str, signature: str = DEFAULT
) -> Callable[[], Path | None]:
    """How to have a network as a SavedModel for a batch of 1; None where it would give other
    scores. `saved` gives the network as a SavedModel, for which it gets a folder.
    """
    import tensorflow as tf

    from edgeassay.variants.one_image import agree, rewritten

    @cache
    def made() -> Path | None:
        folder = Path(tempfile.mkdtemp())  # lives as long as the request's own folder
        path = saved(folder)
        try:
            fixed = rewritten(path, folder, signature, one_image=True)
        except (tf.errors.OpError, ValueError):  # shapes that don't fit together
            return None
        if not agree(path, fixed, signature):
            return None
        note(f"{name} is converted for a batch of 1, since a loop in it can't have an open one")
        return fixed

    return made


def maker(
    start: Callable[[], Any],
    one_image: Callable[[], Path | None],
    signature: str = DEFAULT,
    frozen: Callable[[], Any] | None = None,
) -> Make:
    """How to make artifacts of a network that TensorFlow converts, by a converter that `start`
    gives; by one of `frozen`, if there is one, where that leaves the network's variables behind; or
    by one for what `one_image` gives where only that can be converted. What is made of a float
    .tflite gets the one that fp32 is, converted once.
    """
    from edgeassay.variants import fp32

    fixed: list[Path] = []

    def convert(method: Any, *given: Any, **options: Any) -> bytes:
        try:
            converter = from_saved_model(fixed[0], signature) if fixed else start()
            made = bytes(method.convert(converter, *given, **options))
            if lacks_variables(made) and frozen is not None and not fixed:
                made = bytes(method.convert(frozen(), *given, **options))
            if lacks_variables(made):
                sys.exit(
                    "TensorFlow's converter leaves its variables behind, and with them its"
                    " weights; where it was trained, run `network.export(DIR)`, and give that DIR"
                )
            return made
        except Exception as error:
            path = None if fixed or not needs_one_image(str(error)) else one_image()
            if path is None:
                raise
        fixed.append(path)
        return convert(method, *given, **options)

    whole = cache(lambda: convert(fp32, None))

    def make(method: Any, images: Any, options: dict[str, Any]) -> bytes:
        if method is fp32:
            return whole()
        if hasattr(method, "convert"):
            return convert(method, images, **options)
        with temporary_folder() as folder:
            source = folder / "float.tflite"
            source.write_bytes(whole())
            return bytes(method.requantize(source, images, **options))

    return make


def open_tflite(path: Path, note: Note) -> Source:
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
