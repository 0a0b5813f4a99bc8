"""How to tell that an artifact has a defect of a converter that is known by name.

Each is shown by a test in test_found.py, which goes red when the defect is gone. The laws aren't
judged where an artifact has one.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from suites.properties.bounds import WEIGHTED
from suites.properties.graph import Graph, GraphTensor, Operator

INT32: Final = 2**31
# TensorFlow's converter makes a weights' scale larger until the bias fits into this.
LARGEST_BIAS: Final = 2**30
# XNNPACK takes no larger factor between a sum's step and the step of what it is rounded to.
LARGEST_FACTOR: Final = 256.0
# The kernels of ADD and SUB compute with 20 bits more than their inputs have.
FINER_THAN_A_SUM: Final = 2.0**20


def _parts(graph: Graph, operator: Operator) -> tuple[GraphTensor, GraphTensor, GraphTensor] | None:
    """Input, weights and bias of an operator that sums in integers; None for all others."""
    if operator.name not in WEIGHTED or len(operator.takes) < 3 or operator.takes[2] < 0:
        return None
    x, w, bias = (graph.tensors[k] for k in operator.takes)
    return (x, w, bias) if x.quantized and w.quantized and bias.quantized else None


def bias_leaves_32_bits(graph: Graph, operator: Operator) -> bool:
    """Whether a sum may pass what 32 bits hold: ai-edge-quantizer doesn't look at the bias when it
    chooses a weights' scale.
    """
    parts = _parts(graph, operator)
    if parts is None or parts[1].data is None or parts[2].data is None:
        return False
    products = np.abs(parts[1].data.astype(np.int64)).sum() * 255
    return bool(np.abs(parts[2].data.astype(np.int64)).max() + products >= INT32)


def weights_are_of_another_scale(graph: Graph, operator: Operator) -> bool:
    """Whether TensorFlow's converter made a scale larger for the bias, and left the weights as they
    were: it does where they have one channel.
    """
    parts = _parts(graph, operator)
    if parts is None or parts[2].data is None or parts[2].data.size > 1:
        return False
    return abs(int(parts[2].data.item())) > LARGEST_BIAS * (1 - 2.0**-20)


def excused(graph: Graph, operator: Operator) -> bool:
    """Whether no law is judged of an operator."""
    return bias_leaves_32_bits(graph, operator) or weights_are_of_another_scale(graph, operator)


def _fineness(graph: Graph, operator: Operator) -> float:
    """How much finer an output's step is than its sum's, as a share of what kernels take."""
    parts, made = _parts(graph, operator), graph.tensors[operator.makes]
    if not made.quantized:
        return 0.0
    if parts is not None:
        return float((parts[0].step * parts[1].scales).max()) / made.step / LARGEST_FACTOR
    if operator.name in ("ADD", "SUB"):
        largest = max(graph.tensors[k].step for k in operator.takes)
        return 2 * largest / made.step / FINER_THAN_A_SUM
    return 0.0


def steps_are_too_fine(graph: Graph) -> bool:
    """Whether an output's step is so much finer than its sum's that kernels overflow, or that the
    runtime refuses the artifact, or aborts: converters make such of tensors that are always zero.
    """
    return any(_fineness(graph, operator) >= 1 for operator in graph.operators)


def kinds_share_weights(float_graph: Graph) -> bool:
    """Whether a convolution and a depthwise one have the same numbers as weights: they are stored
    once, and both converters then write scales, or biases, of one kind's channels for both.
    """
    kinds: dict[bytes, set[str]] = {}
    for operator in float_graph.operators:
        if operator.name in WEIGHTED:
            weights = float_graph.tensors[operator.takes[1]].data
            if weights is not None:
                kinds.setdefault(weights.tobytes(), set()).add(operator.name)
    return any(len(found) > 1 for found in kinds.values())
