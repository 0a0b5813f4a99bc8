"""A recipe: the precision of every layer, applied to a float .tflite by ai-edge-quantizer.

One precision for all layers makes w8, w4, w4a8 and int16x8; one for each makes a mixed variant. An
operator without weights has the precision of the layer that it follows, so that no number changes
its form between them.
"""

from __future__ import annotations

import hashlib
import re
import sys
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.errors import some
from edgeassay.plain_files import read_plain
from edgeassay.temporary import temporary_folder
from edgeassay.tflite_file import Graph, Operator, read_graph
from edgeassay.variants.one_piece import in_one_piece
from edgeassay.variants.precisions import precisions
from edgeassay.variants.signature import with_signature
from edgeassay.variants.support import asked_of, configure, given, operation, unmet

# Operators whose parts are graphs of their own, of which no ranges are taken.
NESTED: Final = ("WHILE", "IF")
# Ranges of activations, by what they were taken of: a process makes many variants of one network.
_RANGES: Final[dict[tuple[str, str], Any]] = {}


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

    An operator that can't have its precision has what the precision says of `otherwise`; where none
    of the layers has what was asked for, there is no such variant, and the process ends.
    `calibration` is (images, *input shape); None where no activation is calibrated.
    """
    if find_spec("ai_edge_quantizer") is None:
        sys.exit("ai-edge-quantizer isn't installed; install edgeassay[build]")
    from ai_edge_quantizer import qtyping, quantizer

    graph, layers = read_graph(source), layers or {}
    _check_names(graph, layers)
    made = quantizer.Quantizer(str(source))
    asked = asked_of(graph, others, layers)
    chosen = {op.index: given(op, asked[op.index]) for op in graph.operators}
    for (kind, precision), scopes in _groups(graph, chosen).items():
        # By its kind: all kinds together would be the network's own outputs too.
        configure(made, f"^(?:{'|'.join(scopes)})$", operation(kind), precisions()[precision])
    if integer:
        for side in (qtyping.TFLOperationName.INPUT, qtyping.TFLOperationName.OUTPUT):
            configure(made, ".*", side, precisions()[others])
    data = read_plain(source)
    if calibration is not None:
        _check_one_graph(graph, others)
    if any(precisions()[name].weights is not None for name in chosen.values()):
        ranges = None if calibration is None else _ranges(source, calibration)
        quantized = made.quantize(ranges, enable_progress_report=False).quantized_model
        data = in_one_piece(bytes(quantized))
    _check_made(data, others, layers)
    return data


def _check_names(graph: Graph, layers: Mapping[str, str]) -> None:
    """End the process where `layers` names what the network hasn't."""
    known = [layer.name for layer in graph.layers]
    unknown = [name for name in layers if name not in known]
    if unknown:
        sys.exit(
            f"it has no layer {some(unknown)}; it has {some(known, 8)}: `edgeassay sensitivity`"
            " lists them, and a recipe for other weights has to be made anew"
        )


def _check_one_graph(graph: Graph, others: str) -> None:
    """End the process where activations can't be calibrated, since some are those of a loop."""
    nested = [op.kind for op in graph.operators if op.kind in NESTED]
    if nested:
        sys.exit(
            f"its loop or condition ({some(list(dict.fromkeys(nested)))} on float32) can't be"
            f" calibrated, which {others} needs; build recurrent layers with unroll=True, or make a"
            " variant that isn't calibrated: drq, fp16, w8"
        )


def _check_made(data: bytes, others: str, layers: Mapping[str, str]) -> None:
    """End the process where the file isn't what was asked for, by the types that it has."""
    with temporary_folder() as folder:
        path = folder / "made.tflite"
        path.write_bytes(data)
        reason = unmet(read_graph(path), others, layers)
    if reason is not None:
        sys.exit(reason)


def _groups(graph: Graph, chosen: Mapping[int, str]) -> dict[tuple[str, str], list[str]]:
    """The operators of a kind that have a precision, each as an expression that matches it alone.
    Together, since the quantizer tries every expression on every operator.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for op in graph.operators:
        found.setdefault((op.kind, chosen[op.index]), []).append(re.escape(_scope(op)))
    return found


def _scope(operator: Operator) -> str:
    """What the quantizer matches an operator by."""
    return "".join(f"{name};" for name in operator.outputs)


def _ranges(source: Path, calibration: npt.NDArray[np.float32]) -> Any:
    """The ranges of all activations over the images, which serve every static precision."""
    digests = [hashlib.sha256(read_plain(source)), hashlib.sha256(calibration.tobytes())]
    key = (digests[0].hexdigest(), digests[1].hexdigest())
    if key not in _RANGES:
        _RANGES[key] = _measured(source, calibration)
    return _RANGES[key]


def _measured(source: Path, calibration: npt.NDArray[np.float32]) -> Any:
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import calibrator, qtyping, recipe_manager
    from ai_edge_quantizer.utils import qsv_utils

    data = with_signature(read_plain(source))
    name, signature = next(iter(Interpreter(model_content=data).get_signature_list().items()))
    whole = recipe_manager.RecipeManager()
    whole.add_static_config(
        ".*", qtyping.TFLOperationName.ALL_SUPPORTED, activation_num_bits=8, weight_num_bits=8
    )
    images = [{signature["inputs"][0]: image[np.newaxis]} for image in calibration]
    # The quantizer's own update is a moving average, which cuts off what few images reach: on
    # radiographs it cost 0.02 of AUC where least and largest values cost nothing.
    with warnings.catch_warnings():
        # That keeping all tensors takes memory: it is what calibration is.
        warnings.simplefilter("ignore", UserWarning)
        taken = calibrator.Calibrator(
            bytearray(data), num_threads=1, qsv_update_func=qsv_utils.min_max_update
        )
        taken.calibrate({name: images}, whole)
    ranges = taken.get_model_qsvs()
    if all(np.array_equal(r["min"], r["max"]) for r in ranges.values()):
        sys.exit(
            f"on the {len(calibration)} calibration images no activation of it ever changes, so"
            " none has a range; take other images, or train the network"
        )
    return ranges
