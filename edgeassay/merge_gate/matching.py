"""Which of what arrived is of which leg: by device, architecture, fingerprint and kind of what was
measured, or by what the command line says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from edgeassay.ab.reading import AbRecord
from edgeassay.errors import ConfigError
from edgeassay.matrix_report.rows import Run, said
from edgeassay.merge_gate.arriving import ArrivedAb, ArrivedRun
from edgeassay.merge_gate.planning import LegPlan
from edgeassay.runs.records import CaseId, ClaimRecord
from edgeassay.spec import Case, Kind, Verdict


@dataclass(frozen=True, kw_only=True)
class Part:
    """What a file has for a leg."""

    run: Run
    cases: frozenset[CaseId]

    @cached_property
    def by_case(self) -> Mapping[CaseId, list[ClaimRecord]]:
        """The claims about its cases."""
        found: dict[CaseId, list[ClaimRecord]] = {case: [] for case in self.cases}
        for record in self.run.results.claims:
            if record.case in found:
                found[record.case].append(record)
        return found

    @property
    def claims(self) -> list[ClaimRecord]:
        """All of them."""
        return [record for records in self.by_case.values() for record in records]


@dataclass
class Matched:
    """Each leg's parts and comparisons, and what no leg expects."""

    parts: dict[str, list[Part]]
    abs: dict[str, list[tuple[str, AbRecord]]]
    notes: list[str] = field(default_factory=list)


def match(
    runs: Sequence[ArrivedRun], abs_: Sequence[ArrivedAb], plans: Mapping[str, LegPlan]
) -> Matched:
    """Sort what arrived by leg; ConfigError where a file could be of several."""
    found = Matched(parts={name: [] for name in plans}, abs={name: [] for name in plans})
    for arrived in runs:
        results = arrived.run.results
        cases = dict.fromkeys(record.case for record in results.claims)
        if arrived.leg is not None:
            found.parts[arrived.leg].append(Part(run=arrived.run, cases=frozenset(cases)))
            continue
        by_leg = _by_leg(arrived.run, cases, plans, found)
        for leg, own in by_leg.items():
            found.parts[leg].append(Part(run=arrived.run, cases=frozenset(own)))
    for one in abs_:
        legs = [one.leg] if one.leg is not None else _ab_legs(one, plans)
        if not legs:
            where = _place(one.file.machine, {c.case.device for c in one.file.cases})
            found.notes.append(f"{one.where} compares builds on {where}, where no leg is expected")
        if len(legs) > 1:
            raise ConfigError(_several(one.where, legs))
        for leg in legs:
            found.abs[leg].append((one.where, one.file))
    return found


def _by_leg(
    run: Run, cases: Iterable[CaseId], plans: Mapping[str, LegPlan], found: Matched
) -> dict[str, list[CaseId]]:
    """A run's cases by leg."""
    kinds = kinds_of(run.results.claims)
    by_leg: dict[str, list[CaseId]] = {}
    strangers: dict[str, list[CaseId]] = {}
    for case in cases:
        fitting = _fitting(run.results.machine, case.device, plans)
        if not fitting:
            strangers.setdefault(case.device, []).append(case)
            continue
        expecting = [name for name in fitting if _case(case) in plans[name].claims]
        chosen = [
            name for name in expecting if kinds.get(case) in (None, plans[name].leg.kind)
        ] or expecting
        if len(chosen) > 1:
            raise ConfigError(_several(run.where, chosen))
        by_leg.setdefault((chosen or fitting)[0], []).append(case)
    for device, unknown in strangers.items():
        found.notes.append(_stranger(run, device, unknown))
    return by_leg


def kinds_of(claims: Iterable[ClaimRecord]) -> dict[CaseId, Kind]:
    """How each case's numbers came to be, where it has any; anything but measured counts most."""
    found: dict[CaseId, Kind] = {}
    for record in claims:
        known = found.get(record.case, Kind.MEASURED)
        if record.measurement is not None and known is Kind.MEASURED:
            found[record.case] = record.kind
    return found


def architecture_at(machine: Mapping[str, Any], made: LegPlan) -> str:
    """That of what ran the artifacts, as a machine's file and the device's profile have it."""
    return made.device.architecture or said(machine.get("architecture"))


def _fitting(machine: Mapping[str, Any], device: str, plans: Mapping[str, LegPlan]) -> list[str]:
    """The legs that a device on a machine can be; where some name its fingerprint, only those."""
    fitting = [
        name
        for name, made in plans.items()
        if made.device.id == device
        and architecture_at(machine, made) == made.leg.architecture
        and made.leg.fingerprint in (None, machine.get("fingerprint"))
    ]
    named = [name for name in fitting if plans[name].leg.fingerprint is not None]
    return named or fitting


def _ab_legs(one: ArrivedAb, plans: Mapping[str, LegPlan]) -> list[str]:
    """The legs that await a comparison, and that it can be of."""
    devices = dict.fromkeys(case.case.device for case in one.file.cases)
    names = devices or dict.fromkeys(made.device.id for made in plans.values())
    fitting = {leg: None for d in names for leg in _fitting(one.file.machine, d, plans)}
    return [leg for leg in fitting if plans[leg].leg.ab]


def _stranger(run: Run, device: str, cases: Sequence[CaseId]) -> str:
    records = [record for record in run.results.claims if record.case in cases]
    failing = sum(r.verdict is Verdict.FAIL and r.deviation is None for r in records)
    return (
        f"{run.where} is of a leg that nobody expects: {_place(run.results.machine, [device])}"
        f" ({len(records)} claims, {failing} of which fail); it decides nothing"
    )


def _place(machine: Mapping[str, Any], devices: Iterable[str]) -> str:
    named = ", ".join(sorted(devices)) or "an unknown device"
    return (
        f"device {named} of a machine with {said(machine.get('architecture'))}, fingerprint"
        f" {said(machine.get('fingerprint'))}"
    )


def _several(where: str, legs: Sequence[str]) -> str:
    return (
        f"{where} can be of the legs {' and '.join(legs)}; say which with {legs[0]}={where}, or"
        " tell them apart by `fingerprint`"
    )


def _case(case: CaseId) -> Case:
    return Case(**case.model_dump())
