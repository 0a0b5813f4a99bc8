"""The bounds of generated networks go red when an artifact, a range or a kernel is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from suites.meta import commands
from suites.properties.bench import Bench
from suites.properties.graph import Array, packed, read_graph, read_model
from suites.properties.laws import (
    Judged,
    float_values,
    judge,
    judge_outputs,
    judge_ranges,
    judge_runtime,
    judge_stored,
    judge_weights,
)
from suites.properties.making import Made
from suites.properties.networks import EXAMPLE
from suites.properties.running import Run

commands.needs("tensorflow", reason="the networks need the [build] extra")


@pytest.fixture(scope="module")
def made(bench: Bench) -> Made:
    found = bench.make(EXAMPLE, ["fp32", "int8"])
    assert not found.failures
    return found


@pytest.fixture(scope="module")
def floats(bench: Bench, made: Made) -> Run:
    return bench.run(made, "fp32", EXAMPLE)


def broken(found: list[Judged]) -> set[str]:
    """The laws that don't hold."""
    return {judged.law for judged in found if not judged.ratio <= 1.0}


def weights_of(model: Any, operator: int, taken: int) -> Any:
    """A tensor that an operator takes."""
    graph = model.subgraphs[0]
    return graph.tensors[graph.operators[operator].inputs[taken]]


def change(model: Any, tensor: Any, dtype: type, by: int) -> None:
    """Add to the first of a tensor's integers, away from the end that it may be at."""
    data: npt.NDArray[Any] = np.asarray(model.buffers[tensor.buffer].data, np.uint8).view(dtype)
    data = data.copy()
    data[0] += -by if data[0] > 0 else by
    model.buffers[tensor.buffer].data = data.view(np.uint8)


def widen_a_channel(model: Any) -> None:
    """The scale of one channel of the weights is 5 % too large."""
    weights = weights_of(model, 0, 1)
    weights.quantization.scale = np.array(weights.quantization.scale, np.float32)
    weights.quantization.scale[0] *= np.float32(1.05)


def change_a_weight(model: Any) -> None:
    """One weight is two steps off."""
    change(model, weights_of(model, 0, 1), np.int8, 2)


def change_a_bias(model: Any) -> None:
    """One bias is off by about a tenth."""
    change(model, weights_of(model, 0, 2), np.int32, 10_000)


def move_a_range(model: Any) -> None:
    """The output's zero point is wrong by 40 steps, so that its range lies elsewhere."""
    operator = model.subgraphs[0].operators[1]
    tensor = model.subgraphs[0].tensors[operator.outputs[0]]
    tensor.quantization.zeroPoint = np.array(tensor.quantization.zeroPoint) + 40


def test_an_artifact_as_it_was_made_breaks_no_law(bench: Bench, made: Made, floats: Run) -> None:
    assert not broken(judge("int8", EXAMPLE, bench.run(made, "int8", EXAMPLE), floats))


@pytest.mark.parametrize(
    ("damage", "law"),
    [
        (widen_a_channel, "stored"),
        (change_a_weight, "stored"),
        (change_a_bias, "weights"),
        (move_a_range, "range"),
    ],
)
def test_a_damaged_artifact_breaks_a_law(
    bench: Bench, made: Made, floats: Run, damage: Callable[[Any], None], law: str
) -> None:
    model = read_model(made.path("int8").read_bytes())
    damage(model)
    graph = read_graph(packed(model))
    values = float_values(graph, floats)
    found = [
        *judge_stored(graph, floats.graph),
        *judge_weights(graph, values),
        *judge_ranges(graph, values),
    ]
    assert law in broken(found)


def test_ranges_of_other_images_break_a_law(made: Made, bench: Bench, floats: Run) -> None:
    graph = bench.graph(made, "int8")
    louder = {k: 1.5 * values for k, values in float_values(graph, floats).items()}
    assert broken(list(judge_ranges(graph, louder))) == {"range"}


def test_a_kernel_that_is_one_step_off_breaks_a_law(bench: Bench, made: Made) -> None:
    run = bench.run(made, "int8", EXAMPLE)
    assert not broken(list(judge_runtime(run, "xnnpack")))
    first = run.graph.operators[0].makes
    moved: Array = run.held[first].copy()
    moved.flat[0] += run.graph.tensors[first].step * (1 if moved.flat[0] <= 0 else -1)
    wrong = Run(graph=run.graph, raw=run.raw, held={**run.held, first: moved})
    assert broken(list(judge_runtime(wrong, "xnnpack"))) == {"runtime"}


def test_swapped_outputs_break_the_law_from_end_to_end(bench: Bench) -> None:
    # Of one convolution: from end to end the worst cases of all layers multiply.
    network = replace(EXAMPLE, layers=EXAMPLE.layers[:1])
    made = bench.make(network, ["fp32", "int8"])
    floats, run = (bench.run(made, way, network) for way in ("fp32", "int8"))
    (end,) = run.graph.outputs
    turned = Run(graph=run.graph, raw=run.raw, held={**run.held, end: run.held[end][:, ::-1]})
    for found, wanted in ((run, False), (turned, True)):
        laws = judge_outputs(found, floats, network.images(), "xnnpack", calibrated=True)
        assert broken(list(laws)) == ({"output"} if wanted else set())
