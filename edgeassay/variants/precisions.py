"""The precisions that a layer can have, as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("precisions.toml")
FLOAT: Final = "float"


@dataclass(frozen=True, kw_only=True)
class Precision:
    """Bits of the weights and of the activations; None stays float. With `dynamic` activations
    become as wide as the weights while it runs. `otherwise` is the name of the precision that an
    operator gets that can't have this one; None leaves it float.
    """

    weights: int | None = None
    activations: int | None = None
    dynamic: bool = False
    otherwise: str | None = None

    @property
    def calibrates(self) -> bool:
        """Whether the ranges of activations are taken from images."""
        return self.activations is not None


@cache
def precisions() -> Mapping[str, Precision]:
    """Every precision by its name."""
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {name: Precision(**table) for name, table in tables.items()}
