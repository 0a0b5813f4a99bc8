"""compare.toml: what may change between two builds, and how that is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from edgeassay.config.limits import check_sensible
from edgeassay.config.loading import relative
from edgeassay.config.shapes import DEFAULTS, TABLES, defaults, explain, nearest
from edgeassay.config.toml import read_toml
from edgeassay.errors import ConfigError
from edgeassay.spec import (
    SENSIBLE_CHANGES,
    Allowed,
    AllowedRule,
    Comparison,
    Gate,
    Limit,
    Noise,
    Sensible,
    Spans,
)

FILE: Final = "compare.toml"
LIMITS: Final = tuple(field.name for field in fields(Allowed))
WITHIN: Final = Sensible(above=0.0, most=0.5, why="it is how much processes differ")
BETWEEN: Final = Sensible(least=0.0, most=0.5, why="it is how much runs differ")
SLOWDOWN: Final = Sensible(above=0.0, most=1.0, why="1 is twice the time")
SCOPES: Final = ("model", "variant", "runtime", "device", "benchmark")


class ComparisonFile(BaseModel):
    """The shape of a compare.toml; `limits` and each `limit` are read key by key."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    limits: dict[str, Any] = Field(default_factory=dict)
    limit: list[dict[str, Any]] = Field(default_factory=list)
    gate: Gate
    spans: Spans
    noise: Noise
    renamed: dict[str, str] = Field(default_factory=dict)


TABLES.update(gate=Gate, spans=Spans, noise=Noise)


def load_comparison(path: Path | None, root: Path) -> Comparison:
    """What `path` says, over the defaults; without a path, `compare.toml` of the project if there
    is one. ConfigError names file and key.
    """
    chosen = path or (root / FILE if (root / FILE).exists() else None)
    where = relative(chosen or DEFAULTS, root)
    if path is not None and not path.exists():
        raise ConfigError(f"{where} doesn't exist; name a file of limits, or none")
    common, own = defaults()["compare"], {} if chosen is None else read_toml(chosen, where)
    tables = dict(own)
    for name in ("gate", "spans", "noise"):
        if isinstance(given := own.get(name, {}), dict):
            tables[name] = {**common[name], **given}
    try:
        file = TypeAdapter(ComparisonFile).validate_python(tables)
    except ValidationError as error:
        raise ConfigError(explain(ComparisonFile, error, where)) from None
    _check(file, where)
    given = relative(DEFAULTS, root)
    rules = [AllowedRule(limits=_limits(common["limits"], given, "compare.limits"))]
    rules += [_rule(e, given, f"compare.limit[{n}]") for n, e in enumerate(common["limit"])]
    rules += [AllowedRule(limits=_limits(file.limits, where, "limits"))] if file.limits else []
    rules += [_rule(e, where, f"limit[{n}]") for n, e in enumerate(file.limit)]
    _check_order(rules)
    return Comparison(
        rules=tuple(rules),
        noise=file.noise,
        gate=file.gate,
        spans=file.spans,
        renamed=file.renamed,
    )


def _rule(entry: Mapping[str, Any], where: str, place: str) -> AllowedRule:
    """One [[limit]] table."""
    scope = {name: entry[name] for name in SCOPES if name in entry}
    for name, value in scope.items():
        if not isinstance(value, str):
            raise ConfigError(f"{where}: {place}.{name} = {value!r} must be a name or a pattern")
    rationale = entry.get("rationale")
    rest = {k: v for k, v in entry.items() if k not in SCOPES and k != "rationale"}
    if not rest:
        raise ConfigError(f"{where}: {place} sets no limit; set one of {', '.join(LIMITS)}")
    return AllowedRule(limits=_limits(rest, where, place, rationale), **scope)


def _limits(
    table: Mapping[str, Any], where: str, place: str, rationale: str | None = None
) -> dict[str, Limit]:
    found = {}
    for key, value in table.items():
        if key not in LIMITS:
            known = (*LIMITS, *SCOPES, "rationale") if place.startswith("limit[") else LIMITS
            raise ConfigError(f"{where}: unknown key {f'{place}.{key}'!r}; {nearest(key, known)}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(f"{where}: {place}.{key} = {value!r} must be a number, such as 0.05")
        check_sensible(float(value), SENSIBLE_CHANGES[key], f"{where}: {place}.{key} = {value!r}")
        found[key] = Limit(value=float(value), source=f"{where}:{place}.{key}", rationale=rationale)
    return found


def _check_order(rules: Sequence[AllowedRule]) -> None:
    """A slowdown that is tolerated and unacceptable at once."""
    common: dict[str, Limit] = {}
    for rule in rules:
        found = {**common, **rule.limits}
        tolerated, unacceptable = found["tolerated"], found["unacceptable"]
        if tolerated.value > unacceptable.value:
            raise ConfigError(
                f"{tolerated.source} = {tolerated.value:g} is more than {unacceptable.source} ="
                f" {unacceptable.value:g}; raise unacceptable, or lower tolerated"
            )
        if rule.everywhere:
            common = found


def _check(file: ComparisonFile, where: str) -> None:
    """What no comparison can go by."""
    shares = {
        "gate.false_alarms": file.gate.false_alarms,
        "gate.false_passes": file.gate.false_passes,
        "noise.false_alarms": file.noise.false_alarms,
        "noise.false_passes": file.noise.false_passes,
    }
    for key, value in shares.items():
        if not 0.0 < value <= 0.2:
            raise ConfigError(f"{where}: {key} = {value:g} must lie above 0 and at most at 0.2")
    positive = {
        "gate.looks": file.gate.looks,
        "gate.max_time_s": file.gate.max_time_s,
        "spans.span_ms": file.spans.span_ms,
        "spans.least": file.spans.least,
        "spans.side_s": file.spans.side_s,
    }
    for key, value in positive.items():
        if not 0.0 < value < 1e6:
            raise ConfigError(f"{where}: {key} = {value:g} must be more than 0, and possible")
    # With more than these a comparison calls no slowdown one.
    noises = {
        "noise.process_cv": (file.noise.process_cv, WITHIN),
        "noise.run_cv": (file.noise.run_cv, BETWEEN),
        "noise.summary_slowdown": (file.noise.summary_slowdown, SLOWDOWN),
    }
    for key, (value, range_) in noises.items():
        check_sensible(value, range_, f"{where}: {key} = {value:g}")
    if file.spans.most < file.spans.least:
        raise ConfigError(
            f"{where}: spans.most = {file.spans.most} is less than spans.least ="
            f" {file.spans.least}; raise it"
        )
    if len(set(file.renamed.values())) < len(file.renamed):
        raise ConfigError(f"{where}: [renamed] gives two benchmarks one new name; mend it")
