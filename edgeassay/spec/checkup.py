"""What a machine is wanted to have before anything is measured on it."""

from __future__ import annotations

from dataclasses import dataclass

from edgeassay.spec.data import STRICT


@dataclass(frozen=True, kw_only=True)
class Checkup:
    """What `edgeassay doctor` looks for, beside what a device profile tolerates.

    The machine is watched for `watch_s`; a runtime has `runtime_s` for the built-in network. Less
    free memory or disk than here is a problem, and so is a sensor within `near_critical_celsius` of
    its critical temperature, and a clock that advances in steps above `clock_step_ns`.
    """

    __pydantic_config__ = STRICT
    watch_s: float
    runtime_s: float
    free_memory_mb: float
    free_disk_mb: float
    free_temporary_mb: float
    near_critical_celsius: float
    clock_step_ns: float
