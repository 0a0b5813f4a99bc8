"""What no single key of a device profile shows, or of the runtimes of profiles and models."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from edgeassay.config.catalogue import environments, is_environment
from edgeassay.config.cpu_checks import check_cpu
from edgeassay.config.shapes import NAME, DeviceFile, nearest
from edgeassay.errors import ConfigError
from edgeassay.spec import ARCHITECTURES, ENGINES, RuntimeSpec, WorkerSpec
from edgeassay.spec.runtimes import EMULATOR

# Beyond these a number is a slip of the keyboard, or asks for more than any machine has.
MOST_IMAGES: Final = 1_000_000
MOST_THREADS: Final = 1_024
MOST_ROUNDS: Final = 1_000_000
MOST_MEGABYTES: Final = 1e9
# A shorter run than these shows nothing about heat.
LEAST_SUSTAINED_S: Final = 60.0
LEAST_SUSTAINED_INFERENCES: Final = 1024
LONGEST_WAIT_S: Final = 86_400.0  # a day
# A folder on another machine: what reads it there may be a shell.
FOLDER: Final = re.compile(r"[A-Za-z0-9._@+/][A-Za-z0-9._@+/-]*(?<!/)")

USABLE: Final = "lower-case letters, digits, '.', '_' and '-' make file names and test names"


def check_between(value: float, least: float, most: float, key: str, where: str) -> None:
    """ConfigError where a number can't be meant, or would take more than a machine has."""
    if not least <= value <= most:
        raise ConfigError(f"{where}: {key} = {value} must be from {least:,} to {most:,}")


def check_runtimes(runtimes: Mapping[str, RuntimeSpec], where: str) -> None:
    """ConfigError where a runtime of a model or a device names what there isn't."""
    for name, runtime in runtimes.items():
        if runtime.engine not in ENGINES:
            raise ConfigError(
                f"{where}: runtimes.{name}.engine = {runtime.engine!r} is unknown;"
                f" {nearest(runtime.engine, ENGINES)}"
            )
        if runtime.environment is not None and not is_environment(runtime.environment):
            raise ConfigError(
                f"{where}: runtimes.{name}.environment = {runtime.environment!r} is unknown;"
                f" {nearest(runtime.environment, environments())}"
            )
        check_between(runtime.threads, 1, MOST_THREADS, f"runtimes.{name}.threads", where)
        _check_target(name, runtime, where)
        if runtime.engine == "onnxruntime" and not runtime.is_plain:
            raise ConfigError(
                f"{where}: runtimes.{name}: onnxruntime runs on the CPU with kernels of its own;"
                " leave `kernels` and `accelerator` out"
            )
        if runtime.accelerator not in runtime.traits.accelerators:
            able = [e for e, t in ENGINES.items() if runtime.accelerator in t.accelerators]
            raise ConfigError(
                f"{where}: runtimes.{name}.accelerator = {runtime.accelerator!r}: the engine"
                f" {runtime.engine!r} would run it on the CPU; use {' or '.join(able)}, or leave it"
                " out"
            )


def _check_target(name: str, runtime: RuntimeSpec, where: str) -> None:
    """ConfigError where a compiler isn't told what it compiles for, or another engine is."""
    targets = runtime.traits.targets
    if targets and runtime.target not in targets:
        given = f" = {runtime.target!r} is unknown" if runtime.target else " is missing"
        raise ConfigError(
            f"{where}: runtimes.{name}.target{given}; {nearest(runtime.target or '', targets)}"
        )
    for key in ("target", "system", "memory"):
        if not targets and getattr(runtime, key) is not None:
            raise ConfigError(
                f"{where}: runtimes.{name}.{key}: the engine {runtime.engine!r} compiles for no"
                " accelerator that can be chosen; leave it out"
            )


def _check_worker(name: str, worker: WorkerSpec, device: DeviceFile, where: str) -> None:
    """ConfigError where a worker's command or place can't be."""
    if worker.names(EMULATOR) and not device.emulated:
        raise ConfigError(
            f"{where}: workers.{name} runs in {EMULATOR}, whose times say nothing of any"
            " device; add `emulated = true`"
        )
    if not is_environment(name) or not worker.command:
        raise ConfigError(
            f"{where}: workers.{name} must be the command of a worker for one of"
            f' {", ".join(environments())}, such as ["{{python}}"]'
        )
    if worker.folder is not None and not FOLDER.fullmatch(worker.folder):
        raise ConfigError(
            f"{where}: workers.{name}.folder = {worker.folder!r} must be a path there of"
            " letters, digits and ._-+@/ (no ~: it is relative to the login folder), such as"
            " .cache/edgeassay"
        )


def check_device(device: DeviceFile, where: str) -> None:
    """ConfigError where a device profile has values that can't be."""
    timing = device.timing
    for key, value, least in (
        ("processes", timing.processes, 1),
        ("rounds", timing.rounds, 1),
        ("warmup_rounds", timing.warmup_rounds, 0),
        ("least_rounds", timing.least_rounds, 1),
    ):
        check_between(value, least, MOST_ROUNDS, f"timing.{key}", where)
    check_between(
        timing.sustained_s, LEAST_SUSTAINED_S, LONGEST_WAIT_S, "timing.sustained_s", where
    )
    check_between(
        timing.sustained_inferences,
        LEAST_SUSTAINED_INFERENCES,
        MOST_ROUNDS,
        "timing.sustained_inferences",
        where,
    )
    if not timing.turns_s > 0.0:
        raise ConfigError(f"{where}: timing.turns_s = {timing.turns_s} must be above 0")
    check_between(timing.timeout_s, 0.001, LONGEST_WAIT_S, "timing.timeout_s", where)
    tolerance = device.tolerance
    for name, allowed, most in (
        ("waited_share", tolerance.waited_share, 1.0),
        ("free_cpus", tolerance.free_cpus, MOST_THREADS),
        ("steal_share", tolerance.steal_share, 1.0),
        ("throttled_share", tolerance.throttled_share, MOST_THREADS),
        ("swapped_mb", tolerance.swapped_mb, MOST_MEGABYTES),
    ):
        check_between(allowed, 0.0, most, f"tolerance.{name}", where)
    if device.evaluation.images is not None:
        check_between(device.evaluation.images, 2, MOST_IMAGES, "evaluation.images", where)
    for name, worker in device.workers.items():
        _check_worker(name, worker, device, where)
    for name in device.runtimes:
        if not re.fullmatch(NAME, name):
            raise ConfigError(f"{where}: runtimes.{name!r} is no usable name: {USABLE}")
    check_runtimes(device.runtimes, where)
    exact = device.match.architecture in ARCHITECTURES  # else it is a pattern
    architecture = device.match.architecture if exact else None
    check_cpu(replace(device.match.cpu, architecture=architecture), f"{where}: match")
    if device.architecture is not None and device.architecture not in ARCHITECTURES:
        raise ConfigError(
            f"{where}: architecture = {device.architecture!r} is unknown;"
            f" {nearest(device.architecture, ARCHITECTURES)}"
        )
