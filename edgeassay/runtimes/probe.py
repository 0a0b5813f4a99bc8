"""Which runtimes work: each makes a small network ready and runs it, since a runtime may well be
importable and fail when it is used.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import numpy as np

from edgeassay.atomic import sha256_of
from edgeassay.devices import check_architecture, command_of, mending, open_worker
from edgeassay.errors import (
    Absent,
    ArtifactError,
    Broken,
    EdgeassayError,
    Unreached,
    WorkerError,
    why,
)
from edgeassay.spec import DeviceSpec, RuntimeSpec
from edgeassay.workers import WORKER_FOLDER, Loaded, Tensor, Worker

# A dense layer over 8x8 pixels and a logistic function, with two outputs: how much brighter than
# middle grey the image is, and how much brighter its left half is than its right one. It lies
# beside the worker, in each format, so that it is wherever the worker is.
PROBE: Final = WORKER_FOLDER / "probe.tflite"
SIDE: Final = 8
# Of a white half less a black one the layer gives 6, of equal halves 0.
HIGH, MIDDLE, LOW = 1.0 / (1.0 + np.exp(-6.0)), 0.5, 1.0 / (1.0 + np.exp(6.0))
# Black, white, left half white, right half white.
RIGHT: Final = np.array([[LOW, MIDDLE], [HIGH, MIDDLE], [MIDDLE, HIGH], [MIDDLE, LOW]])
ROUNDING: Final = 1e-4  # what float kernels differ by is a hundredth of it
# What is wrong there is no installation's fault.
DISTRUST: Final = (
    "trust no output without a claim about it (min_auc, parity), and try another driver, adapter"
    " or version of the runtime"
)
LABEL: Final = "the built-in network"


class State(StrEnum):
    """What became of a runtime that was tried."""

    WORKS = "works"
    NOT_INSTALLED = "not installed"
    BROKEN = "broken"


@dataclass(frozen=True, kw_only=True)
class RuntimeState:
    """Whether a runtime gives the right outputs, and else why not and what to do. `facts` is what
    its worker says of itself, `loaded` what it said of the built-in network, `command` what starts
    it and where that is declared.
    """

    name: str
    engine: str
    environment: str
    state: State
    command: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    loaded: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    remedy: str | None = None

    @property
    def works(self) -> bool:
        """Whether the right outputs came."""
        return self.state is State.WORKS


def probe_inputs() -> Tensor:
    """The images that `RIGHT` has the outputs of, a row each."""
    rows = np.zeros((len(RIGHT), 1, SIDE, SIDE, 1), np.float32)
    rows[1] = 1.0
    rows[2, :, :, : SIDE // 2] = 1.0
    rows[3, :, :, SIDE // 2 :] = 1.0
    return rows


def probe_of(runtime: RuntimeSpec) -> Path:
    """The built-in network in the format that a runtime takes."""
    return PROBE.with_suffix(runtime.traits.suffix)


def try_runtime(device: DeviceSpec, name: str, runtime: RuntimeSpec, most_s: float) -> RuntimeState:
    """Start the profile's worker of a runtime, and let it run the built-in network."""
    tried = RuntimeState(
        name=name,
        engine=runtime.engine,
        environment=runtime.worker,
        state=State.NOT_INSTALLED,
    )
    try:
        command = command_of(device, runtime.worker)
    except Absent as error:
        reason, _, remedy = str(error).partition("; ")
        return replace(tried, reason=reason, remedy=remedy or f"add it to {device.file}")
    declared = f"{device.file}:workers.{runtime.worker}"
    tried = replace(
        tried,
        command=f"{shlex.join(command)} ({declared})",
        remedy=mending(device, runtime.worker),
    )
    timeout_s = min(most_s, device.timing.timeout_s)
    started = time.monotonic()
    try:
        with open_worker(
            device, runtime.worker, runtime.engine, label=LABEL, timeout_s=timeout_s
        ) as worker:
            tried = replace(tried, facts=dict(worker.facts))
            check_architecture(device, runtime.worker, worker)
            loaded = worker.load(probe_of(runtime), runtime, "probe", LABEL)
            wrong = _wrong(worker, runtime, loaded)
    except (EdgeassayError, OSError) as error:
        silent = isinstance(error, WorkerError) and time.monotonic() - started >= timeout_s
        if silent:
            return replace(
                tried,
                state=State.BROKEN,
                reason=f"it was silent for {timeout_s:g} s and was ended",
                remedy=f"run `{shlex.join(command)}` by hand to see what it waits for, or correct"
                f" {declared}",
            )
        return _failed(tried, error)
    if wrong is None:
        return replace(tried, state=State.WORKS, loaded=loaded.facts, remedy=None)
    if (adapter := loaded.facts.get("adapter")) is not None:
        tried = replace(tried, remedy=f"on {adapter} {DISTRUST}")
    return replace(tried, state=State.BROKEN, loaded=loaded.facts, reason=wrong)


def _failed(tried: RuntimeState, error: Exception) -> RuntimeState:
    """What an error says of a runtime: that it isn't there, or that it can't be used."""
    missing = isinstance(error, Absent) and not isinstance(error, Broken | Unreached)
    tried = replace(tried, state=State.NOT_INSTALLED if missing else State.BROKEN)
    if isinstance(error, Unreached) or (missing and tried.facts):
        return replace(tried, reason=str(error), remedy=None)  # the sentence has one of its own
    if isinstance(error, OSError):
        return replace(tried, reason=why(error), remedy="make room for temporary files")
    if isinstance(error, ArtifactError):
        said = f"it is installed, and can't run {LABEL}: {error.words}"
        return replace(tried, reason=said)
    return replace(tried, reason=str(error))


def _wrong(worker: Worker, runtime: RuntimeSpec, loaded: Loaded) -> str | None:
    """What is wrong with the network's outputs; None where nothing is."""
    probe = probe_of(runtime)
    if loaded.sha256 != sha256_of(probe):
        return f"its {probe.name} isn't this edgeassay's; copy the folder edgeassay/worker again"
    if not runtime.traits.executes:
        return None
    (scores,) = worker.run(loaded, [probe_inputs()])
    given = scores.reshape(RIGHT.shape)
    if np.allclose(given, RIGHT, rtol=0.0, atol=ROUNDING):
        return None
    given, right = (np.round(a.astype(float), 4).tolist() for a in (given, RIGHT))
    return f"it gives {given} where {right} is right"
