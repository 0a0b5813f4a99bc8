"""What a commit changes in that which judges it: named always, and red where it lets more through
and nobody approves it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from datetime import date
from typing import Any, Final

from edgeassay.errors import ConfigError, some
from edgeassay.merge_gate.base import Base
from edgeassay.merge_gate.declared import Declared, Places, load_declared
from edgeassay.merge_gate.expectations import leg_changes
from edgeassay.merge_gate.loadable import loadable
from edgeassay.merge_gate.strictness import Judged, Looser, looser, told_of
from edgeassay.project import BASELINES
from edgeassay.spec import Approval, Case, Comparison, ModelSpec
from edgeassay.summary.outcome import Change, Problem
from edgeassay.temporary import temporary_folder

LOOSENED: Final = Problem.LOOSENED
# Tables of a model.toml that say how it is measured: another one may let anything through.
MEASURING: Final = (
    *("data", "preprocess", "reference", "operating_point"),
    *("segmentation", "saliency", "random_inputs"),
)
EVIDENCE: Final = ("confidence", "power", "min_positives", "min_negatives", "resamples")
# What of a device profile decides how much is measured, and when a time counts.
PROFILE: Final = ("match", "architecture", "emulated", "timing", "tolerance", "evaluation")
# What a base's excuses were: their last days are no matter here.
LONG_AFTER: Final = date(9000, 1, 1)


def changes_since(base: Base, places: Places, now: Declared) -> tuple[Change, ...]:
    """All that differs from the base, with who approves it."""
    with temporary_folder() as scratch:
        written = base.write(places, scratch)
        if written is None:
            return ()  # before there was a gate, nothing was judged
        try:
            before = load_declared(written, LONG_AFTER)
        except ConfigError as error:
            found = [
                Change(
                    what=now.expected.file,
                    sentence="the base's own declarations can't be read, so nobody can tell what is"
                    f" loosened: {error}",
                    problem=LOOSENED,
                )
            ]
            new: tuple[Approval, ...] = now.expected.approvals
        else:
            found = [
                *_differences(before, now),
                *_files(base, before, now),
                *_code(base, before),
            ]
            new = _new_approvals(before, now)
    return tuple(_approved(change, new) for change in found)


def _new_approvals(before: Declared, now: Declared) -> tuple[Approval, ...]:
    """Those that this commit brings: what was approved before counts no more."""
    old = before.expected.approvals
    return tuple(one for one in now.expected.approvals if not any(one.says(o) for o in old))


def _approved(change: Change, approvals: Iterable[Approval]) -> Change:
    if change.problem is None:
        return change
    return replace(change, approved=next((a for a in approvals if a.covers(change.what)), None))


def _differences(before: Declared, now: Declared) -> Iterator[Change]:
    yield from leg_changes(before, now)
    yield from _limits(before, now)
    for name, model in before.models.items():
        if name in now.models:
            yield from _measuring(model, now.models[name])
    yield from _devices(before, now)
    yield from _moved(before, now)
    yield from _compared(before, now)
    yield from _excuses(before, now)


def _limits(before: Declared, now: Declared) -> Iterator[Change]:
    """Limits that let more through, each at the place where it stands, or stood."""
    found: dict[str, list[Looser]] = defaultdict(list)
    for old, new in (*_of_legs(before, now), *_of_profiles(before, now)):
        for one in looser(old, new):
            found[(one.after or one.before).source].append(one)
    for place, sentence in told_of(found):
        yield Change(what=place, sentence=sentence, problem=LOOSENED)


def _of_legs(before: Declared, now: Declared) -> Iterator[tuple[Judged, Judged]]:
    """Each leg's models with the runtimes that the leg names, and the profile that judges them
    there, whatever it is called before and after.
    """
    for name, made in before.plans.items():
        if name in now.plans:
            other = now.plans[name]
            for model in sorted({*made.plan.models} & {*other.plan.models}):
                yield (
                    (made.plan.models[model], made.device),
                    (other.plan.models[model], other.device),
                )


def _of_profiles(before: Declared, now: Declared) -> Iterator[tuple[Judged, Judged]]:
    """Each model on each profile, which people judge with beside the legs."""
    for model in sorted({*before.models} & {*now.models}):
        for device in sorted({*before.devices} & {*now.devices}):
            yield (
                (before.models[model], before.devices[device]),
                (now.models[model], now.devices[device]),
            )


def _measuring(old: ModelSpec, new: ModelSpec) -> Iterator[Change]:
    """How a model is measured, and how much evidence it needs."""
    for name in MEASURING:
        was, now = getattr(old, name), getattr(new, name)
        if was is not None and was != now:
            yield Change(
                what=f"{new.file}:{name}",
                sentence=f"the table [{name}] has changed ({_which(was, now)}), by which it is"
                " measured",
                problem=LOOSENED,
            )
    yield from _made(old, new)
    for name in (n for n in old.runtimes if n in new.runtimes):
        if old.runtimes[name] != new.runtimes[name]:
            which = _which(old.runtimes[name], new.runtimes[name])
            yield Change(
                what=f"{new.file}:runtimes.{name}",
                sentence=f"the runtime's options have changed ({which}), by which it is measured",
                problem=LOOSENED,
            )
    for name in EVIDENCE:
        was, now = getattr(old.statistics, name), getattr(new.statistics, name)
        if now < was:
            yield Change(
                what=f"{new.file}:statistics.{name}",
                sentence=f"it was {was:g} and is {now:g}: less evidence is asked for",
                problem=LOOSENED,
            )
    gone = [c for c in old.statistics.co_primary if c not in new.statistics.co_primary]
    if gone:
        yield Change(
            what=f"{new.file}:statistics.co_primary",
            sentence=f"it has no {', '.join(gone)} any more",
            problem=LOOSENED,
        )


def _made(old: ModelSpec, new: ModelSpec) -> Iterator[Change]:
    """What its files are made from, and how. All others are held against the reference: new bytes
    of it are a new model, and another way to make it is another measure.
    """
    was, now = (_weights(model) for model in (old, new))
    if was != now:
        yield Change(what=f"{new.file}:weights", sentence=f"the weights were {was}, and are {now}")
    if old.preprocess is None and old.shapes not in ({}, new.shapes):
        yield Change(
            what=f"{new.file}:shape",
            sentence=f"inputs were given the shape {_shape(old)}, and are given {_shape(new)}",
            problem=LOOSENED,
        )
    if old.signature != new.signature:
        was_named, is_named = (_signature(model) for model in (old, new))
        yield Change(
            what=f"{new.file}:signature",
            sentence=f"of the files {was_named} was judged, and {is_named} is",
            problem=LOOSENED,
        )
    for name in (n for n in old.variants if n in new.variants):
        before = replace(old.variants[name], on_request=False)
        after = replace(new.variants[name], on_request=False)  # named with what is left out by it
        if before == after:
            continue
        measure = name == old.reference.variant and replace(before, sha256=after.sha256) != after
        yield Change(
            what=f"{new.file}:variants.{name}",
            sentence=f"{name} is made in another way ({_which(before, after)})"
            + ("; the others are held against it" if measure else ""),
            problem=LOOSENED if measure else None,
        )


def _shape(model: ModelSpec) -> str:
    shapes = [("x".join(map(str, one[0]))) for one in model.shapes.values()]
    return ", ".join(shapes) or "none"


def _signature(model: ModelSpec) -> str:
    return "the main graph" if model.signature is None else f"the signature {model.signature!r}"


def _weights(model: ModelSpec) -> str:
    return "none" if model.weights is None else model.weights.relative_to(model.folder).as_posix()


def _which(was: Any, now: Any) -> str:
    """The keys that differ."""
    if type(was) is not type(now):
        return "all of it"
    names = [f.name for f in fields(was) if getattr(was, f.name) != getattr(now, f.name)]
    return ", ".join(names)


def _devices(before: Declared, now: Declared) -> Iterator[Change]:
    for name, old in before.devices.items():
        new = now.devices.get(name)
        if new is None:
            yield Change(what=old.file, sentence="this device profile is gone", problem=LOOSENED)
            continue
        for key in PROFILE:
            was, is_ = getattr(old, key), getattr(new, key)
            if was != is_:
                which = f" ({_which(was, is_)})" if hasattr(was, "__dataclass_fields__") else ""
                yield Change(
                    what=f"{new.file}:{key}",
                    sentence=f"the profile's {key} has changed{which}",
                    problem=LOOSENED,
                )
        if (old.workers, old.runtimes) != (new.workers, new.runtimes):
            yield Change(what=new.file, sentence="its workers or runtimes have changed")


def _moved(before: Declared, now: Declared) -> Iterator[Change]:
    """Legs that another profile judges now. Its limits are compared where they stand."""
    for name, made in before.plans.items():
        if name not in now.plans or now.plans[name].device.id == made.device.id:
            continue
        old, new = made.device, now.plans[name].device
        differs = [
            key for key in PROFILE if key != "match" and getattr(old, key) != getattr(new, key)
        ]
        other = f", which has another {', '.join(differs)}" if differs else ""
        yield Change(
            what=f"{now.expected.file}:leg.{name}.device",
            sentence=f"the leg's device was {old.id}, and is {new.id}{other}",
            problem=LOOSENED if differs or made.leg.device is not None else None,
        )


def _compared(before: Declared, now: Declared) -> Iterator[Change]:
    """What may change between builds: of every case that the base knows, and of tests."""
    found: dict[str, str] = {}
    for case, after in _timed_cases(before, now):
        was, is_ = _allowed(before.comparison, case), _allowed(now.comparison, after)
        for field in fields(was):
            old, new = getattr(was, field.name), getattr(is_, field.name)
            if new.value > old.value:
                found.setdefault(
                    new.source,
                    f"{field.name} was {old.value:g} for {case.id if case else 'tests'}, and is"
                    f" {new.value:g}",
                )
    for place, sentence in found.items():
        yield Change(what=place, sentence=sentence, problem=LOOSENED)
    for key in ("noise", "gate", "spans", "renamed"):
        if getattr(before.comparison, key) != getattr(now.comparison, key):
            yield Change(
                what=f"compare.toml:{key}",
                sentence=f"the table [{key}] has changed, by which builds are compared",
                problem=LOOSENED,
            )


def _timed_cases(before: Declared, now: Declared) -> Iterator[tuple[Case | None, Case | None]]:
    """Each case of a leg, before and after: its profile may have another name. Then tests."""
    for name, made in before.plans.items():
        device = now.plans.get(name, made).device.id
        for case in made.plan.cases:
            yield case, replace(case, device=device)
    yield None, None


def _allowed(comparison: Comparison, case: Case | None) -> Any:
    return comparison.allowed("tests/x.py::test" if case is None else case.id, case)


def _excuses(before: Declared, now: Declared) -> Iterator[Change]:
    """Deviations, acceptances and waivers that are new, or last longer: each has its reason."""
    for name, model in now.models.items():
        old_model = before.models.get(name)
        yield from _new_of("deviation", old_model.deviations if old_model else (), model.deviations)
    yield from _new_of("acceptance", before.accepted, now.accepted)
    yield from _new_of("waiver", before.expected.waivers, now.expected.waivers)


def _new_of(kind: str, old: Iterable[Any], new: Iterable[Any]) -> Iterator[Change]:
    def about(one: Any) -> Any:
        return replace(one, reason="", source="", expires=date.max)

    known: dict[Any, date] = {}
    for one in old:
        known[about(one)] = max(one.expires, known.get(about(one), date.min))
    for one in new:
        before = known.get(about(one))
        if before is None:
            sentence = f"a new {kind} until {one.expires}: {one.reason}"
            yield Change(what=one.source, sentence=sentence)
        elif one.expires > before:
            sentence = f"this {kind} ended on {before}, and ends on {one.expires}: {one.reason}"
            yield Change(what=one.source, sentence=sentence)


def _files(base: Base, before: Declared, now: Declared) -> Iterator[Change]:
    """Files of models that have other bytes under their names: predictions that drops are taken
    against are a measure, and all else is a model's own.
    """
    for name in (n for n in before.models if n in now.models):
        model = now.models[name]
        changed = [path for path in base.changed_at(model.folder) if not path.endswith(".toml")]
        predictions = model.reference.predictions
        if predictions in changed:
            yield Change(
                what=f"{model.file}:reference.predictions",
                sentence=f"{predictions} has other bytes, and drops are taken against it",
                problem=LOOSENED,
            )
        others = [path for path in changed if path != predictions]
        if others:
            yield Change(
                what=f"{model.file}:files", sentence=f"its files have changed: {some(others, 12)}"
            )


def _code(base: Base, before: Declared) -> Iterator[Change]:
    """Files of the judge itself. Its own workflow a commit can change as it likes: it is named, and
    a review alone decides about it.
    """
    changed = base.changed_code()
    workflows = [n for n in changed if n.startswith(".github/") and not loadable(n)]
    code = [name for name in changed if name not in workflows]
    asked = before.expected.code == "approve"
    if code:
        yield Change(
            what="code",
            sentence=f"the code that judges has changed: {some(code, 12)}",
            problem=LOOSENED if asked else None,
        )
    baselines = [name for name in base.changed([BASELINES]) if not name.endswith(".toml")]
    if baselines:
        yield Change(what=BASELINES, sentence=f"baselines have changed: {some(baselines, 12)}")
    if workflows:
        yield Change(what=".github", sentence=f"workflows have changed: {some(workflows, 12)}")
