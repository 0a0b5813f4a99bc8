"""Which limit holds before and after a change: of every claim, on every CPU that a rule names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from edgeassay.agreement import of_reference
from edgeassay.limits import limit_of
from edgeassay.matrix import takes
from edgeassay.spec import (
    TRAITS,
    Case,
    ClaimName,
    CpuRule,
    DeviceSpec,
    Limit,
    LimitRule,
    ModelSpec,
    Processor,
    Sense,
)

Judged = tuple[ModelSpec, DeviceSpec]  # a model, and the profile that judges it


@dataclass(frozen=True, kw_only=True)
class Looser:
    """A claim that lets more through than before; without an `after` it isn't made any more."""

    case: Case
    claim: ClaimName
    before: Limit
    after: Limit | None


@dataclass(frozen=True)
class _Side:
    """A model and the device that judges it, before or after a change."""

    model: ModelSpec
    device: DeviceSpec

    def rules(self, claim: ClaimName) -> tuple[LimitRule, ...]:
        own, of_device = self.model.limits, self.device.limits.get(self.model.id, ())
        return tuple(rule for rule in (*of_device, *own) if rule.claim is claim)

    def limit(
        self, claim: ClaimName, case: Case, cpu: Processor, class_name: str | None
    ) -> Limit | None:
        """What holds, as a plan has it."""
        model, traits = self.model, TRAITS[claim]
        if case.variant == model.reference.variant and not of_reference(claim, model):
            return None
        if traits.of_widths and model.variants[case.variant].wider is None:
            return None
        own = self.device.limits.get(model.id, ())
        return limit_of(own, claim, case, cpu, class_name) or limit_of(
            model.limits, claim, case, cpu, class_name
        )


def looser(before: Judged, after: Judged) -> Iterator[Looser]:
    """Each claim of what both sides have whose limit lets more through after than before."""
    old, new = _Side(*before), _Side(*after)
    cases = list(_cases(old, new))
    for claim in ClaimName:
        rules = (*old.rules(claim), *new.rules(claim))
        if not rules or (old.rules(claim) == new.rules(claim) and _alike(old, new, claim)):
            continue
        classes = (old.model.classes or (None,)) if TRAITS[claim].per_class else (None,)
        for case in cases:
            for cpu in _processors(rule.cpu for rule in rules):
                for class_name in classes:
                    was = old.limit(claim, case, cpu, class_name)
                    now = new.limit(claim, case, cpu, class_name)
                    if was is not None and _lets_more(claim, was, now):
                        yield Looser(case=case, claim=claim, before=was, after=now)


def _alike(old: _Side, new: _Side, claim: ClaimName) -> bool:
    """Whether nothing else decides otherwise for which cases a claim is made."""
    wider = [{n: v.wider for n, v in side.model.variants.items()} for side in (old, new)]
    kept = all(wider[1].get(name, value) == value for name, value in wider[0].items())
    return old.model.reference == new.model.reference and (kept or not TRAITS[claim].of_widths)


def _cases(old: _Side, new: _Side) -> Iterator[Case]:
    """What both sides can judge."""
    for variant in old.model.variants:
        for name, runtime in old.model.runtimes.items():
            both = variant in new.model.variants and name in new.model.runtimes
            if both and takes(runtime, old.model, variant):
                yield Case(model=old.model.id, variant=variant, runtime=name, device=old.device.id)


def _processors(rules: Iterable[CpuRule]) -> Iterator[Processor]:
    """A CPU that no rule names, one for each rule, and one for each two that can meet."""
    named = list(dict.fromkeys(rule for rule in rules if rule != CpuRule()))
    yield Processor(architecture="")
    for rule in named:
        yield _processor(rule)
    for one, other in combinations(named, 2):
        if one.meets(other):
            yield _processor(one, other)


def _processor(*rules: CpuRule) -> Processor:
    """A CPU that has all that these name."""
    possible = frozenset.intersection(*(rule.possible for rule in rules))
    families = [rule.family for rule in rules if rule.family is not None]
    vendors = [rule.vendor for rule in rules if rule.vendor is not None]
    return Processor(
        architecture=min(possible, default=""),
        vendor=next(iter(vendors), ""),
        kinds=tuple(sorted(families, key=len))[-1:],
        isa=tuple(dict.fromkeys(name for rule in rules for name in rule.isa)),
    )


def _lets_more(claim: ClaimName, before: Limit, after: Limit | None) -> bool:
    if after is None:
        return True
    if TRAITS[claim].sense is Sense.AT_MOST:
        return after.value > before.value
    return after.value < before.value


def told_of(found: Mapping[str, list[Looser]]) -> Iterator[tuple[str, str]]:
    """For each place what became looser there, in words."""
    for place, all_ in found.items():
        first, others = all_[0], len({(one.case, one.claim) for one in all_}) - 1
        more = f" (and {others} more)" if others else ""
        case = f"{first.case.model} {first.case.variant} on {first.case.runtime}"
        now = "gone" if first.after is None else f"{first.after.value:g}"
        was = f"{first.before.value:g}"
        yield place, f"the limit of {first.claim} was {was} for {case}, and is {now}{more}"
