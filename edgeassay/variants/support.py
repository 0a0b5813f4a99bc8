"""Which operators can have which precision, and what those of a made file have.

ai-edge-quantizer leaves an operator as it is where it doesn't support what is asked for, and says
nothing. So it is asked beforehand, and the file is looked at afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from edgeassay.errors import some
from edgeassay.tflite_file import BETWEEN, Graph, Operator
from edgeassay.variants.precisions import FLOAT, Precision, precisions

FLOATS: Final = "FLOAT32"


@dataclass(frozen=True, kw_only=True)
class Fallback:
    """An operator of a made file that hasn't what was `asked` of it, a precision's name; `has` is
    what it has instead, in words.
    """

    operator: Operator
    asked: str
    has: str


def given(operator: Operator, asked: str) -> str:
    """The precision that an operator gets where one is asked for: that, or what it is otherwise."""
    name: str | None = asked
    while name is not None and not supports(operator.kind, name):
        name = precisions()[name].otherwise
    return name or FLOAT


@cache
def supports(kind: str, precision: str) -> bool:
    """Whether the quantizer can give an operator of a kind a precision; float is there always."""
    chosen = precisions()[precision]
    if chosen.weights is None:
        return True
    from ai_edge_quantizer import recipe_manager

    name = operation(kind)
    if name is None:
        return False
    try:
        configure(recipe_manager.RecipeManager(), ".*", name, chosen)
    except ValueError:
        return False
    return True


def operation(kind: str) -> Any:
    """The quantizer's own name of a kind of operator; None where it knows none."""
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_quantizer.utils.tfl_flatbuffer_utils import TFL_OP_CODE_TO_NAME

    return TFL_OP_CODE_TO_NAME.get(getattr(schema.BuiltinOperator, kind))


def configure(made: Any, regex: str, name: Any, precision: Precision) -> None:
    """Ask a quantizer, or its recipe, for a precision of the operators of one kind that match;
    ValueError where it can't.
    """
    if precision.weights is None:
        return
    if precision.activations is not None:
        made.add_static_config(
            regex,
            name,
            activation_num_bits=precision.activations,
            weight_num_bits=precision.weights,
        )
    elif precision.dynamic:
        made.add_dynamic_config(regex, name, num_bits=precision.weights)
    else:
        made.add_weight_only_config(regex, name, num_bits=precision.weights)


def asked_of(graph: Graph, others: str, layers: Mapping[str, str]) -> dict[int, str]:
    """Of every operator, by its index, the name of the precision that is asked for: that of the
    layer it follows.
    """
    names = {op.index: op.name for op in graph.operators}
    return {op.index: layers.get(names[op.follows], others) for op in graph.operators}


def fallbacks(graph: Graph, others: str, layers: Mapping[str, str]) -> list[Fallback]:
    """The operators of a made file that haven't what was asked of them, by the file's own types."""
    asked = asked_of(graph, others, layers)
    found = []
    for operator in graph.operators:
        name = asked[operator.index]
        if operator.kind not in BETWEEN and not _has(operator, precisions()[name]):
            found.append(Fallback(operator=operator, asked=name, has=_types(operator)))
    return found


def _has(operator: Operator, wanted: Precision) -> bool:
    if operator.is_layer and wanted.weights is not None:
        if operator.weight_type != f"INT{wanted.weights}":
            return False
        return wanted.activations in (None, _bits(operator))
    return wanted.activations is None or operator.activation_type != FLOATS


def _bits(operator: Operator) -> int | None:
    kind = operator.activation_type or ""
    return int(kind.removeprefix("INT")) if kind.startswith("INT") else None


def _types(operator: Operator) -> str:
    activations = f"{(operator.activation_type or 'no').lower()} activations"
    if not operator.is_layer:
        return activations
    return f"{(operator.weight_type or 'no').lower()} weights and {activations}"


def unmet(graph: Graph, others: str, layers: Mapping[str, str]) -> str | None:
    """Why a made file isn't what was asked for, in words: no layer at all has one of its
    precisions. None where each is met somewhere.
    """
    asked, lacking = asked_of(graph, others, layers), fallbacks(graph, others, layers)
    for name in dict.fromkeys(asked[layer.index] for layer in graph.layers):
        wanted = [layer for layer in graph.layers if asked[layer.index] == name]
        without = [f.operator for f in lacking if f.asked == name and f.operator.is_layer]
        if len(without) == len(wanted):
            kinds = some(list(dict.fromkeys(layer.kind for layer in without)))
            return (
                f"none of its layers can be {name} ({kinds}: ai-edge-quantizer has no such form of"
                f" them); give {some([layer.name for layer in without])} another precision in"
                " `layers`, or leave the variant out"
            )
    return None


def told(found: list[Fallback], layers: int) -> list[str]:
    """Fallbacks in words, those alike together; `layers` is how many there are in all."""
    groups: dict[tuple[str, str, bool], list[Operator]] = {}
    for one in found:
        key = (one.asked, one.has, one.operator.is_layer)
        groups.setdefault(key, []).append(one.operator)
    lines = []
    for (asked, has, is_layer), operators in groups.items():
        kinds = some(list(dict.fromkeys(op.kind for op in operators)))
        count = f"{len(operators)} of {layers} layers" if is_layer else f"{len(operators)}"
        lines.append(f"{count} ({kinds}) can't be {asked} and have {has}")
    return lines
