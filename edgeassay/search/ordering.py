"""From what layers do alone, and what networks of one precision cost, to the space of recipes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from edgeassay.search.space import MOST_GROUPS, Option, Space, Unit, parts, space_of
from edgeassay.search.tried import Objective, Tried
from edgeassay.sensitivity import LayerSensitivity
from edgeassay.tflite_file import Operator
from edgeassay.variants.precisions import FLOAT, precisions

FLOAT_BITS: Final = 32
# Of one layer: what each precision costs there.
Costs = Mapping[str, Mapping[str, float]]


def make_space(
    layers: Sequence[Operator],
    found: Sequence[LayerSensitivity],
    whole: Mapping[str, Tried],
    objective: Objective,
) -> Space:
    """The space of recipes of these layers in the precisions of `whole`, each of which was tried on
    all of them; `found` says what a layer in one of them does alone.
    """
    choices = list(whole)
    damage = _damages(layers, found, choices)
    forms = {name: frozenset(by) for name, by in damage.items()}
    costs = (_bytes if objective == "size" else _times)(layers, whole, forms)
    names = [layer.name for layer in layers]
    if objective == "size":
        groups = [
            [_unit([name], choices, forms, damage, costs) for name in part]
            for part in parts(names, MOST_GROUPS)
        ]
    else:
        groups = [
            [_unit(part, choices, forms, damage, costs)] for part in parts(names, MOST_GROUPS)
        ]
    return space_of(names, groups)


def _damages(
    layers: Sequence[Operator], found: Sequence[LayerSensitivity], choices: Sequence[str]
) -> dict[str, dict[str, float]]:
    """By layer and precision the noise that it alone brings into the outputs, as a share of their
    power; what has no such form of it isn't there.
    """
    whole = {FLOAT: 0.0} if FLOAT in choices else {}
    damages = {layer.name: dict(whole) for layer in layers}
    for one in found:
        if one.snr_db is not None and one.precision in choices:
            damages[one.layer][one.precision] = 10.0 ** (-one.snr_db / 10.0)
    return {name: by or {FLOAT: 0.0} for name, by in damages.items()}


def _bytes(
    layers: Sequence[Operator], whole: Mapping[str, Tried], forms: Mapping[str, frozenset[str]]
) -> Costs:
    """The bytes of each layer: its weights', and its share of what else a network of that precision
    has.
    """
    costs: dict[str, dict[str, float]] = {layer.name: {} for layer in layers}
    for precision in (*whole, FLOAT):
        bits = precisions()[precision].weights or FLOAT_BITS
        weights = {
            layer.name: layer.weights
            * (bits if precision in forms[layer.name] else FLOAT_BITS)
            / 8.0
            for layer in layers
        }
        rest = 0.0
        if precision in whole:
            rest = max(0.0, whole[precision].size_bytes - sum(weights.values())) / len(layers)
        for name, size in weights.items():
            costs[name][precision] = size + rest
    return costs


def _times(
    layers: Sequence[Operator], whole: Mapping[str, Tried], forms: Mapping[str, frozenset[str]]
) -> Costs:
    """The time of each layer, as if a network's were spread by multiplications."""
    macs = max(1, sum(layer.macs for layer in layers))
    ratios = {name: tried.value("latency") for name, tried in whole.items()} | {FLOAT: 1.0}
    return {
        layer.name: {
            name: (ratio if name in forms[layer.name] else 1.0) * (layer.macs + 1) / macs
            for name, ratio in ratios.items()
        }
        for layer in layers
    }


def _unit(
    names: Sequence[str],
    choices: Sequence[str],
    forms: Mapping[str, frozenset[str]],
    damage: Mapping[str, Mapping[str, float]],
    costs: Costs,
) -> Unit:
    """Layers together; what has no form in a precision is float there, which does no damage."""
    possible = [p for p in choices if any(p in forms[name] for name in names)] or [FLOAT]
    options = [
        Option(
            precision=precision,
            cost=sum(costs[name][precision] for name in names),
            damage=sum(damage[name].get(precision, 0.0) for name in names),
        )
        for precision in possible
    ]
    return Unit(layers=tuple(names), options=tuple(options), forms={n: forms[n] for n in names})
