"""What /proc/cpuinfo says of a CPU, in its own format on x86 and on ARM."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from edgeassay.spec import INSTRUCTION_SETS

ISA_FLAGS: Final = tuple(INSTRUCTION_SETS)

Fields: TypeAlias = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Cpu:
    """The CPUs that a process may use; `machine.Hardware` says what the fields mean."""

    vendor: str
    model: str
    cores: tuple[str, ...]
    isa: tuple[str, ...]


def parse_cpuinfo(text: str, usable: Collection[int] | None = None) -> Cpu | None:
    """The CPU of a /proc/cpuinfo, of whose processors those numbered in `usable` count (None: all).

    On ARM they may be of several kinds, of which any processor alone shows one. None where the file
    names neither model nor part.
    """
    processors = _processors(text)
    mine = [p for p in processors if usable is None or int(p["processor"]) in usable] or processors
    kinds = Counter(filter(None, map(_kind, mine)))
    model = _model(mine, kinds)
    if model is None:
        return None
    flags = [set((p.get("flags") or p.get("features") or "").split()) for p in mine]
    return Cpu(
        vendor=_several([p.get("vendor_id") or p.get("cpu implementer") for p in mine])
        or "unknown",
        model=model,
        cores=tuple(f"{count} x {kind}" for kind, count in sorted(kinds.items())),
        isa=tuple(flag for flag in ISA_FLAGS if all(flag in f for f in flags)),
    )


def _processors(text: str) -> list[Fields]:
    """The fields of each processor, with those that the file gives once for all of them."""
    each: list[Fields] = []
    shared: Fields = {}
    for block in text.replace("\t", " ").split("\n\n"):
        pairs = (line.partition(":") for line in block.splitlines() if ":" in line)
        found = {key.strip().lower(): " ".join(value.split()) for key, _, value in pairs}
        if found.get("processor", "").isdecimal():
            each.append(found)
        else:
            shared |= found
    return [shared | found for found in each]


def _kind(processor: Fields) -> str | None:
    """What kernels are written for: family/model on x86, implementer/part on ARM."""
    for first, second in (("cpu implementer", "cpu part"), ("cpu family", "model")):
        if first in processor and second in processor:
            return f"{processor[first]}/{processor[second]}"
    return None


def _model(processors: Sequence[Fields], kinds: Collection[str]) -> str | None:
    """The model's name. On ARM the parts: what some kernels give there as a name tells none from
    another ("ARMv8 Processor rev 1"), and others give none.
    """
    if any("cpu part" in p for p in processors):
        return f"ARM {' + '.join(sorted(kinds))}"
    return _several([p.get("model name") or p.get("uarch") for p in processors])


def _several(names: Sequence[str | None]) -> str | None:
    """The names that there are, each once."""
    return " + ".join(dict.fromkeys(filter(None, names))) or None
