"""From what layers do alone, and what networks of one precision cost, to the space of recipes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgeassay.search.space import MOST_GROUPS, Option, Space, Unit, parts, space_of
from edgeassay.search.tried import Objective, Tried
from edgeassay.sensitivity import LayerSensitivity
from edgeassay.tflite_file import Operator
from edgeassay.variants.precisions import FLOAT

# By layer: what each precision costs there.
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
    names = [layer.name for layer in layers]
    if objective == "size":
        costs = _bytes(found, whole, names)
        groups = [
            [_unit([name], choices, forms, damage, costs) for name in part]
            for part in parts(names, MOST_GROUPS)
        ]
    else:
        costs = _times(layers, whole, forms)
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
    found: Sequence[LayerSensitivity], whole: Mapping[str, Tried], names: Sequence[str]
) -> Costs:
    """The bytes of each layer beside what it has as float: what it alone saves, put right by as
    much for each as makes them add up to the network's where all have that precision. One alone
    among floats also has the operators that change its form, and more between them don't.
    """
    costs: dict[str, dict[str, float]] = {name: dict.fromkeys(whole, 0.0) for name in names}
    for precision, tried in whole.items():
        alone = {
            one.layer: -float(one.saved_bytes)
            for one in found
            if one.precision == precision and one.saved_bytes is not None
        }
        together = tried.size_bytes - tried.size_bytes / tried.size_ratio
        off = (sum(alone.values()) - together) / max(1, len(alone))
        for name, size in alone.items():
            costs[name][precision] = size - off
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
