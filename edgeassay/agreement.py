"""Whether models and device profiles agree: a limit or a deviation about what there isn't makes no
claim, and nobody would miss it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgeassay.config import catalogue, check_task, nearest
from edgeassay.errors import ConfigError
from edgeassay.spec import (
    TRAITS,
    ClaimName,
    CpuRule,
    Deviation,
    DeviceSpec,
    LimitRule,
    ModelSpec,
    RuntimeSpec,
)


def check_limits(profile: DeviceSpec, models: Mapping[str, ModelSpec]) -> None:
    """A limit for what no model has would never make a claim."""
    for name, rules in profile.limits.items():
        if name not in models:
            raise ConfigError(
                f"{profile.file}: limits for an unknown model {name!r}; {nearest(name, models)}"
            )
        model = models[name]
        for rule in rules:
            check_task(rule, model.task, name)
            _check_cpu_known(rule.cpu, profile, rule.limit.source)
            for kind, value, known in (
                ("variant", rule.variant, model.variants),
                ("class", rule.class_name, model.classes),
                ("runtime", rule.runtime, {**known_runtimes(profile), **model.runtimes}),
            ):
                if value is not None and value not in known:
                    raise ConfigError(
                        f"{rule.limit.source}: {name} has no {kind} {value!r};"
                        f" {nearest(value, known)}"
                    )


def check_compared(models: Mapping[str, ModelSpec], devices: Iterable[DeviceSpec]) -> None:
    """A limit on what the reference is compared with itself in would never make a claim."""
    for model in models.values():
        rules = [*model.limits, *(r for d in devices for r in d.limits.get(model.id, ()))]
        for rule in rules:
            _check_wider(rule, model)
            if rule.variant == model.reference.variant and not of_reference(rule.claim, model):
                raise ConfigError(
                    f"{rule.limit.source}: {rule.claim} compares with {rule.variant!r}, the"
                    " reference, and isn't claimed of it; set the limit for another variant"
                )


def _check_wider(rule: LimitRule, model: ModelSpec) -> None:
    """ConfigError where a limit beside the next wider sub-network is for what has none."""
    if not TRAITS[rule.claim].of_widths:
        return
    about = [v for name, v in model.variants.items() if rule.variant in (None, name)]
    if all(variant.wider is None for variant in about):
        raise ConfigError(
            f"{rule.limit.source}: {rule.claim} compares with the next wider sub-network, and"
            f" {rule.variant or 'no variant'} names {'none' if rule.variant else 'one'}; add"
            " `wider` to the variant, or remove the limit"
        )


def check_deviations(models: Mapping[str, ModelSpec], devices: Mapping[str, DeviceSpec]) -> None:
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
            if d.device is not None:
                _check_cpu_known(d.cpu, devices[d.device], d.source)
            _check_reach(d, model)
            if not any(_meet(rule, d) for rule in rules):
                wanted = (d.variant, d.runtime, str(d.cpu), d.class_name)
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
        (rule.class_name, deviation.class_name),
    )
    return (
        rule.claim is deviation.claim
        and rule.cpu.meets(deviation.cpu)
        and all(None in pair or len({*pair}) == 1 for pair in pairs)
    )


def _check_cpu_known(rule: CpuRule, profile: DeviceSpec, place: str) -> None:
    """ConfigError where a rule names what only a CPU itself tells, and no worker of the profile is
    on a CPU that is asked.
    """
    if rule.names_more and not any(profile.is_own_cpu(name) for name in profile.workers):
        raise ConfigError(
            f"{place}: it names {rule}, and of the CPU that {profile.file} runs its workers on only"
            " the architecture is known; name that alone"
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
    if traits.of_maps:
        return False
    return not traits.relative or (traits.needs_data and model.reference.predictions is not None)


def known_runtimes(device: DeviceSpec) -> dict[str, RuntimeSpec]:
    """The runtimes that a device has beside a model's: its own, and the catalogue's."""
    return {**catalogue(), **device.runtimes}
