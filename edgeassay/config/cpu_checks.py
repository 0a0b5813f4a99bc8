"""What can't be of the CPUs that a rule is about."""

from __future__ import annotations

from edgeassay.config.shapes import nearest
from edgeassay.errors import ConfigError
from edgeassay.spec import INSTRUCTION_SETS, VENDORS, CpuRule, is_family, is_vendor


def check_cpu(rule: CpuRule, place: str) -> None:
    """ConfigError, naming file and table as `place`, where a rule names what no CPU has, or what no
    CPU has together. Who reads an architecture checks its name.
    """
    for name in rule.isa:
        if not name:
            raise ConfigError(
                f"{place}.isa names no instruction set; name one, or leave the key out"
            )
        if name not in INSTRUCTION_SETS:
            raise ConfigError(
                f"{place}.isa = {name!r} is unknown; {nearest(name.lower(), INSTRUCTION_SETS)}"
            )
    if rule.vendor is not None and not is_vendor(rule.vendor):
        raise ConfigError(
            f"{place}.cpu_vendor = {rule.vendor!r} is unknown; write {', '.join(VENDORS)}, or"
            " ARM's number of an implementer, such as 0x41"
        )
    if rule.family is not None and not is_family(rule.family):
        raise ConfigError(
            f"{place}.cpu_family = {rule.family!r} is not a family; write a number or"
            " family/model on x86 (6, 6/207), or implementer/part on ARM (0x41/0xd0b)"
        )
    if not rule.possible:
        raise ConfigError(
            f"{place} names {rule}, which no CPU has together; correct one, or leave it out"
        )
