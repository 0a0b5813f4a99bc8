"""Which channels belong together, which of them go, and in which epoch: without any network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeassay.pruning.choosing import Budget, Unreachable, choose
from edgeassay.pruning.nodes import Node, Part
from edgeassay.pruning.schedule import budget_after, phase_of
from edgeassay.pruning.wiring import Cost, Wiring, channels, costs, everything, total, wire
from edgeassay.spec import Pruning

SIDE = 4


def node(name: str, part: Part, inputs: str, width: int, *, kind: str = "") -> Node:
    """A layer with kernels of 3x3 where it has some, on SIDE x SIDE positions."""
    multiplies = part in (Part.FILTERS, Part.DEPTHWISE)
    return Node(
        name=name,
        kind=kind,
        part=part,
        inputs=tuple(inputs.split()),
        channels=width,
        positions=SIDE * SIDE,
        kernel=9 if multiplies else 0,
        places=SIDE * SIDE if multiplies else 0,
    )


def chain(*widths: int) -> Wiring:
    """Convolutions, one behind another; the last gives the output."""
    nodes = [node("c0", Part.INPUT, "", widths[0])]
    for k, width in enumerate(widths[1:], 1):
        nodes.append(node(f"c{k}", Part.FILTERS, f"c{k - 1}", width))
    return wire(nodes, [nodes[-1].name])


def units(wiring: Wiring, name: str) -> list[int]:
    return [int(unit) for unit in wiring.units[name]]


def test_what_is_added_is_one_and_the_ends_stay() -> None:
    wiring = wire(
        [
            node("image", Part.INPUT, "", 1),
            node("a", Part.FILTERS, "image", 3),
            node("b", Part.FILTERS, "a", 3),
            node("sum", Part.JOINS, "a b", 3),
            node("out", Part.FILTERS, "sum", 2),
        ],
        ["out"],
    )
    assert units(wiring, "a") == units(wiring, "b") == units(wiring, "sum") == [1, 2, 3]
    assert wiring.fixed.tolist() == [True, False, False, False, True, True]


def test_what_is_appended_stays_apart_and_is_taken_in_its_order() -> None:
    wiring = wire(
        [
            node("image", Part.INPUT, "", 1),
            node("a", Part.FILTERS, "image", 2),
            node("b", Part.FILTERS, "a", 3),
            node("both", Part.APPENDS, "b a", 5),
            node("out", Part.FILTERS, "both", 1),
        ],
        ["out"],
    )
    assert units(wiring, "both") == [3, 4, 5, 1, 2]
    kept = everything(wiring)
    kept[[1, 4]] = False
    found = {n.name: channels(wiring, n, kept) for n in wiring.multiplying}
    assert found == {"a": (1, 1), "b": (1, 2), "out": (3, 1)}


def test_depthwise_filters_positions_and_gates_go_with_their_channel() -> None:
    wiring = wire(
        [
            node("image", Part.INPUT, "", 1),
            node("a", Part.FILTERS, "image", 2),
            node("deep", Part.DEPTHWISE, "a", 4),
            node("gate", Part.FILTERS, "deep", 1),
            node("gated", Part.JOINS, "gate deep", 4),
            node("flat", Part.REPEATS, "gated", 8),
            node("out", Part.FILTERS, "flat", 1),
        ],
        ["out"],
    )
    assert units(wiring, "deep") == [1, 1, 2, 2]
    assert units(wiring, "gated") == units(wiring, "deep")
    assert units(wiring, "flat") == [1, 1, 2, 2, 1, 1, 2, 2]
    assert units(wiring, "gate") == [3]


def test_channels_that_are_looked_at_together_stay() -> None:
    wiring = wire(
        [
            node("image", Part.INPUT, "", 1),
            node("a", Part.FILTERS, "image", 2),
            node("softmax", Part.MIXES, "a", 2),
            node("out", Part.FILTERS, "softmax", 1),
        ],
        ["out"],
    )
    assert wiring.fixed.all()


def test_costs_are_those_counted_by_hand() -> None:
    wiring = chain(1, 2, 3)
    whole = everything(wiring)
    first, second = wiring.multiplying
    assert costs(wiring, first, whole) == {Cost.PARAMETERS: 9 * 2 + 2, Cost.MACS: 16 * 9 * 2}
    assert costs(wiring, second, whole) == {Cost.PARAMETERS: 9 * 6 + 3, Cost.MACS: 16 * 9 * 6}
    assert total(wiring, whole, Cost.PARAMETERS) == 77


def test_the_least_important_go_first() -> None:
    wiring = chain(1, 4, 1)
    importance = np.array([1.0, 0.3, 0.1, 0.4, 0.2, 1.0])
    for left, kept in ((3, [0, 1, 3, 4, 5]), (2, [0, 1, 3, 5]), (1, [0, 3, 5])):
        most = total(wiring, everything(wiring), Cost.MACS) * left / 4
        found = choose(wiring, importance, Budget(cost=Cost.MACS, most=most))
        assert np.flatnonzero(found).tolist() == kept


def test_of_equal_channels_the_dearer_go() -> None:
    wiring = chain(1, 4, 32, 1)
    most = total(wiring, everything(wiring), Cost.PARAMETERS) - 1
    kept = choose(wiring, np.ones(len(wiring.fixed)), Budget(cost=Cost.PARAMETERS, most=most))
    # One of 4 would save 9 + 1 + 9 * 32 and be a quarter; one of 32 saves 9 * 4 + 1 + 9.
    assert (~kept[units(wiring, "c2")]).sum() == 1
    assert kept[units(wiring, "c1")].all()


def test_a_budget_that_cannot_be_met_says_what_can() -> None:
    wiring = chain(1, 4, 4, 1)
    budget = Budget(cost=Cost.PARAMETERS, most=10.0, least=2)
    with pytest.raises(Unreachable) as raised:
        choose(wiring, np.ones(len(wiring.fixed)), budget)
    assert raised.value.smallest == (9 * 2 + 2) + (9 * 4 + 2) + (9 * 2 + 1)


def least_cost(wiring: Wiring, budget: Budget) -> int:
    """What a chain costs with as few channels as may stay, counted layer by layer."""
    takes, cost = 3, 0
    for node in wiring.multiplying:
        gives = len(wiring.units[node.name])
        if node is not wiring.multiplying[-1]:
            few = -(-budget.least // budget.align) * budget.align
            gives = min(gives, few)
        cost += 9 * takes * gives * (node.places if budget.cost is Cost.MACS else 1)
        cost += gives if budget.cost is Cost.PARAMETERS else 0
        takes = gives
    return cost


@settings(deadline=None)
@given(
    widths=st.lists(st.integers(1, 12), min_size=2, max_size=5),
    seed=st.integers(0, 2**16),
    share=st.floats(0.05, 0.95),
    least=st.integers(1, 3),
    align=st.integers(1, 4),
    cost=st.sampled_from(Cost),
)
def test_a_budget_is_met_and_its_conditions_hold(
    *, widths: list[int], seed: int, share: float, least: int, align: int, cost: Cost
) -> None:
    wiring = chain(3, *widths, 2)
    importance = np.random.default_rng(seed).random(len(wiring.fixed))
    whole = total(wiring, everything(wiring), cost)
    budget = Budget(cost=cost, most=share * whole, least=least, align=align)
    smallest = least_cost(wiring, budget)
    if budget.most < smallest:
        with pytest.raises(Unreachable) as raised:
            choose(wiring, importance, budget)
        assert raised.value.smallest == smallest
        budget = replace(budget, most=float(smallest))
    kept = choose(wiring, importance, budget)
    assert total(wiring, kept, cost) <= budget.most
    assert kept[wiring.fixed].all()
    for k, width in enumerate(widths, 1):
        own = wiring.units[f"c{k}"]
        left = int(kept[own].sum())
        assert left == width or (left >= least and left % align == 0)
        if left < width:
            assert importance[own[~kept[own]]].max() <= importance[own[kept[own]]].min()


SETTINGS = Pruning(final_epochs=4, learning_rate=0.1, parameters=8.0, steps=3, epochs=2)


def test_every_removal_has_its_epochs_and_the_last_ones_are_final() -> None:
    phases = [phase_of(SETTINGS, n) for n in range(1, SETTINGS.total_epochs + 1)]
    assert [p.removals for p in phases] == [1, 1, 2, 2, 3, 3, 3, 3, 3, 3]
    assert [p.first for p in phases] == [1, 1, 3, 3, 5, 5, 7, 7, 7, 7]
    assert [p.final for p in phases] == [False] * 6 + [True] * 4
    at_once = replace(SETTINGS, epochs=0)
    assert phase_of(at_once, 1) == replace(phases[-1], first=1)


def test_each_removal_leaves_the_same_share() -> None:
    left = [budget_after(k, 3, 800.0, 100.0) for k in (1, 2, 3)]
    assert left == pytest.approx([400.0, 200.0, 100.0])
    assert left[-1] == 100.0
