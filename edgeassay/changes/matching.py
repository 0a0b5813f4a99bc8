"""Which benchmark of base is which of head."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edgeassay.runs.saved import Timed


@dataclass(frozen=True, kw_only=True)
class Matched:
    """The benchmarks of both sides. `pairs` are in the base's order; `renamed` has those whose name
    changed, and why they are taken for the same.
    """

    pairs: Sequence[tuple[Timed, Timed]]
    missing: Sequence[Timed]
    new: Sequence[Timed]
    renamed: Sequence[tuple[Timed, Timed, str]]


def match(
    base: Mapping[str, Timed], head: Mapping[str, Timed], renamed: Mapping[str, str]
) -> Matched:
    """Match by key. A missing benchmark is a new one under another name only where `renamed` says
    so, base's name to head's, or where no other has the same artifact on that runtime and device.
    """
    found = {key: (timed, head[key]) for key, timed in base.items() if key in head}
    told: list[tuple[Timed, Timed, str]] = []
    for names in (_declared(base, head, renamed), _by_artifact(base, head)):
        taken = {new.key for _, new, _ in told}
        for old, new, why in names:
            if old.key not in found and new.key not in taken:
                found[old.key] = (old, new)
                told.append((old, new, why))
    taken = {new.key for _, new in found.values()}
    return Matched(
        pairs=[found[key] for key in base if key in found],
        missing=[timed for key, timed in base.items() if key not in found],
        new=[timed for key, timed in head.items() if key not in taken],
        renamed=told,
    )


def _declared(
    base: Mapping[str, Timed], head: Mapping[str, Timed], renamed: Mapping[str, str]
) -> Iterable[tuple[Timed, Timed, str]]:
    missing = [timed for key, timed in base.items() if key not in head]
    new = {name: t for key, t in head.items() if key not in base for name in (t.name, t.key)}
    for old in missing:
        name = renamed.get(old.key, renamed.get(old.name))
        if name in new:
            yield old, new[name], "[renamed]"


def _by_artifact(
    base: Mapping[str, Timed], head: Mapping[str, Timed]
) -> Iterable[tuple[Timed, Timed, str]]:
    missing = _by_identity(timed for key, timed in base.items() if key not in head)
    new = _by_identity(timed for key, timed in head.items() if key not in base)
    for identity, old in missing.items():
        if len(old) == len(new.get(identity, ())) == 1:
            yield old[0], new[identity][0], "the same artifact"


def _by_identity(benchmarks: Iterable[Timed]) -> Mapping[tuple[str, str, str], list[Timed]]:
    """Ours by artifact, runtime and device."""
    found: dict[tuple[str, str, str], list[Timed]] = {}
    for timed in benchmarks:
        if timed.case is not None and timed.artifact_sha256 is not None:
            identity = (timed.artifact_sha256, timed.case.runtime, timed.case.device)
            found.setdefault(identity, []).append(timed)
    return found
