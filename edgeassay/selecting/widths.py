"""The widths of a model, and those that are worth selecting from: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeassay.errors import ConfigError
from edgeassay.spec import ModelSpec


@dataclass(frozen=True, kw_only=True)
class Times:
    """The median and the 95th percentile of one width's inferences, in ms."""

    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The width that a budget leaves, whether it keeps it, and why others are never taken."""

    width: str
    fits: bool
    passed_over: Mapping[str, str]


def widths_of(model: ModelSpec, narrowest: str | None = None) -> tuple[str, ...]:
    """The variants from the narrowest to the widest, by what each names as `wider`. ConfigError
    where none names one, or several families do and nobody says which is meant.
    """
    variants = model.variants
    named = {variant.wider for variant in variants.values()}
    first = [name for name, v in variants.items() if v.wider is not None and name not in named]
    if not first:
        raise ConfigError(
            f"{model.file}: no variant names a `wider` one, so there are no widths to select from;"
            " docs/subnetworks.md says how they are declared"
        )
    if narrowest is None and len(first) > 1:
        raise ConfigError(
            f"{model.file} has several families of widths; name the narrowest of one with"
            f" --narrowest ({', '.join(first)})"
        )
    if narrowest is not None and narrowest not in first:
        raise ConfigError(
            f"--narrowest {narrowest}: no family of widths begins with it; known:"
            f" {', '.join(first)}"
        )
    chain = [narrowest or first[0]]
    while (wider := variants[chain[-1]].wider) is not None:
        chain.append(wider)
    return tuple(chain)


def choose_width(times: Mapping[str, Times], budget_ms: float) -> Choice:
    """The widest of which 95 % of inferences keep the budget, of widths from the narrowest on; the
    narrowest where none does. One whose median is no less than a wider one's is passed over.
    """
    kept: list[str] = []
    passed_over: dict[str, str] = {}
    for name in reversed(list(times)):
        if kept and times[kept[-1]].p50_ms <= times[name].p50_ms:
            passed_over[name] = f"no faster than {kept[-1]}, which is wider"
        else:
            kept.append(name)
    fitting = [name for name in kept if times[name].p95_ms <= budget_ms]
    width = fitting[0] if fitting else kept[-1]
    return Choice(width=width, fits=bool(fitting), passed_over=passed_over)
