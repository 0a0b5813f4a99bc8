"""Which processors a rule is about, and what is known of the one that runs artifacts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

# By their Linux names.
ARCHITECTURES: Final = ("x86_64", "aarch64", "armv7l", "armv6l", "i686", "riscv64")
X86: Final = frozenset({"x86_64", "i686"})
ARM: Final = frozenset({"aarch64", "armv7l", "armv6l"})

# Instruction sets that decide which kernels a runtime picks, by the Linux kernel's names
# (arch/x86/include/asm/cpufeatures.h, Documentation/arch/arm64/elf_hwcaps.rst). NEON is `neon` on
# 32-bit ARM and `asimd` on 64-bit; its dot product is `asimddp`, its half precision `asimdhp`.
INSTRUCTION_SETS: Final[Mapping[str, frozenset[str]]] = {
    "avx2": X86,
    "fma": X86,
    "f16c": X86,
    "avx512f": X86,
    "avx512_vnni": X86,
    "avx_vnni": X86,
    "avx512_bf16": X86,
    "avx512_fp16": X86,
    "amx_int8": X86,
    "amx_bf16": X86,
    "neon": ARM,
    "asimd": ARM,
    "fphp": ARM,
    "asimdhp": ARM,
    "asimddp": ARM,
    "i8mm": ARM,
    "bf16": ARM,
    "sve": ARM,
    "sve2": ARM,
    "sme": ARM,
    "sme2": ARM,
}
# As /proc/cpuinfo and macOS name them; ARM's implementers are numbers, such as 0x41.
VENDORS: Final[Mapping[str, frozenset[str]]] = {
    "GenuineIntel": X86,
    "AuthenticAMD": X86,
    "HygonGenuine": X86,
    "CentaurHauls": X86,
    "Shanghai": X86,
    "Apple": ARM,
}
# Numbers as systems write them: "06" is no CPU's family.
NUMBER: Final = "(?:0|[1-9][0-9]*)"
HEX: Final = "0x(?:0|[1-9a-f][0-9a-f]*)"
IMPLEMENTER: Final = re.compile(HEX)
FAMILY: Final = re.compile(f"{NUMBER}(?:/{NUMBER})?")  # family, or family/model
PART: Final = re.compile(f"({HEX})/{HEX}")  # implementer/part

Rank: TypeAlias = tuple[int, int, bool, bool]


@dataclass(frozen=True, kw_only=True)
class Processor:
    """What is known of the CPU that runs artifacts. What isn't known is empty.

    `kinds` are its kinds of core: family/model on x86, implementer/part on ARM. `isa` are the
    instruction sets that all of them have.
    """

    architecture: str
    vendor: str = ""
    kinds: tuple[str, ...] = ()
    isa: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CpuRule:
    """Which CPUs a rule is about: those that have all that it names.

    All of the instruction sets in `isa` must be there, and every kind of core must be of the
    `family`: on x86 its number, alone or as family/model, on ARM implementer/part.
    """

    architecture: str | None = None
    isa: tuple[str, ...] = ()
    vendor: str | None = None
    family: str | None = None

    def fits(self, cpu: Processor) -> bool:
        """Whether it is about this CPU. What isn't known of the CPU fits no rule that names it."""
        return (
            self.architecture in (None, cpu.architecture)
            and self.vendor in (None, cpu.vendor)
            and set(self.isa) <= set(cpu.isa)
            and (self.family is None or _all_of(self.family, cpu.kinds))
        )

    @property
    def rank(self) -> Rank:
        """How particular it is, to be compared: instruction sets decide which kernels run, so that
        they count most and each one counts; then the family, the vendor and the architecture.
        """
        parts = 0 if self.family is None else 1 + self.family.count("/")
        return len(self.isa), parts, self.vendor is not None, self.architecture is not None

    @property
    def possible(self) -> frozenset[str]:
        """The architectures on which a CPU can have all that it names; empty where none has."""
        found = frozenset(ARCHITECTURES)
        if self.architecture is not None:
            found &= {self.architecture}
        for name in self.isa:
            found &= INSTRUCTION_SETS[name]
        if self.vendor is not None:
            found &= VENDORS.get(self.vendor, ARM)
        if self.family is not None:
            part = PART.fullmatch(self.family)
            found &= X86 if part is None else ARM
            if part is not None and self.vendor not in (None, part[1]):
                return frozenset()
        return found

    def meets(self, other: CpuRule) -> bool:
        """Whether there can be a CPU that both are about."""
        one, two = self.family, other.family
        makers = {*self._makers, *other._makers}
        return (
            bool(self.possible & other.possible)
            and len(makers) <= 1
            and (one is None or two is None or _all_of(one, (two,)) or _all_of(two, (one,)))
        )

    @property
    def _makers(self) -> frozenset[str]:
        """Who made the CPU, as far as it says so: the vendor, or the implementer of its parts."""
        part = None if self.family is None else PART.fullmatch(self.family)
        return frozenset(filter(None, (self.vendor, part and part[1])))

    @property
    def names_more(self) -> bool:
        """Whether it names more than the architecture, which only the CPU itself tells."""
        return bool(self.isa or self.vendor or self.family)

    def __str__(self) -> str:
        """What it names, for people; empty where it names nothing."""
        named = (self.architecture, *self.isa, self.vendor, self.family and f"family {self.family}")
        return ", ".join(filter(None, named))


def is_vendor(name: str) -> bool:
    """Whether a CPU may give itself this vendor."""
    return name in VENDORS or IMPLEMENTER.fullmatch(name) is not None


def is_family(name: str) -> bool:
    """Whether a CPU may be of this family."""
    return any(pattern.fullmatch(name) for pattern in (FAMILY, PART))


def _all_of(family: str, kinds: tuple[str, ...]) -> bool:
    """Whether there are kinds of core, and all are of the family."""
    return bool(kinds) and all(kind == family or kind.startswith(f"{family}/") for kind in kinds)
