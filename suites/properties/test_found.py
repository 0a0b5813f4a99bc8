"""What generated networks found wrong in the toolchain, each as the smallest network that shows it.

A test states what ought to hold, and is expected to fail, strictly: it goes red when a new version
mends the defect. Then its exclusion goes too, whose name it says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pytest

from edgeassay.errors import ArtifactError, WorkerError
from suites.meta import commands
from suites.properties.bench import Bench
from suites.properties.laws import float_values, judge_ranges, judge_stored
from suites.properties.networks import EXAMPLE, Layer, Network

commands.needs("tensorflow", reason="the networks need the [build] extra")

GELU_AND_RELU: Final = Network(
    channels=1,
    layers=(
        Layer(kind="activation", takes=(0,), activation="gelu"),
        Layer(kind="activation", takes=(1,), activation="relu"),
    ),
    classes=2,
    head="sigmoid",
)
# Its bias is 0.1 and its weight 0.00001: 2**30 steps of 32 bits wouldn't reach it.
ONE_OUTPUT: Final = Network(
    channels=1, layers=(), classes=1, head="linear", weights="tiny", pixels="centred"
)
NO_WEIGHTS: Final = Network(channels=3, layers=(), classes=2, head="linear", weights="dead")

# Its only channel is negative before the relu, for all images.
ALWAYS_ZERO: Final = Network(
    channels=1,
    layers=(Layer(kind="conv", takes=(0,), units=1, activation="relu"),),
    classes=2,
    head="linear",
    seed=4,
)
# The same of a sum: black images, and what BatchNormalization adds is negative.
ZERO_SUM: Final = Network(
    channels=1,
    layers=(
        Layer(kind="batch_norm", takes=(0,)),
        Layer(kind="activation", takes=(1,), activation="relu"),
    ),
    classes=2,
    head="linear",
    pixels="dark",
    seed=0,
)
EQUAL_WEIGHTS: Final = Network(
    channels=3,
    layers=(
        Layer(kind="depthwise", takes=(0,), kernel=3),
        Layer(kind="conv", takes=(1,), units=1, kernel=3),
    ),
    classes=2,
    head="linear",
    weights="none",
)


def refusal(bench: Bench, network: Network, way: str) -> str:
    """What the runtime says against an artifact, if anything."""
    made = bench.make(network, ["fp32", way])
    try:
        bench.runner.outputs(made.path(way), network.images(), "xnnpack")
    except (ArtifactError, WorkerError) as error:
        return str(error)
    return ""


@pytest.mark.xfail(
    raises=AssertionError,
    reason="ai-edge-litert 2.3.0: where a tensor is always zero, both converters give it a step so"
    " fine that XNNPACK refuses the factor to it (256 and more), and the runtime refuses the whole"
    " artifact instead of running that operator itself. Exclusion: defects.steps_are_too_fine",
)
@pytest.mark.parametrize("way", ["int8", "tflite-int8"])
def test_an_artifact_with_a_layer_that_is_always_zero_loads(bench: Bench, way: str) -> None:
    assert not refusal(bench, ALWAYS_ZERO, way)


@pytest.mark.xfail(
    raises=AssertionError,
    reason="ai-edge-litert 2.3.0: where a sum is always zero, ai-edge-quantizer 0.10.0 gives it a"
    " step of 4e-12, and the runtime aborts with its whole process when it loads the artifact."
    " Exclusion: defects.steps_are_too_fine",
)
def test_an_artifact_with_a_sum_that_is_always_zero_loads(bench: Bench) -> None:
    assert "killed" not in refusal(bench, ZERO_SUM, "tflite-int8")


@pytest.mark.xfail(
    raises=AssertionError,
    reason="tensorflow 2.21.0: equal weights are stored once, also where their channels are another"
    " axis, and the scales of a depthwise convolution's three channels are written beside a"
    " convolution's one. Exclusion: defects.kinds_share_weights",
)
def test_a_convolution_and_a_depthwise_one_of_equal_weights_load(bench: Bench) -> None:
    assert not refusal(bench, EQUAL_WEIGHTS, "int8")


@pytest.mark.xfail(
    raises=AssertionError,
    reason="tensorflow 2.21.0: the relu is fused into GELU's last product, the pattern that makes a"
    " GELU of it doesn't match any more, and tf.Erfc, which is no built-in operator, is left over."
    " Exclusion: Made.refused",
)
def test_a_relu_after_a_gelu_is_converted(bench: Bench) -> None:
    assert not bench.make(GELU_AND_RELU, ["fp32"]).failures


@pytest.mark.xfail(
    raises=AssertionError,
    reason="tensorflow 2.21.0: where a bias doesn't fit, the weights' scale is made larger, and"
    " weights of one channel keep the integers of the smaller one. Exclusion:"
    " defects.weights_are_of_another_scale",
)
def test_weights_fit_their_scale_where_it_was_made_larger_for_the_bias(bench: Bench) -> None:
    made = bench.make(ONE_OUTPUT, ["fp32", "int8"])
    assert not made.failures
    graph, floats = bench.graph(made, "int8"), bench.graph(made, "fp32")
    assert all(j.ratio <= 1 for j in judge_stored(graph, floats, excusing=False))


@pytest.mark.xfail(
    raises=AssertionError,
    reason="ai-edge-quantizer 0.10.0: the scale of weights that are all zero (a pruned channel) is"
    " so small that the bias saturates in 32 bits, and next to nothing is left of it. Exclusion:"
    " defects.bias_leaves_32_bits",
)
def test_a_channel_without_weights_keeps_its_bias(bench: Bench) -> None:
    made = bench.make(NO_WEIGHTS, ["fp32", "tflite-int8"])
    assert not made.failures
    outputs = [bench.run(made, way, NO_WEIGHTS) for way in ("fp32", "tflite-int8")]
    wanted, found = (run.held[run.graph.outputs[0]][..., 0] for run in outputs)
    assert np.allclose(found, wanted, rtol=0.5)


def test_ranges_hold_all_that_calibrated_them(bench: Bench) -> None:
    made = bench.make(EXAMPLE, ["fp32", "tflite-int8"])
    assert not made.failures
    float_run = bench.run(made, "fp32", EXAMPLE)
    graph = bench.graph(made, "tflite-int8")
    assert all(j.ratio <= 1 for j in judge_ranges(graph, float_values(graph, float_run)))


@pytest.mark.xfail(
    raises=AssertionError,
    reason="a weight beyond 65504 becomes 65504 (tensorflow 2.21.0) or infinite (ai-edge-quantizer"
    " 0.10.0) in 16 bits without a word. Exclusion: no network is drawn with such weights",
)
@pytest.mark.parametrize("way", ["fp16", "tflite-fp16"])
def test_weights_that_16_bits_cannot_hold_are_refused_or_kept(bench: Bench, way: str) -> None:
    huge = replace(EXAMPLE, weights="huge")
    made = bench.make(huge, ["fp32", way])
    largest = [
        np.abs(tensor.data.astype(np.float64)).max()
        for tensor in bench.graph(made, way).tensors
        if tensor.data is not None and tensor.dtype == np.float16
    ]
    assert max(largest) < np.finfo(np.float16).max
