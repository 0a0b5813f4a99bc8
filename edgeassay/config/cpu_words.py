"""The keys that say which CPUs a table is about."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, model_validator

from edgeassay.spec import INSTRUCTION_SETS, CpuRule

# What a value of each key must be.
CPU_VALUES: Final = {
    "isa": 'write the name of an instruction set, such as "amx_int8", or several in brackets',
    "cpu_vendor": 'write a text, such as "GenuineIntel"',
    "cpu_family": 'write a family, such as 6 or "6/207"',
}


def plain_cpu_words(given: Any) -> Any:
    """A table with a single instruction set as a list of one, and a family's number as text."""
    if not isinstance(given, dict):
        return given
    changed: dict[str, Any] = {}
    isa, family = given.get("isa"), given.get("cpu_family")
    if isinstance(isa, str) or isa == []:  # an empty name is refused with a sentence of its own
        changed["isa"] = [isa or ""]
    if isinstance(family, int) and not isinstance(family, bool):
        changed["cpu_family"] = str(family)
    return {**given, **changed}


class CpuWords(BaseModel):
    """The CPU keys of a table; where it has none, it is about every CPU."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    architecture: str | None = None
    isa: tuple[str, ...] = ()
    cpu_vendor: str | None = None
    cpu_family: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, given: Any) -> Any:
        return plain_cpu_words(given)

    @property
    def cpu(self) -> CpuRule:
        """The CPUs that it is about; in whatever order instruction sets are named, it is equal."""
        known = list(INSTRUCTION_SETS)
        named = sorted(set(self.isa), key=lambda n: known.index(n) if n in known else len(known))
        return CpuRule(
            architecture=self.architecture,
            isa=tuple(named),
            vendor=self.cpu_vendor,
            family=self.cpu_family,
        )
