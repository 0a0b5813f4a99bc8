"""Devices as their profiles declare them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edgeassay.spec.claims import LimitRule
from edgeassay.spec.data import STRICT
from edgeassay.spec.processor import CpuRule
from edgeassay.spec.runtimes import RuntimeSpec, WorkerSpec


@dataclass(frozen=True, kw_only=True)
class Match:
    """How a device profile recognises its machine, which is the one that starts its workers: every
    given shell-style pattern must match, and the CPU must have what `isa`, `cpu_vendor` and
    `cpu_family` name. With `on_request` it is taken only where it is named.
    """

    __pydantic_config__ = STRICT
    any: bool = False
    on_request: bool = False
    architecture: str | None = None
    cpu_model: str | None = None
    hostname: str | None = None
    fingerprint: str | None = None
    isa: tuple[str, ...] = ()
    cpu_vendor: str | None = None
    cpu_family: str | None = None

    @property
    def cpu(self) -> CpuRule:
        """What the CPU must be; its architecture is a pattern, and left out."""
        return CpuRule(isa=self.isa, vendor=self.cpu_vendor, family=self.cpu_family)


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How latency is measured.

    In each of `processes` fresh workers, variant and reference take turns for `rounds` rounds
    after `warmup_rounds` that are thrown away. Where they would take longer than `turns_s`,
    there are as many fewer, but `least_rounds` at least, and so fewer of both. A worker silent
    for `timeout_s` counts as hung. A sustained run lasts `sustained_s` and
    `sustained_inferences` at least.
    """

    __pydantic_config__ = STRICT
    processes: int
    rounds: int
    warmup_rounds: int
    timeout_s: float
    sustained_s: float
    sustained_inferences: int
    turns_s: float = math.inf
    least_rounds: int = 1

    def within(self, round_s: float) -> Timing:
        """The same for rounds that take so long."""
        fitting = int(min(self.turns_s / round_s, self.rounds)) if round_s > 0.0 else self.rounds
        rounds = max(fitting, min(self.least_rounds, self.rounds))
        warmup = math.ceil(self.warmup_rounds * rounds / self.rounds)
        return replace(self, rounds=rounds, warmup_rounds=warmup)


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """What others may do to the machine while something is timed; beyond it, verdicts about time
    are inconclusive.

    Of the time that it was ready to run, the worker may wait `waited_share` for a CPU. `free_cpus`
    must be left by others for each thread of the runtime. Of the CPU time wanted, the
    hypervisor may take `steal_share`; by wall time, a quota that others use up may cut off
    `throttled_share`; `swapped_mb` may be swapped.
    """

    __pydantic_config__ = STRICT
    waited_share: float
    free_cpus: float
    steal_share: float
    throttled_share: float
    swapped_mb: float


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How much of a split a slow device is evaluated on: a sample of so many images at most."""

    __pydantic_config__ = STRICT
    images: int | None = None


@dataclass(frozen=True, kw_only=True)
class DeviceSpec:
    """A hardware profile: how to recognise it, its workers by environment, its limits by model.

    `architecture` is that of its workers where they aren't on this machine. What is `emulated` runs
    the right instructions, and its times say nothing. Its `runtimes` go before the catalogue's of
    the same name: which accelerator is there is the device's to say.
    """

    id: str
    title: str
    file: str
    match: Match
    architecture: str | None
    emulated: bool
    workers: Mapping[str, WorkerSpec]
    timing: Timing
    tolerance: Tolerance
    limits: Mapping[str, tuple[LimitRule, ...]]
    evaluation: Extent = field(default_factory=Extent)
    runtimes: Mapping[str, RuntimeSpec] = field(default_factory=dict)

    def is_own_cpu(self, worker: str) -> bool:
        """Whether the worker of that name runs on the CPU of the machine that starts it. Where an
        architecture is declared, or a folder on another machine, or an emulator, it is another one.
        """
        spec = self.workers.get(worker)
        away = spec is None or spec.folder is not None
        return self.architecture is None and not self.emulated and not away
