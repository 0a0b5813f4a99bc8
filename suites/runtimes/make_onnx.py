"""How the small .onnx files were made: the doctor's built-in network, and those beside the tests.

Run it in an environment of its own, with `pip install onnx onnxruntime`; nothing else needs onnx:

    python suites/runtimes/make_onnx.py
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, checker, helper, load, numpy_helper, save, shape_inference
from onnxruntime import quantization

HERE = Path(__file__).resolve().parent / "onnx"
PROBE = Path(__file__).resolve().parents[2] / "edgeassay" / "worker" / "probe.onnx"
SIDE, HIDDEN = 8, 24
OPSET, IR = 17, 8

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def network(
    path: Path,
    nodes: Sequence[Any],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    constants: dict[str, Any] | None = None,
) -> None:
    """Write a network of these nodes, with shapes as far as they can be told."""
    found = [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()]
    graph = helper.make_graph(nodes, "network", inputs, outputs, found)
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR)
    checker.check_model(model)
    model = shape_inference.infer_shapes(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    save(model, path)
    print(f"{path.stat().st_size:6,} bytes  {path.name}")  # noqa: T201


def value(name: str, shape: Sequence[Any], kind: int = FLOAT) -> Any:
    """An input or an output."""
    return helper.make_tensor_value_info(name, kind, list(shape))


def probe() -> None:
    """The network of probe.tflite: a dense layer over 8x8 pixels and a logistic function. Its first
    output is how much brighter than middle grey the image is, its second how much brighter its left
    half is than its right one.
    """
    weights = np.zeros((SIDE, SIDE, 2), np.float32)
    weights[..., 0] = 12.0 / SIDE**2
    weights[:, : SIDE // 2, 1], weights[:, SIDE // 2 :, 1] = 12.0 / SIDE**2, -12.0 / SIDE**2
    network(
        PROBE,
        [
            helper.make_node("Flatten", ["image"], ["pixels"]),
            helper.make_node("Gemm", ["pixels", "weights", "bias"], ["logits"]),
            helper.make_node("Sigmoid", ["logits"], ["scores"]),
        ],
        [value("image", (1, SIDE, SIDE, 1))],
        [value("scores", (1, 2))],
        {"weights": weights.reshape(-1, 2), "bias": np.array([-6.0, 0.0], np.float32)},
    )


def classifier(path: Path, *, batch: Any = 1, turned: bool = False) -> None:
    """Channels first, as PyTorch has them: by how much brighter than middle grey an image is, in
    logits. `turned` gives those of dark images instead.
    """
    rng = np.random.default_rng(7)
    share = rng.uniform(0.5, 1.5, HIDDEN)
    first = np.outer(np.full(SIDE**2, 1.0 / SIDE**2), share) + rng.normal(
        0.0, 0.002, (SIDE**2, HIDDEN)
    )
    last = np.full((HIDDEN, 1), (-1 if turned else 1) * 12.0 / share.sum())
    network(
        path,
        [
            helper.make_node("Flatten", ["image"], ["pixels"]),
            helper.make_node("Gemm", ["pixels", "first", "none"], ["hidden"]),
            helper.make_node("Relu", ["hidden"], ["active"]),
            helper.make_node("Gemm", ["active", "last", "middle"], ["logits"]),
        ],
        [value("image", (batch, 1, SIDE, SIDE))],
        [value("logits", (batch, 1))],
        {
            "first": first.astype(np.float32),
            "none": np.zeros(HIDDEN, np.float32),
            "last": last.astype(np.float32),
            "middle": np.array([6.0 if turned else -6.0], np.float32),
        },
    )


class Greys(quantization.CalibrationDataReader):  # type: ignore[misc]  # untyped
    """Images to calibrate on."""

    def __init__(self) -> None:
        rng = np.random.default_rng(3)
        greys = (rng.normal(rng.normal(0.5, 0.03), 0.15, (1, 1, SIDE, SIDE)) for _ in range(64))
        self._rows = ({"image": np.clip(g, 0.0, 1.0).astype(np.float32)} for g in greys)

    def get_next(self) -> Any:
        return next(self._rows, None)


def classifiers() -> None:
    """A float network, its int8 form, and others that aren't as they should be."""
    classifier(HERE / "fp32.onnx")
    classifier(HERE / "batches.onnx", batch="batch")
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder, "prepared.onnx")
        quantization.quant_pre_process(HERE / "fp32.onnx", prepared)
        quantization.quantize_static(
            prepared,
            HERE / "int8.onnx",
            Greys(),
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QInt8,
            weight_type=quantization.QuantType.QInt8,
        )
    print(f"{(HERE / 'int8.onnx').stat().st_size:6,} bytes  int8.onnx")  # noqa: T201
    classifier(HERE / "turned.onnx", turned=True)


def other_tasks() -> None:
    """Networks that are no image classifiers."""
    ramp = np.linspace(0.1, 1.0, 8, dtype=np.float32).reshape(1, 1, 8)
    corners = np.linspace(0.0, 1.0, 4 * 8, dtype=np.float32).reshape(1, 8, 4)
    node = helper.make_node
    network(
        HERE / "detection.onnx",
        [
            node("ReduceMean", ["image"], ["brightness"], axes=[1, 2], keepdims=0),
            node("ReduceMean", ["brightness"], ["mean"], keepdims=1),
            node("Mul", ["mean", "ramp"], ["scores"]),
            node("Identity", ["corners"], ["boxes"]),
            node("NonMaxSuppression", ["boxes", "scores", "most", "overlap", "least"], ["kept"]),
        ],
        [value("image", (1, 3, SIDE, SIDE))],
        [value("boxes", (1, 8, 4)), value("scores", (1, 1, 8)), value("kept", (None, 3), INT64)],
        {
            "ramp": ramp,
            "corners": corners,
            "most": np.array([8], np.int64),
            "overlap": np.array([0.5], np.float32),
            "least": np.array([0.0], np.float32),
        },
    )
    network(
        HERE / "tokens.onnx",
        [
            node("Gather", ["table", "ids"], ["words"]),
            node("Cast", ["mask"], ["weights"], to=FLOAT),
            node("Unsqueeze", ["weights", "last"], ["column"]),
            node("Mul", ["words", "column"], ["masked"]),
            node("ReduceMean", ["masked"], ["logits"], axes=[1], keepdims=0),
        ],
        [value("ids", ("batch", 6), INT64), value("mask", ("batch", 6), INT64)],
        [value("logits", ("batch", 2)), value("words", ("batch", 6, 2))],
        {
            "table": np.linspace(-1.0, 1.0, 60, dtype=np.float32).reshape(30, 2),
            "last": np.array([2], np.int64),
        },
    )
    network(
        HERE / "segmentation.onnx",
        [
            node("Conv", ["image", "edges"], ["logits"], pads=[1, 1, 1, 1]),
            node("Sigmoid", ["logits"], ["mask"]),
        ],
        [value("image", ("batch", 1, SIDE, SIDE))],
        [value("mask", ("batch", 1, SIDE, SIDE))],
        {"edges": np.linspace(-1.0, 1.0, 9, dtype=np.float32).reshape(1, 1, 3, 3)},
    )


def refused() -> None:
    """Networks that can't be run as they are, each for another reason."""
    node, image = helper.make_node, value("image", (1, 1, SIDE, SIDE))
    same = [value("same", (1, 1, SIDE, SIDE))]
    network(
        HERE / "nan.onnx",
        [
            node("Flatten", ["image"], ["pixels"]),
            node("ReduceMean", ["pixels"], ["mean"], axes=[1]),
            node("Neg", ["mean"], ["less"]),
            node("Sqrt", ["less"], ["logits"]),
        ],
        [image],
        [value("logits", (1, 1))],
    )
    sides = ("batch", 1, "height", "width")
    network(
        HERE / "open.onnx",
        [node("Relu", ["image"], ["same"])],
        [value("image", sides)],
        [value("same", sides)],
    )
    text = TensorProto.STRING
    network(
        HERE / "text.onnx",
        [node("Identity", ["words"], ["same"])],
        [value("words", (1, 2), text)],
        [value("same", (1, 2), text)],
    )
    sequence = helper.make_tensor_sequence_value_info("parts", FLOAT, [1, 1, SIDE, SIDE])
    network(
        HERE / "sequence.onnx",
        [node("SequenceConstruct", ["image", "image"], ["parts"])],
        [image],
        [sequence],
    )
    for name, op, opset in (("future", "Relu", 99), ("unknown", "Mystery", OPSET)):
        graph = helper.make_graph([node(op, ["image"], ["same"])], "network", [image], same)
        opsets = [helper.make_opsetid("", opset)]
        save(helper.make_model(graph, opset_imports=opsets, ir_version=IR), HERE / f"{name}.onnx")
    ends = [
        helper.make_value_info(name, helper.make_tensor_type_proto(FLOAT, None))
        for name in ("image", "scores")
    ]
    graph = helper.make_graph([node("Sigmoid", ["image"], ["scores"])], "network", *zip(ends))
    opsets = [helper.make_opsetid("", OPSET)]
    save(helper.make_model(graph, opset_imports=opsets, ir_version=IR), HERE / "unranked.onnx")
    with tempfile.TemporaryDirectory() as folder:  # its weights go to a file that isn't kept
        path = Path(folder, "elsewhere.onnx")
        save(
            load(HERE / "fp32.onnx"),
            path,
            save_as_external_data=True,
            location="elsewhere.onnx.data",
            size_threshold=64,
        )
        (HERE / path.name).write_bytes(path.read_bytes())


def random() -> None:
    """A network whose dropout was left on: it draws anew at every inference."""
    node = helper.make_node
    network(
        HERE / "random.onnx",
        [
            node("Dropout", ["image", "ratio", "training"], ["kept"], seed=7),
            node("Flatten", ["kept"], ["pixels"]),
            node("ReduceMean", ["pixels"], ["score"], axes=[1]),
        ],
        [value("image", (1, 1, SIDE, SIDE))],
        [value("score", (1, 1))],
        {"ratio": np.float32(0.5), "training": np.bool_(True)},
    )


if __name__ == "__main__":
    probe()
    classifiers()
    other_tasks()
    random()
    refused()
