"""A first gate.toml, from results that are there."""

from __future__ import annotations

from collections.abc import Sequence

from edgeassay.matrix_report.rows import Row, Run, merge
from edgeassay.spec import ARCHITECTURES, TRAITS, Kind
from edgeassay.toml_text import quoted

HEAD = """# What `edgeassay gate` expects before a commit may be merged: docs/gate.md.
# This is what was there when it was begun; say what else must be.
"""


def begun(runs: Sequence[Run]) -> str:
    """A leg for each device, architecture and kind in these runs, with their models."""
    places: dict[tuple[str, str, Kind], list[Row]] = {}
    for row in merge(runs):
        if row.claims:
            architecture = row.run.results.machine.get("architecture")
            if row.facts is not None and row.facts.architecture is not None:
                architecture = row.facts.architecture
            places.setdefault((row.case.device, str(architecture), row.kind), []).append(row)
    names = [_name(*place) for place in places]
    parts = [HEAD]
    for number, ((device, architecture, kind), rows) in enumerate(places.items()):
        name = names[number]
        if names.count(name) > 1:
            name = f"{name}-{device}"
        timed = any(
            TRAITS[r.claim].timed and r.measurement is not None for row in rows for r in row.claims
        )
        parts.append(_leg(name, device, architecture, kind, rows, timed=timed))
    return "\n".join(parts)


def _name(_device: str, architecture: str, kind: Kind) -> str:
    known = {"x86_64": "x86-64", "aarch64": "arm64"}.get(architecture, architecture)
    known = known if architecture in ARCHITECTURES else "leg"
    return known if kind is Kind.MEASURED else f"{known}-{kind}"


def _leg(
    name: str, device: str, architecture: str, kind: Kind, rows: Sequence[Row], *, timed: bool
) -> str:
    def listed(words: Sequence[str]) -> str:
        return f"[{', '.join(quoted(word) for word in dict.fromkeys(words))}]"

    lines = [
        "[[leg]]",
        f"id = {quoted(name)}",
        f"architecture = {quoted(architecture)}",
        f"device = {quoted(device)}",
        f"kind = {quoted(kind.value)}",
        f"models = {listed([row.case.model for row in rows])}",
        f"runtimes = {listed([row.case.runtime for row in rows])}",
    ]
    if kind is Kind.MEASURED:
        lines.append(f"timed = {'true' if timed else 'false'}")
    return "\n".join([*lines, ""])
