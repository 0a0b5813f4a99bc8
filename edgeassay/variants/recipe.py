"""A recipe: the precision of every layer, applied to a float .tflite by ai-edge-quantizer.

One precision for all layers makes w8, w4, w4a8 and int16x8; one for each makes a mixed variant. An
operator without weights has the precision of the layer that it follows, so that no number changes
its form between them.
"""

from __future__ import annotations

import hashlib
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.errors import some
from edgeassay.tflite_file import Graph, Operator, read_graph
from edgeassay.variants.precisions import Precision, precisions

# Ranges of activations, by what they were taken of: a process makes many variants of one network.
_RANGES: Final[dict[tuple[str, str], Any]] = {}


def convert(
    converter: Any,
    calibration: npt.NDArray[np.float32] | None,
    *,
    others: str,
    layers: Mapping[str, str] | None = None,
    integer: bool = False,
) -> bytes:
    """The bytes of a .tflite of a trained network."""
    with tempfile.TemporaryDirectory(prefix="edgeassay-") as folder:
        source = Path(folder) / "float.tflite"
        source.write_bytes(converter.convert())
        return requantize(source, calibration, others=others, layers=layers, integer=integer)


def requantize(
    source: Path,
    calibration: npt.NDArray[np.float32] | None,
    *,
    others: str,
    layers: Mapping[str, str] | None = None,
    integer: bool = False,
) -> bytes:
    """The bytes of a .tflite whose `layers` have the precision that is named beside them, and all
    `others` this one. Inputs and outputs stay float, unless it is `integer` throughout.

    `calibration` is (images, *input shape); None where no activation is calibrated.
    """
    from ai_edge_quantizer import qtyping, quantizer

    graph = read_graph(source)
    wanted = _precisions(graph, layers or {}, others)
    made = quantizer.Quantizer(str(source))
    for operator in graph.operators:
        chosen = precisions()[wanted[operator.follows]]
        _add(
            made, f"^{re.escape(_scope(operator))}$", qtyping.TFLOperationName.ALL_SUPPORTED, chosen
        )
    if integer:
        for side in (qtyping.TFLOperationName.INPUT, qtyping.TFLOperationName.OUTPUT):
            _add(made, ".*", side, precisions()[others])
    ranges = None
    if calibration is not None:
        ranges = _ranges(source, calibration)
    return bytes(made.quantize(ranges, enable_progress_report=False).quantized_model)


def _precisions(graph: Graph, layers: Mapping[str, str], others: str) -> dict[int, str]:
    """Of every layer, by its index, the name of its precision."""
    known = {layer.name: layer.index for layer in graph.layers}
    unknown = [name for name in layers if name not in known]
    if unknown:
        sys.exit(
            f"it has no layer {some(unknown)}; it has {some(list(known), 8)}: `edgeassay"
            " sensitivity` lists them, and a recipe for other weights has to be made anew"
        )
    found = dict.fromkeys(known.values(), others) or {0: others}
    return found | {known[name]: precision for name, precision in layers.items()}


def _scope(operator: Operator) -> str:
    """What the quantizer matches an operator by."""
    return "".join(f"{name};" for name in operator.outputs)


def _add(made: Any, regex: str, operation: Any, precision: Precision) -> None:
    if precision.weights is None:
        return
    if precision.activations is not None:
        made.add_static_config(
            regex,
            operation,
            activation_num_bits=precision.activations,
            weight_num_bits=precision.weights,
        )
    elif precision.dynamic:
        made.add_dynamic_config(regex, operation, num_bits=precision.weights)
    else:
        made.add_weight_only_config(regex, operation, num_bits=precision.weights)


def _ranges(source: Path, calibration: npt.NDArray[np.float32]) -> Any:
    """The ranges of all activations over the images, which serve every static precision."""
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import calibrator, qtyping, recipe_manager
    from ai_edge_quantizer.utils import qsv_utils

    digests = [hashlib.sha256(source.read_bytes()), hashlib.sha256(calibration.tobytes())]
    key = (digests[0].hexdigest(), digests[1].hexdigest())
    if key not in _RANGES:
        signatures = Interpreter(model_path=str(source)).get_signature_list()
        if not signatures:
            sys.exit("it has no signature, and is calibrated by its name; export it anew with one")
        name, signature = next(iter(signatures.items()))
        whole = recipe_manager.RecipeManager()
        whole.add_static_config(
            ".*", qtyping.TFLOperationName.ALL_SUPPORTED, activation_num_bits=8, weight_num_bits=8
        )
        images = [{signature["inputs"][0]: image[np.newaxis]} for image in calibration]
        # The quantizer's own update is a moving average, which cuts off what few images reach: on
        # radiographs it cost 0.02 of AUC where least and largest values cost nothing.
        taken = calibrator.Calibrator(
            bytearray(source.read_bytes()), num_threads=1, qsv_update_func=qsv_utils.min_max_update
        )
        taken.calibrate({name: images}, whole)
        _RANGES[key] = taken.get_model_qsvs()
    return _RANGES[key]
