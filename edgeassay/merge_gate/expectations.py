"""What a gate.toml and the models expect no more: legs, cases, and how strictly a leg decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from edgeassay.errors import some
from edgeassay.merge_gate.declared import Declared
from edgeassay.spec import Case, Leg
from edgeassay.summary.outcome import Change, Problem

STRICTEST_FIRST: Final = ("fail", "fail-untimed", "warn")
PLACE: Final = ("architecture", "fingerprint", "kind")


def leg_changes(before: Declared, now: Declared) -> Iterator[Change]:
    """Legs and cases that the base expects and this commit doesn't, and legs that ask for less."""
    file = now.expected.file
    for name, made in before.plans.items():
        other = now.plans.get(name)
        if other is None:
            yield Change(
                what=f"{file}:leg.{name}",
                sentence=f"the base expects the leg {name}, and this commit doesn't",
                problem=Problem.MISSING_LEG,
            )
            continue
        for key, words in _asks_less(made.leg, other.leg):
            yield Change(what=f"{file}:leg.{name}.{key}", sentence=words, problem=Problem.LOOSENED)
    yield from _gone(before, now)


def _asks_less(old: Leg, new: Leg) -> Iterator[tuple[str, str]]:
    for key in PLACE:
        was, is_ = getattr(old, key), getattr(new, key)
        if was is not None and was != is_:
            yield key, f"the leg's {key} was {was}, and is {is_}: it is another place"
    for key in ("timed", "ab"):
        if getattr(old, key) and not getattr(new, key):
            yield key, f"the leg's {key} was true, and is false"
    if STRICTEST_FIRST.index(new.inconclusive) > STRICTEST_FIRST.index(old.inconclusive):
        words = f"inconclusive was {old.inconclusive}, and is {new.inconclusive}"
        yield "inconclusive", words
    if new.images is not None and (old.images is None or new.images < old.images):
        yield "images", f"{new.images} images suffice, and before it were {old.images or 'all'}"


def _gone(before: Declared, now: Declared) -> Iterator[Change]:
    """Cases that a leg expects no more, by where they were taken out."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, old in before.plans.items():
        new = now.plans.get(name)
        kept = {_bare(case) for case in new.plan.cases} if new is not None else set()
        for case in old.plan.cases if new is not None else ():
            if _bare(case) not in kept and old.claims[case]:
                words = f"{case.model} {case.variant} on {case.runtime} of the leg {name}"
                found[_taken_out(case, name, now)].append(words)
    for (what, why), cases in found.items():
        yield Change(
            what=what,
            sentence=f"the base expects {some(cases)}, and this commit doesn't: {why}",
            problem=Problem.MISSING_CASE,
        )


def _bare(case: Case) -> tuple[str, str, str]:
    return case.model, case.variant, case.runtime


def _taken_out(case: Case, leg: str, now: Declared) -> tuple[str, str]:
    """Where a case was taken out, and how."""
    model = now.models.get(case.model)
    if model is None:
        return f"models/{case.model}", "the model is gone"
    if case.variant not in model.variants:
        return f"{model.file}:variants.{case.variant}", "the variant is gone"
    if model.variants[case.variant].on_request:
        return f"{model.file}:variants.{case.variant}", "it is on request"
    if case.runtime not in model.runtimes:
        return f"{model.file}:runtimes.{case.runtime}", "the runtime is gone"
    return f"{now.expected.file}:leg.{leg}", "the leg leaves it out"
