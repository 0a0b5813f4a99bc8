"""Models x variants x runtimes on a device, and the claims that limits make of them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase

from edgeassay.config import catalogue, choose, nearest
from edgeassay.errors import ConfigError
from edgeassay.machine import Machine
from edgeassay.spec import (
    TRAITS,
    Case,
    Claim,
    ClaimName,
    Deviation,
    DeviceSpec,
    Limit,
    LimitRule,
    ModelSpec,
    RuntimeSpec,
    Verdict,
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run is about: its cases, their claims, and the deviations that cover any of them.

    `here` is the profile of the machine that runs the suite, where one recognises it.
    """

    models: Mapping[str, ModelSpec]
    device: DeviceSpec
    here: DeviceSpec | None
    machine: Machine
    device_present: bool
    cases: tuple[Case, ...]
    claims: tuple[Claim, ...]

    def reference_of(self, case: Case) -> Case:
        """The case whose artifact drops and ratios are taken against: on the same runtime, where
        that takes the reference's format.
        """
        model = self.models[case.model]
        whole = replace(case, variant=model.reference.variant)
        return replace(whole, runtime=_able(model, whole))

    def parity_of(self, case: Case) -> Case | None:
        """The same artifact on the runtime that others are held against, on this machine, or on the
        first that takes its format; None where no profile recognises it.
        """
        if self.here is None:
            return None
        model = self.models[case.model]
        other = replace(case, runtime=model.reference.runtime, device=self.here.id)
        return replace(other, runtime=_able(model, other))

    def is_parity_case(self, case: Case) -> bool:
        """Whether the outputs of a case are themselves what others are held against, by whatever
        names: the same worker would run the same artifact with the same options.
        """
        other, here = self.parity_of(case), self.here
        if other is None or here is None:
            return False
        known = {**_known(self.device), **self.models[case.model].runtimes}
        ways = [
            (spec, device.workers.get(spec.worker), device.architecture, device.emulated)
            for spec, device in ((known[case.runtime], self.device), (known[other.runtime], here))
        ]
        return ways[0] == ways[1]

    @property
    def architecture(self) -> str:
        """Of the workers: the device's own, or this machine's."""
        return self.device.architecture or self.machine.architecture

    def deviations(self) -> Iterator[tuple[str, Deviation, tuple[Claim, ...]]]:
        """Each deviation of the plan's models: the model, the deviation, the claims it covers."""
        for model in self.models.values():
            for deviation in model.deviations:
                claims = tuple(c for c in self.claims if self.covers(deviation, c))
                yield model.id, deviation, claims

    def covers(self, deviation: Deviation, claim: Claim) -> bool:
        """Whether a deviation speaks of a claim (expired or not)."""
        wanted = (
            (deviation.variant, claim.case.variant),
            (deviation.runtime, claim.case.runtime),
            (deviation.device, claim.case.device),
            (deviation.architecture, self.architecture),
            (deviation.class_name, claim.class_name),
        )
        return (
            deviation in self.models[claim.case.model].deviations
            and deviation.claim is claim.name
            and all(value is None or value == actual for value, actual in wanted)
        )

    def deviation_of(
        self, claim: Claim, today: date, verdict: Verdict = Verdict.FAIL
    ) -> Deviation | None:
        """The deviation that declares such a verdict on this claim today."""
        for deviation in self.models[claim.case.model].deviations:
            if (
                deviation.verdict is verdict
                and self.covers(deviation, claim)
                and today <= deviation.expires
            ):
                return deviation
        return None


def matches(device: DeviceSpec, machine: Machine) -> bool:
    """Whether a profile recognises the machine."""
    m = device.match
    patterns = (
        (m.architecture, machine.architecture),
        (m.cpu_model, machine.cpu_model),
        (m.hostname, machine.hostname),
        (m.fingerprint, machine.fingerprint),
    )
    given = [(pattern, value) for pattern, value in patterns if pattern is not None]
    return (m.any or m.on_request or bool(given)) and all(
        fnmatchcase(value, pattern) for pattern, value in given
    )


def recognise(
    devices: Mapping[str, DeviceSpec], machine: Machine, wanted: str | None
) -> tuple[DeviceSpec, bool]:
    """The profile of this run, and whether this machine is that device.

    A profile asked for by name is taken, present or not; else the one that recognises the machine,
    and the catch-all (`any = true`) where none does.
    """
    if wanted is not None:
        device = devices[choose("device", [wanted], devices)[0]]
        return device, matches(device, machine)
    found = [d for d in devices.values() if matches(d, machine)]
    special = [d for d in found if not (d.match.any or d.match.on_request)]
    if len(special) > 1:
        names = ", ".join(d.file for d in special)
        raise ConfigError(
            f"several device profiles recognise this machine: {names}; choose with --device"
        )
    if all(d.match.on_request for d in found):
        raise ConfigError(
            "no device profile recognises this machine; add one, or choose with --device"
        )
    return (special or [d for d in found if not d.match.on_request])[0], True


def _limit(
    rules: Sequence[LimitRule],
    claim: ClaimName,
    case: Case,
    architecture: str,
    class_name: str | None,
) -> Limit | None:
    """The most particular rule: one for the variant goes before one for the runtime, that before
    one for the architecture, that before one for the class, and a general one comes last.
    """

    def asked(rule: LimitRule) -> tuple[tuple[str | None, str | None], ...]:
        return (
            (rule.variant, case.variant),
            (rule.runtime, case.runtime),
            (rule.architecture, architecture),
            (rule.class_name, class_name),
        )

    fitting = [
        rule
        for rule in rules
        if rule.claim is claim and all(want in (None, is_) for want, is_ in asked(rule))
    ]
    if not fitting:
        return None
    return max(fitting, key=lambda rule: [want is not None for want, _ in asked(rule)]).limit


def _claims(
    model: ModelSpec, device: DeviceSpec, case: Case, architecture: str, exempt: Container[Case]
) -> Iterator[Claim]:
    """What limits make of a case; those `exempt` are what parity is taken against."""
    for name, traits in TRAITS.items():
        if traits.of_parity and case in exempt:
            continue
        if case.variant == model.reference.variant and not of_reference(name, model):
            continue
        # Without data nobody knows the classes, and one claim stands for all: it is unmeasured.
        for class_name in (model.classes or (None,)) if traits.per_class else (None,):
            limit = _limit(
                device.limits.get(model.id, ()), name, case, architecture, class_name
            ) or _limit(model.limits, name, case, architecture, class_name)
            if limit is not None:
                yield Claim(name=name, case=case, limit=limit, class_name=class_name)


def _check_limits(profile: DeviceSpec, models: Mapping[str, ModelSpec]) -> None:
    """A limit for what no model has would never make a claim."""
    for name, rules in profile.limits.items():
        if name not in models:
            raise ConfigError(
                f"{profile.file}: limits for an unknown model {name!r}; {nearest(name, models)}"
            )
        model = models[name]
        for rule in rules:
            for kind, value, known in (
                ("variant", rule.variant, model.variants),
                ("class", rule.class_name, model.classes),
                ("runtime", rule.runtime, {**_known(profile), **model.runtimes}),
            ):
                if value is not None and value not in known:
                    raise ConfigError(
                        f"{rule.limit.source}: {name} has no {kind} {value!r};"
                        f" {nearest(value, known)}"
                    )


def _check_compared(models: Mapping[str, ModelSpec], devices: Iterable[DeviceSpec]) -> None:
    """A limit on what the reference is compared with itself in would never make a claim."""
    for model in models.values():
        rules = [*model.limits, *(r for d in devices for r in d.limits.get(model.id, ()))]
        for rule in rules:
            if rule.variant == model.reference.variant and not of_reference(rule.claim, model):
                raise ConfigError(
                    f"{rule.limit.source}: {rule.claim} compares with {rule.variant!r}, the"
                    " reference, and isn't claimed of it; set the limit for another variant"
                )


def _check_deviations(models: Mapping[str, ModelSpec], devices: Mapping[str, DeviceSpec]) -> None:
    """A deviation from a limit that nobody set can't match anything, ever."""
    for model in models.values():
        rules = list(model.limits)
        for device in devices.values():
            rules += device.limits.get(model.id, ())
        for d in model.deviations:
            if d.device is not None and d.device not in devices:
                raise ConfigError(
                    f"{d.source}: unknown device {d.device!r}; {nearest(d.device, devices)}"
                )
            _check_reach(d, model)
            if not any(_meet(rule, d) for rule in rules):
                wanted = (d.variant, d.runtime, d.architecture, d.class_name)
                about = " on ".join(name for name in wanted if name) or "any variant"
                raise ConfigError(
                    f"{d.source}: it declares a failure of {d.claim} for {about}, and no limit is"
                    " set there; set the limit, or remove the deviation"
                )


def _meet(rule: LimitRule, deviation: Deviation) -> bool:
    """Whether a limit and a deviation can be about the same claim."""
    pairs = (
        (rule.variant, deviation.variant),
        (rule.runtime, deviation.runtime),
        (rule.architecture, deviation.architecture),
        (rule.class_name, deviation.class_name),
    )
    return rule.claim is deviation.claim and all(
        None in pair or len({*pair}) == 1 for pair in pairs
    )


def _check_reach(deviation: Deviation, model: ModelSpec) -> None:
    """ConfigError where a deviation is about a claim that is never made, so that nobody would ever
    learn that it matches nothing.
    """
    traits, place = TRAITS[deviation.claim], deviation.source
    if deviation.class_name is not None and not traits.per_class:
        raise ConfigError(
            f"{place}: it names the class {deviation.class_name!r}, and {deviation.claim} is about"
            " all classes together; leave `class` out"
        )
    if deviation.variant == model.reference.variant and not of_reference(deviation.claim, model):
        raise ConfigError(
            f"{place}: {deviation.claim} compares with {deviation.variant!r}, the reference, and"
            " isn't claimed of it; name another variant, or remove the deviation"
        )


def of_reference(name: ClaimName, model: ModelSpec) -> bool:
    """Whether a claim can be made of the reference variant: against a file of predictions it has a
    drop too.
    """
    traits = TRAITS[name]
    return not traits.relative or (traits.needs_data and model.reference.predictions is not None)


def _able(model: ModelSpec, case: Case) -> str:
    """The case's runtime where it takes the variant's format, else the model's first that does."""
    known = {**catalogue(), **model.runtimes}
    if takes(known[case.runtime], model, case.variant):
        return case.runtime
    able = (name for name, spec in model.runtimes.items() if takes(spec, model, case.variant))
    return next(able, case.runtime)


def takes(runtime: RuntimeSpec, model: ModelSpec, variant: str) -> bool:
    """Whether a runtime takes artifacts of a variant's format."""
    return runtime.traits.suffix == model.variants[variant].suffix


def _known(device: DeviceSpec) -> dict[str, RuntimeSpec]:
    """The runtimes that a device has beside a model's: its own, and the catalogue's."""
    return {**catalogue(), **device.runtimes}


def _with_asked(model: ModelSpec, device: DeviceSpec, wanted: Sequence[str]) -> ModelSpec:
    """The model on runtimes too that were asked for by name, of the device or the catalogue."""
    asked = {name: spec for name, spec in _known(device).items() if name in wanted}
    return replace(model, runtimes={**asked, **model.runtimes})


def _check_any(
    cases: Sequence[Case],
    models: Mapping[str, ModelSpec],
    wanted_variants: Sequence[str],
    wanted_runtimes: Sequence[str],
) -> None:
    """ConfigError where nothing of what was asked for goes together: no runtime takes the format of
    any variant.
    """
    if cases:
        return
    variants = {
        f"{name} ({variant.suffix})": None
        for model in models.values()
        for name, variant in model.variants.items()
        if not wanted_variants or name in wanted_variants
    }
    taken = {
        f"{name} ({runtime.traits.suffix})": None
        for model in models.values()
        for name, runtime in model.runtimes.items()
        if not wanted_runtimes or name in wanted_runtimes
    }
    if not (variants and taken):
        return  # a variant or runtime of another model was chosen: no test is collected
    raise ConfigError(
        f"nothing to judge: no runtime of {', '.join(taken)} takes the format of a variant of"
        f" {', '.join(variants)}; choose others with --variant and --runtime"
    )


def plan(
    *,
    models: Mapping[str, ModelSpec],
    devices: Mapping[str, DeviceSpec],
    machine: Machine,
    wanted_models: Sequence[str] = (),
    wanted_variants: Sequence[str] = (),
    wanted_runtimes: Sequence[str] = (),
    wanted_device: str | None = None,
) -> Plan:
    """The cases and claims of a run; ConfigError names what is unknown and lists what is known."""
    device, present = recognise(devices, machine, wanted_device)
    for profile in devices.values():
        _check_limits(profile, models)
    _check_compared(models, devices.values())
    _check_deviations(models, devices)
    chosen = {
        name: _with_asked(models[name], device, wanted_runtimes)
        for name in choose("model", wanted_models, models)
    }
    choose(
        "variant",
        wanted_variants,
        dict.fromkeys(v for m in chosen.values() for v in m.variants),
    )
    choose(
        "runtime",
        wanted_runtimes,
        dict.fromkeys([*(r for m in chosen.values() for r in m.runtimes), *_known(device)]),
    )
    cases = [
        Case(model=model.id, variant=variant, runtime=runtime, device=device.id)
        for model in chosen.values()
        for runtime in model.runtimes
        if not wanted_runtimes or runtime in wanted_runtimes
        for variant in model.variants
        if not wanted_variants or variant in wanted_variants
        if takes(model.runtimes[runtime], model, variant)
    ]
    _check_any(cases, chosen, wanted_variants, wanted_runtimes)
    made = Plan(
        models=chosen,
        device=device,
        here=device if present and wanted_device is None else _here(devices, machine),
        machine=machine,
        device_present=present,
        cases=tuple(cases),
        claims=(),
    )
    exempt = {case for case in cases if made.is_parity_case(case)}
    claims = (
        claim
        for case in cases
        for claim in _claims(chosen[case.model], device, case, made.architecture, exempt)
    )
    return replace(made, claims=tuple(claims))


def _here(devices: Mapping[str, DeviceSpec], machine: Machine) -> DeviceSpec | None:
    """The profile that recognises the machine that runs the suite; None where none does."""
    try:
        return recognise(devices, machine, None)[0]
    except ConfigError:
        return None
