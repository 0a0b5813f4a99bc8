"""Models x variants x runtimes on a device, and the claims that limits make of them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from edgeassay.agreement import (
    check_compared,
    check_deviations,
    check_limits,
    known_runtimes,
    of_reference,
)
from edgeassay.config import catalogue, choose
from edgeassay.errors import ConfigError
from edgeassay.limits import limit_of
from edgeassay.machine import Machine, processor_of
from edgeassay.recognition import here, recognise
from edgeassay.spec import (
    TRAITS,
    Case,
    Claim,
    Deviation,
    DeviceSpec,
    ModelSpec,
    Processor,
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

    def wider_of(self, case: Case) -> Case | None:
        """The case of the next wider sub-network; None where the variant names none."""
        wider = self.models[case.model].variants[case.variant].wider
        return None if wider is None else replace(case, variant=wider)

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
        known = {**known_runtimes(self.device), **self.models[case.model].runtimes}
        ways = [
            (spec, device.workers.get(spec.worker), device.architecture, device.emulated)
            for spec, device in ((known[case.runtime], self.device), (known[other.runtime], here))
        ]
        return ways[0] == ways[1]

    @property
    def architecture(self) -> str:
        """Of the workers: the device's own, or this machine's."""
        return self.device.architecture or self.machine.architecture

    def processor(self, case: Case) -> Processor:
        """What is known of the CPU that runs a case before it runs: this machine's, or of one
        elsewhere only the architecture.
        """
        known = {**known_runtimes(self.device), **self.models[case.model].runtimes}
        if self.device.is_own_cpu(known[case.runtime].worker):
            return processor_of(self.machine)
        return Processor(architecture=self.architecture)

    def on(self, machine: Machine) -> Plan:
        """The same cases on another machine, with the claims that are made there."""
        return _with_claims(replace(self, machine=machine))

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
            (deviation.class_name, claim.class_name),
        )
        return (
            deviation in self.models[claim.case.model].deviations
            and deviation.claim is claim.name
            and all(value is None or value == actual for value, actual in wanted)
            and deviation.cpu.fits(self.processor(claim.case))
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


def _claims(
    model: ModelSpec, device: DeviceSpec, case: Case, cpu: Processor, exempt: Container[Case]
) -> Iterator[Claim]:
    """What limits make of a case; those `exempt` are what parity is taken against."""
    for name, traits in TRAITS.items():
        if traits.of_parity and case in exempt:
            continue
        if case.variant == model.reference.variant and not of_reference(name, model):
            continue
        if traits.of_widths and model.variants[case.variant].wider is None:
            continue
        # Without data nobody knows the classes, and one claim stands for all: it is unmeasured.
        for class_name in (model.classes or (None,)) if traits.per_class else (None,):
            limit = limit_of(
                device.limits.get(model.id, ()), name, case, cpu, class_name
            ) or limit_of(model.limits, name, case, cpu, class_name)
            if limit is not None:
                yield Claim(name=name, case=case, limit=limit, class_name=class_name)


def _with_claims(made: Plan) -> Plan:
    """The plan with what limits make of its cases."""
    exempt = {case for case in made.cases if made.is_parity_case(case)}
    claims = (
        claim
        for case in made.cases
        for claim in _claims(
            made.models[case.model], made.device, case, made.processor(case), exempt
        )
    )
    return replace(made, claims=tuple(claims))


def check_claimed(made: Plan) -> None:
    """ConfigError if a model that has cases in a plan has no claim: nothing would judge it."""
    claimed = {claim.case.model for claim in made.claims}
    for name in dict.fromkeys(case.model for case in made.cases):
        if name not in claimed:
            raise ConfigError(
                f"{made.models[name].file} sets no limit for any case that was chosen, so nothing"
                " would be judged; set one under [limits], or choose other models or variants"
            )


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


def _with_asked(model: ModelSpec, device: DeviceSpec, wanted: Sequence[str]) -> ModelSpec:
    """The model on runtimes too that were asked for by name, of the device or the catalogue."""
    asked = {name: spec for name, spec in known_runtimes(device).items() if name in wanted}
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


def plan_unjudged(
    model: ModelSpec,
    devices: Mapping[str, DeviceSpec],
    *,
    machine: Machine,
    wanted_variants: Sequence[str] = (),
    wanted_runtimes: Sequence[str] = (),
    wanted_device: str | None = None,
) -> Plan:
    """The cases of one model where nothing is claimed of them: they are looked at, not judged."""
    return plan(
        models={model.id: replace(model, limits=(), deviations=())},
        devices={name: replace(profile, limits={}) for name, profile in devices.items()},
        machine=machine,
        wanted_variants=wanted_variants,
        wanted_runtimes=wanted_runtimes,
        wanted_device=wanted_device,
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
        check_limits(profile, models)
    check_compared(models, devices.values())
    check_deviations(models, devices)
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
        dict.fromkeys([*(r for m in chosen.values() for r in m.runtimes), *known_runtimes(device)]),
    )
    cases = [
        Case(model=model.id, variant=variant, runtime=runtime, device=device.id)
        for model in chosen.values()
        for runtime in model.runtimes
        if not wanted_runtimes or runtime in wanted_runtimes
        for variant, declared in model.variants.items()
        if variant in wanted_variants or not (wanted_variants or declared.on_request)
        if takes(model.runtimes[runtime], model, variant)
    ]
    _check_any(cases, chosen, wanted_variants, wanted_runtimes)
    made = Plan(
        models=chosen,
        device=device,
        here=device if present and wanted_device is None else here(devices, machine),
        machine=machine,
        device_present=present,
        cases=tuple(cases),
        claims=(),
    )
    return _with_claims(made)
