"""How two builds of a network are compared: what may change, and how that is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from edgeassay.spec.claims import Case, Limit
from edgeassay.spec.data import STRICT
from edgeassay.spec.sensible import LOSS, Sensible

# What compare.toml can allow of a change. A base's growth is what its claim's limit is beyond 1.
_GROWN: Final = Sensible(least=0.0, most=1.0, why="1 doubles what the base has")
SENSIBLE_CHANGES: Final[Mapping[str, Sensible]] = {
    "tolerated": _GROWN,
    "unacceptable": _GROWN,
    "floor_ms": Sensible(least=0.0, most=1.0, why="a whole millisecond of each inference counts"),
    "size_growth": _GROWN,
    "cycles_growth": _GROWN,
    "auc_drop": LOSS,
}

# The most that a floor in ms makes of a base's time: of a network that takes microseconds, it would
# be all of it.
FLOOR_SHARE: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What executed a timed case, beside the hardware: runs of one machine with other stacks can be
    compared, and the comparison says what changed.

    `delegate` names the kernels, the accelerator, or what the runtime calls them; `gpu_driver` is
    the adapter by its own name, and None where no GPU computes; `batch` is the rows of one
    inference. `signature` names the graph that was timed where its file has several.
    """

    runtime: str
    runtime_version: str
    delegate: str
    gpu_driver: str | None
    threads: int
    batch: int
    signature: str | None = None


@dataclass(frozen=True, kw_only=True)
class Spans:
    """How two sides take turns.

    Both warm up for `warmup_s` or `warmup_rounds`, whichever is less. A span lasts `span_ms`, one
    inference at least. There are from `least` to `most` spans, as many as take `side_s` on each
    side.
    """

    __pydantic_config__ = STRICT
    warmup_s: float
    warmup_rounds: int
    span_ms: float
    least: int
    most: int
    side_s: float


@dataclass(frozen=True, kw_only=True)
class Gate:
    """When a paired comparison stops, and how often it may be wrong.

    `false_alarms` is the probability that a pull request without any slowdown beyond what is
    tolerated fails, over all of its cases; `false_passes` that one with an unacceptable slowdown
    passes. There are at most `looks` at the pairs, and no new pair after `max_time_s`.
    """

    __pydantic_config__ = STRICT
    false_alarms: float
    false_passes: float
    looks: int
    max_time_s: float


@dataclass(frozen=True, kw_only=True)
class Noise:
    """What two saved runs are compared with.

    `false_alarms` and `false_passes` are as a gate's, over all benchmarks of the comparison. Where
    a side has the durations of one process alone, `process_cv` stands for what it isn't known to
    differ by from the next, as a share; where it has no durations at all, only a slowdown beyond
    `summary_slowdown` is called one. `run_cv` is what one run as a whole differs by from the next
    on these machines, which no run's processes show.
    """

    __pydantic_config__ = STRICT
    false_alarms: float
    false_passes: float
    process_cv: float
    run_cv: float
    summary_slowdown: float


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """What may change of one benchmark from base to head, each with the file that says so.

    A slowdown is a share of the base's median time: what is `tolerated` is none, one that is
    `unacceptable` must be excluded. Less than `floor_ms` never counts; of two that take turns, no
    more than a tenth of the base's time is let pass by it. `size_growth` is a share of the base's
    bytes, `cycles_growth` one of its estimated cycles; `auc_drop` is what the mean AUC may lose.
    """

    tolerated: Limit
    unacceptable: Limit
    floor_ms: Limit
    size_growth: Limit
    cycles_growth: Limit
    auc_drop: Limit

    def slowdowns(self, base_ms: float, *, in_turn: bool = False) -> tuple[float, float]:
        """The tolerated and the unacceptable slowdown where the base takes `base_ms`."""
        floor = self.floor_ms.value / base_ms
        if in_turn:
            floor = min(floor, FLOOR_SHARE)
        tolerated = max(self.tolerated.value, floor)
        return tolerated, max(self.unacceptable.value, tolerated)


@dataclass(frozen=True, kw_only=True)
class AllowedRule:
    """Limits for what all given shell-style patterns match; later rules go before earlier ones."""

    limits: Mapping[str, Limit]
    model: str | None = None
    variant: str | None = None
    runtime: str | None = None
    device: str | None = None
    benchmark: str | None = None

    @property
    def everywhere(self) -> bool:
        """Whether it holds of all benchmarks."""
        scopes = (self.model, self.variant, self.runtime, self.device, self.benchmark)
        return all(scope is None for scope in scopes)

    def matches(self, benchmark: str, case: Case | None) -> bool:
        """Whether it is about a benchmark by its name, or the case that it times."""
        wanted = {n: getattr(self, n) for n in ("model", "variant", "runtime", "device")}
        given = {name: pattern for name, pattern in wanted.items() if pattern is not None}
        if case is None and given:
            return False
        if self.benchmark is not None and not fnmatchcase(benchmark, self.benchmark):
            return False
        return all(fnmatchcase(getattr(case, name), pattern) for name, pattern in given.items())


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All that TOML says of comparisons. `renamed` maps the base's names to the head's."""

    rules: tuple[AllowedRule, ...]
    noise: Noise
    gate: Gate
    spans: Spans
    renamed: Mapping[str, str] = field(default_factory=dict)

    def allowed(self, benchmark: str, case: Case | None) -> Allowed:
        """The limits of one benchmark: of every key the last rule's that matches and sets it."""
        found: dict[str, Limit] = {}
        for rule in self.rules:
            if rule.matches(benchmark, case):
                found |= rule.limits
        return Allowed(**found)
