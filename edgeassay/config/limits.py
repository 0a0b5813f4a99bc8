"""[limits] tables: claims for every variant, and one table a variant."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from edgeassay.config.cpu_checks import check_cpu
from edgeassay.config.shapes import LimitEntry, nearest
from edgeassay.errors import ConfigError
from edgeassay.spec import ARCHITECTURES, TRAITS, ClaimName, CpuRule, Limit, LimitRule, Sensible


def check_sensible(value: float, range_: Sensible, given: str) -> None:
    """ConfigError if a limit can't fail or can't hold; `given` says where it stands."""
    refusal = range_.refusal(value)
    if refusal is not None:
        raise ConfigError(f"{given} is not valid: {refusal}")


def _limit(entry: Any, claim: ClaimName, where: str, key: str) -> Limit:
    """One limit: a number, `true` for a flag, or a table with `limit` and `rationale`."""
    rationale = None
    source = f"{where}:{key}"
    if isinstance(entry, Mapping):
        known = {"limit", "rationale"} | ({"classes"} if TRAITS[claim].per_class else set())
        for name in entry:
            if name not in known:
                raise ConfigError(f"{where}: unknown key '{key}.{name}'; {nearest(name, known)}")
        if "limit" not in entry:
            raise ConfigError(f"{where}: the key '{key}.limit' is missing; add the number")
        rationale = entry.get("rationale")
        if not isinstance(rationale, str | None):
            raise ConfigError(
                f"{where}: {key}.rationale = {rationale!r} is not valid: write a text"
            )
        entry = entry["limit"]
        source = f"{source}.limit"
    if TRAITS[claim].flag:
        if entry is not True:
            raise ConfigError(
                f"{where}: {key} = {entry!r} is not valid: it can only be `true`; leave it out"
                " where it isn't claimed"
            )
        return Limit(value=1.0, source=source, rationale=rationale)
    if isinstance(entry, bool) or not isinstance(entry, int | float) or not math.isfinite(entry):
        raise ConfigError(f"{where}: {key} = {entry!r} is not valid: it must be a finite number")
    check_sensible(float(entry), TRAITS[claim].sensible, f"{where}: {key} = {entry!r}")
    return Limit(value=float(entry), source=source, rationale=rationale)


def _claim_limits(
    table: Mapping[str, Any],
    variant: str | None,
    where: str,
    prefix: str,
    classes: Sequence[str] | None,
) -> list[LimitRule]:
    rules = []
    for name, entry in table.items():
        claim = ClaimName(name)
        key = f"{prefix}.{name}"
        rules.append(
            LimitRule(claim=claim, variant=variant, limit=_limit(entry, claim, where, key))
        )
        for class_name, value in (
            entry.get("classes", {}) if isinstance(entry, dict) else {}
        ).items():
            if classes is not None and class_name not in classes:
                raise ConfigError(
                    f"{where}: unknown class '{key}.classes.{class_name}';"
                    f" {nearest(class_name, classes)}"
                )
            limit = _limit(value, claim, where, f"{key}.classes.{class_name}")
            rules.append(
                LimitRule(claim=claim, variant=variant, limit=limit, class_name=class_name)
            )
    return rules


def check_once(rules: Iterable[LimitRule]) -> None:
    """ConfigError where two limits are for the same, of which only one could hold, or for CPUs of
    which one may be of both.
    """
    seen: dict[LimitRule, list[LimitRule]] = {}
    for rule in rules:
        about = replace(rule, limit=Limit(value=0.0, source=""), cpu=CpuRule())
        for other in seen.setdefault(about, []):
            _check_apart(rule, other)
        seen[about].append(rule)


def _check_apart(rule: LimitRule, other: LimitRule) -> None:
    """ConfigError where two limits that differ in CPUs alone could both hold, as neither is more
    particular.
    """
    source, theirs = rule.limit.source, other.limit.source
    if rule.cpu == other.cpu:
        raise ConfigError(f"{source}: {theirs} is for the same; leave one of them out")
    if rule.cpu.rank == other.cpu.rank and rule.cpu.meets(other.cpu):
        raise ConfigError(
            f"{source}: one CPU can have what this names ({rule.cpu}) and what {theirs} names"
            f" ({other.cpu}), and neither limit goes first; name both in one of them"
        )


def _check_place(names: Iterable[str], where: str) -> None:
    """ConfigError where a limit stands here that belongs to a comparison."""
    for name in names:
        if name in list(ClaimName) and TRAITS[ClaimName(name)].of_baseline:
            raise ConfigError(
                f"{where}: {name} compares with a baseline: set its limit in compare.toml, under"
                " [limits] or [[limit]]"
            )


def read_limits(
    tables: Mapping[str, Any],
    *,
    variants: Iterable[str] | None,
    classes: Sequence[str] | None,
    where: str,
    prefix: str = "limits",
) -> tuple[LimitRule, ...]:
    """The rules of a [limits] table: claims for every variant, and one table a variant.

    `variants` and `classes` are the names allowed; None allows any.
    """
    claims = {c.value for c in ClaimName if not TRAITS[c].of_baseline}
    _check_place([*tables, *(k for t in tables.values() if isinstance(t, dict) for k in t)], where)
    general = {k: v for k, v in tables.items() if k in claims}
    rules = _claim_limits(general, None, where, prefix, classes)
    for name, inner in tables.items():
        if name in claims:
            continue
        allowed = claims | set(variants or ())
        if name in allowed and not isinstance(inner, dict):
            raise ConfigError(
                f"{where}: {prefix}.{name} = {inner!r} is not valid: a variant's limits stand in a"
                f" table of their own, [{prefix}.{name}]"
            )
        if not isinstance(inner, dict) or (variants is not None and name not in allowed):
            raise ConfigError(f"{where}: unknown key '{prefix}.{name}'; {nearest(name, allowed)}")
        for claim in inner:
            if claim not in claims:
                raise ConfigError(
                    f"{where}: unknown key '{prefix}.{name}.{claim}'; {nearest(claim, claims)}"
                )
        rules += _claim_limits(inner, name, where, f"{prefix}.{name}", classes)
    return tuple(rules)


def read_particular(
    entries: Sequence[LimitEntry],
    *,
    variants: Iterable[str] | None,
    runtimes: Iterable[str] | None,
    classes: Sequence[str] | None,
    where: str,
) -> tuple[LimitRule, ...]:
    """The rules of [[limit]] tables, each for a variant, a runtime, a CPU, a class, or what of
    these it names; where known names are None, any is allowed.
    """
    rules = []
    for i, entry in enumerate(entries):
        key = f"limit[{i}]"
        _check_place([entry.claim], where)
        for kind, value, known in (
            ("variant", entry.variant, variants),
            ("runtime", entry.runtime, runtimes),
            ("architecture", entry.architecture, ARCHITECTURES),
            ("class", entry.class_name, classes),
        ):
            if value is not None and known is not None and value not in known:
                raise ConfigError(
                    f"{where}: {key} names an unknown {kind}; {nearest(value, known)}"
                )
        if entry.class_name is not None and not TRAITS[entry.claim].per_class:
            raise ConfigError(
                f"{where}: {key} names the class {entry.class_name!r}, and {entry.claim} is about"
                " all classes together; leave `class` out"
            )
        check_cpu(entry.cpu, f"{where}: {key}")
        given = {"limit": entry.limit, "rationale": entry.rationale}
        rules.append(
            LimitRule(
                claim=entry.claim,
                limit=_limit(given, entry.claim, where, key),
                variant=entry.variant,
                runtime=entry.runtime,
                cpu=entry.cpu,
                class_name=entry.class_name,
            )
        )
    return tuple(rules)
