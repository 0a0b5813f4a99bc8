"""What each leg of a gate must judge: by the checkout's declarations, never by what arrived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from edgeassay.agreement import known_runtimes
from edgeassay.config import choose
from edgeassay.errors import ConfigError
from edgeassay.machine import Machine
from edgeassay.matrix import Plan, check_claimed, plan
from edgeassay.recognition import recognise
from edgeassay.spec import (
    TRAITS,
    Case,
    Claim,
    ClaimName,
    DeviceSpec,
    Expected,
    Kind,
    Leg,
    Match,
    ModelSpec,
    RuntimeSpec,
    Waiver,
)

UNKNOWN: Final = "unknown"


@dataclass(frozen=True, kw_only=True)
class LegPlan:
    """A leg with its device, and the cases and claims that must be judged there."""

    leg: Leg
    plan: Plan

    @property
    def device(self) -> DeviceSpec:
        """The profile of what runs the artifacts."""
        return self.plan.device

    @cached_property
    def claims(self) -> Mapping[Case, list[Claim]]:
        """By case, in order."""
        found: dict[Case, list[Claim]] = {case: [] for case in self.plan.cases}
        for claim in self.plan.claims:
            found[claim.case].append(claim)
        return found

    def measured_on(self, machine: Mapping[str, Any]) -> LegPlan:
        """The leg on the machine that a file says it was measured on: limits and deviations may
        be about its CPU. What the file doesn't say stays unknown.
        """
        here = self.plan.machine
        vendor = machine.get("cpu_vendor")
        told = replace(
            here,
            cpu_vendor=vendor if isinstance(vendor, str) else here.cpu_vendor,
            cores=_words(machine.get("cores")),
            isa=_words(machine.get("isa")),
        )
        return replace(self, plan=self.plan.on(told))

    def runtime(self, case: Case) -> RuntimeSpec:
        """What executes a case."""
        return self.plan.models[case.model].runtimes[case.runtime]

    def kind(self, case: Case) -> Kind:
        """How a case's numbers come to be as far as declarations tell: a software accelerator shows
        only when it runs.
        """
        traits = self.runtime(case).traits
        if traits.kind is not Kind.MEASURED:
            return traits.kind
        return Kind.EMULATED if self.device.emulated else Kind.MEASURED

    def times(self, case: Case) -> bool:
        """Whether a claim about its time can ever be decided there."""
        traits = self.runtime(case).traits
        return traits.timed and traits.executes and self.leg.kind is Kind.MEASURED

    def must_decide(self, claim: Claim) -> bool:
        """Whether a claim must be decided on this leg."""
        traits = TRAITS[claim.name]
        if traits.timed:
            return self.leg.timed and self.times(claim.case)
        return self.runtime(claim.case).traits.executes or not traits.needs_execution

    def loads(self, case: Case) -> Claim | None:
        """The claim that its artifact loads; None where nothing limits that."""
        return next((c for c in self.claims[case] if c.name is ClaimName.LOADS), None)


def _words(given: Any) -> tuple[str, ...]:
    """A list of texts from a file; nothing where it is none."""
    words = given if isinstance(given, list | tuple) else ()
    return tuple(word for word in words if isinstance(word, str))


def leg_plans(
    expected: Expected, models: Mapping[str, ModelSpec], devices: Mapping[str, DeviceSpec]
) -> dict[str, LegPlan]:
    """Each leg's plan; ConfigError where a leg asks for what nothing declares, where two legs can't
    be told apart, or where a waiver is about no case.
    """
    found = {leg.id: LegPlan(leg=leg, plan=_plan(leg, models, devices)) for leg in _all(expected)}
    for made in found.values():
        _check_kind(made)
    for waiver in expected.waivers:
        _check_waiver(waiver, found[waiver.leg])
    return found


def _all(expected: Expected) -> Sequence[Leg]:
    return tuple(expected.legs.values())


def _plan(leg: Leg, models: Mapping[str, ModelSpec], devices: Mapping[str, DeviceSpec]) -> Plan:
    machine = _machine(leg)
    device = _device(leg, devices, machine)
    if device.architecture not in (None, leg.architecture):
        raise ConfigError(
            f"{leg.source}.architecture = {leg.architecture!r}, and {device.file} declares"
            f" {device.architecture!r}; make them equal"
        )
    for kind, wanted, known in (
        ("models", leg.models or (), models),
        ("variants", leg.variants, _variants(leg, models)),
        ("runtimes", leg.runtimes, _runtimes(leg, models, device)),
    ):
        choose(kind[:-1], wanted, known, given_as=f"{leg.source}.{kind}:")
    made = plan(
        models=models,
        devices=_as_there(device, devices),
        machine=machine,
        wanted_models=leg.models or (),
        wanted_variants=leg.variants,
        wanted_runtimes=leg.runtimes,
        wanted_device=device.id if device.match.on_request else None,
    )
    if not made.claims:
        raise ConfigError(
            f"{leg.source} expects nothing: no limit makes a claim of its models, variants and"
            " runtimes; choose others, or set limits"
        )
    check_claimed(made)
    return made


def _machine(leg: Leg) -> Machine:
    """All that is known of a leg's machine before it has said anything."""
    return Machine(
        architecture=leg.architecture,
        cpu_model=UNKNOWN,
        isa=(),
        cpus=1,
        cpu_quota=None,
        fingerprint=leg.fingerprint or UNKNOWN,
        memory_bytes=0,
        hostname=UNKNOWN,
        system=UNKNOWN,
        python=UNKNOWN,
    )


def _device(leg: Leg, devices: Mapping[str, DeviceSpec], machine: Machine) -> DeviceSpec:
    if leg.device is not None:
        return devices[choose("device", [leg.device], devices, given_as=f"{leg.source}.device:")[0]]
    try:
        return recognise(devices, machine, None)[0]
    except ConfigError as error:
        reason = str(error).partition(";")[0]
        raise ConfigError(f"{leg.source}: {reason}; name its device profile as `device`") from None


def _as_there(device: DeviceSpec, devices: Mapping[str, DeviceSpec]) -> dict[str, DeviceSpec]:
    """The profiles as they match on the leg's own machine, which isn't this one: its own does."""
    if device.match.on_request:
        return dict(devices)
    others = {name: replace(other, match=Match()) for name, other in devices.items()}
    return others | {device.id: replace(device, match=Match(any=True))}


def _variants(leg: Leg, models: Mapping[str, ModelSpec]) -> dict[str, None]:
    chosen = [models[name] for name in leg.models or models if name in models]
    return {name: None for model in chosen for name in model.variants}


def _runtimes(leg: Leg, models: Mapping[str, ModelSpec], device: DeviceSpec) -> dict[str, None]:
    chosen = [models[name] for name in leg.models or models if name in models]
    own = {name: None for model in chosen for name in model.runtimes}
    return own | dict.fromkeys(known_runtimes(device))


def _check_kind(made: LegPlan) -> None:
    """ConfigError where declarations alone say that a case's numbers are of another kind."""
    wanted = made.leg.kind
    for case in made.plan.cases:
        kind = made.kind(case)
        possible = {kind, Kind.SOFTWARE} if kind is Kind.MEASURED else {kind}
        if wanted not in possible:
            raise ConfigError(
                f"{made.leg.source}.kind = {str(wanted)!r}, and numbers of {case.runtime} on"
                f" {case.device} are {kind}; correct it, or give that runtime a leg of its own"
            )


def _check_waiver(waiver: Waiver, made: LegPlan) -> None:
    if not any(waiver.covers(made.leg.id, case) for case in made.plan.cases):
        wanted = {"model": waiver.model, "variant": waiver.variant, "runtime": waiver.runtime}
        about = ", ".join(f"{kind} {name!r}" for kind, name in wanted.items() if name is not None)
        raise ConfigError(
            f"{waiver.source} is about no case that the leg {waiver.leg!r} expects ({about});"
            " correct it, or remove it"
        )


def waivers_of(expected: Expected, leg: str) -> Iterator[Waiver]:
    """The waivers about a leg, those about all of it first."""
    own = [waiver for waiver in expected.waivers if waiver.leg == leg]
    yield from sorted(own, key=lambda waiver: not waiver.whole)
