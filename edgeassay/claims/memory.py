"""Claims about the memory of what is smaller than any process: a microcontroller's arena, and an
accelerator's SRAM.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from edgeassay.claims.measured import Measure, Measured
from edgeassay.errors import Absent
from edgeassay.evidence import Evidence
from edgeassay.spec import Claim, ClaimName, Measurement

KB: Final = 1000.0


def arena_kb(evidence: Evidence, claim: Claim) -> Measured:
    """The smallest arena that the runtime works in: the same on every machine of a word's size."""
    facts = evidence.rig.loaded(claim.case).facts
    if "arena_bytes" not in facts:
        raise Absent(f"runtime {claim.case.runtime} takes its memory as it goes, and has no arena")
    size = int(facts["arena_bytes"])
    words = f"{size:,} bytes; with {facts['arena_tried']:,} it doesn't load"
    return Measurement(value=size / KB, unit="kB", n=1, detail=words), None


def npu_sram_kb(evidence: Evidence, claim: Claim) -> Measured:
    """The accelerator's SRAM that the compiler lays out."""
    facts = evidence.rig.loaded(claim.case).facts
    if "sram_bytes" not in facts:
        raise Absent(f"runtime {claim.case.runtime} compiles for no accelerator")
    if not facts["delegated"]:
        raise Absent(f"none of its {facts['nodes']} nodes runs on {facts['target']}")
    words = f"{facts['sram_bytes']:,} bytes on {_told_target(facts)}"
    return Measurement(value=facts["sram_bytes"] / KB, unit="kB", n=1, detail=words), None


def _told_target(facts: Mapping[str, Any]) -> str:
    """What was compiled for, and by what."""
    around = [facts[key] for key in ("system", "memory") if facts.get(key)]
    words = ", ".join([facts["target"], *around])
    return f"{words}, by {facts['compiler']} {facts['compiler_version']}"


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.ARENA_KB: arena_kb,
    ClaimName.NPU_SRAM_KB: npu_sram_kb,
}
