"""What an artifact holds by its own file, and where that is less than its declaration asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeassay.errors import ArtifactError
from edgeassay.spec import VariantSpec
from edgeassay.tflite_file import read_graph
from edgeassay.variants.precisions import FLOAT
from edgeassay.variants.registry import RECIPE, method_of, options_of
from edgeassay.variants.support import fallbacks, told


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The types of the weights and activations of a file's layers, with how many layers have each;
    empty for a format that isn't looked into. `fell_back` says of which operators the file
    hasn't what was asked for.
    """

    weights: str = ""
    activations: str = ""
    fell_back: tuple[str, ...] = ()

    @property
    def words(self) -> str | None:
        """Both in one."""
        if not self.weights:
            return None
        return f"weights {self.weights}; activations {self.activations}"


def contents_of(path: Path, variant: VariantSpec, signature: str | None = None) -> Contents:
    """The contents of the file that a declaration made, in the graph that a signature names or the
    first, as far as it can be read: whether it loads is for a runtime to say.
    """
    try:
        graph, method = read_graph(path, signature), method_of(variant)
    except ArtifactError:
        return Contents()
    found: tuple[str, ...] = ()
    if method is not None and method.module == RECIPE:
        others = options_of(variant).get("others", FLOAT)
        found = tuple(told(fallbacks(graph, others, variant.layers), len(graph.layers)))
    return Contents(
        weights=_counted(graph.weight_types),
        activations=_counted(graph.activation_types),
        fell_back=found,
    )


def _counted(types: Mapping[str, int]) -> str:
    """The commonest first; the number is left out where there is one type alone."""
    ordered = sorted(types.items(), key=lambda item: -item[1])
    if len(ordered) == 1:
        return ordered[0][0].lower()
    return ", ".join(f"{name.lower()} {count}" for name, count in ordered)
