"""Random small networks go through every variant, and stay where quantization lets them be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings

from suites.meta import commands
from suites.properties.bench import Bench
from suites.properties.defects import kinds_share_weights, steps_are_too_fine
from suites.properties.laws import Judged, judge, judge_conversion
from suites.properties.making import WAYS, Made, Maker
from suites.properties.networks import EXAMPLE, Network, networks
from suites.properties.running import KERNELS
from suites.properties.test_found import (
    ALWAYS_ZERO,
    GELU_AND_RELU,
    NO_WEIGHTS,
    ONE_OUTPUT,
    ZERO_SUM,
)

commands.needs("tensorflow", reason="the networks need the [build] extra")

# To make and run a network takes a second, so there are fewer of them than of numbers: 16 in CI.
MANY: Final = settings(
    max_examples=settings().max_examples // 12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FEW: Final = settings(MANY, max_examples=max(1, MANY.max_examples // 4))


def make(bench: Bench, network: Network, ways: Sequence[str]) -> Made:
    """A network's artifacts; one that a known defect keeps from being made is set aside."""
    made = bench.make(network, ways)
    assume(not made.refused)
    assert not made.failures
    assume(not kinds_share_weights(bench.graph(made, "fp32")))
    return made


def broken(way: str, found: list[Judged]) -> list[str]:
    """The laws that don't hold, in words."""
    return [
        f"{way}: law {j.law!r} at {j.place}: {j.ratio:.4g} times its bound"
        for j in found
        if not j.ratio <= 1.0
    ]


# What was found wrong in the converters; what is left of these networks holds.
@example(network=ONE_OUTPUT)
@example(network=ALWAYS_ZERO)
@example(network=ZERO_SUM)
@example(network=NO_WEIGHTS)
@example(network=EXAMPLE)
@MANY
@given(network=networks())
def test_every_variant_stays_within_the_bounds_of_its_quantization(
    bench: Bench, network: Network
) -> None:
    made = make(bench, network, WAYS)
    floats = bench.run(made, "fp32", network)
    found = broken("fp32", [judge_conversion(made.keras_outputs, floats, network.images())])
    for way in WAYS:
        if steps_are_too_fine(bench.graph(made, way)):
            continue
        run = bench.run(made, way, network)
        found += broken(way, judge(way, network, run, floats))
    assert not found


@example(network=EXAMPLE)
@FEW
@given(network=networks())
def test_all_kernels_keep_the_bounds_of_an_integer_artifact(bench: Bench, network: Network) -> None:
    made = make(bench, network, ["fp32", "int8"])
    assume(not steps_are_too_fine(bench.graph(made, "int8")))
    found = []
    for kernels in KERNELS:
        floats = bench.run(made, "fp32", network, kernels)
        run = bench.run(made, "int8", network, kernels)
        found += broken(f"int8 on {kernels}", judge("int8", network, run, floats, kernels))
    assert not found


@example(network=EXAMPLE)
@FEW
@given(network=networks())
def test_an_integer_artifact_gives_integers_that_do_not_depend_on_who_looks(
    bench: Bench, network: Network
) -> None:
    made = make(bench, network, ["fp32", "int8"])
    assume(not steps_are_too_fine(bench.graph(made, "int8")))
    run = bench.run(made, "int8", network)
    (end,) = run.graph.outputs
    assert run.raw.dtype == np.int8
    assert np.array_equal(run.graph.tensors[end].real(run.raw), run.held[end])


@pytest.mark.long
def test_the_same_network_gives_the_same_bytes_in_another_process(
    bench: Bench, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("again")
    first = bench.make(EXAMPLE)
    with Maker(folder / "maker.log", afresh=True) as maker:  # another seed for hashes
        second = maker.make(EXAMPLE, folder)
    assert not first.failures
    assert not second.failures
    different = [w for w in WAYS if first.path(w).read_bytes() != second.path(w).read_bytes()]
    assert not different


def test_a_network_that_is_set_aside_is_refused_for_the_known_reason_alone(bench: Bench) -> None:
    made = bench.make(GELU_AND_RELU, ["fp32"])
    assert made.refused
    assert not bench.make(EXAMPLE, ["fp32"]).refused
