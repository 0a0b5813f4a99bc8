"""What a compiler for an accelerator said of a case, as results.json and saved runs have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from edgeassay.runs.records import Plain, Record


class EstimateRecord(Record):
    """Estimated, never measured: for `target`, with what is around it, by a compiler's version.

    Of the graph's `nodes` the accelerator takes those `delegated`; `cycles` and `sram_bytes` are of
    these alone, and `cycles` is null where the compiler doesn't estimate them.
    """

    target: Plain
    system: Plain | None = None
    memory: Plain | None = None
    compiler: Plain
    compiler_version: Plain
    nodes: int = Field(ge=0)
    delegated: int = Field(ge=0)
    sram_bytes: int = Field(ge=0)
    cycles: int | None = Field(default=None, ge=0)

    @property
    def stack(self) -> dict[str, str]:
        """What estimated it, and for what: estimates of another stack can't be compared."""
        names = ("target", "system", "memory", "compiler", "compiler_version")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def estimate_of(facts: Mapping[str, Any]) -> EstimateRecord | None:
    """What a runtime says of an artifact that it compiled; None where it compiles nothing."""
    return EstimateRecord.model_validate(facts) if "compiler" in facts else None
