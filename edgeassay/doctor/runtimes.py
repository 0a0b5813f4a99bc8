"""Which runtimes work: each makes a small network ready and runs it, since a runtime may well be
importable and fail when it is used.
"""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from edgeassay.atomic import sha256_of
from edgeassay.build import NEEDED, converter_versions
from edgeassay.devices import command_of, open_worker
from edgeassay.doctor.finding import Finding, Level
from edgeassay.errors import Absent, ArtifactError, EdgeassayError, WorkerError, why
from edgeassay.spec import DeviceSpec, RuntimeSpec
from edgeassay.worker.litert import PACKAGE
from edgeassay.workers import WORKER_FOLDER, Tensor, Worker

# A dense layer over 8x8 pixels and a logistic function, with two outputs: how much brighter than
# middle grey the image is, and how much brighter its left half is than its right one. It lies
# beside the worker, so that it is wherever the worker is.
PROBE: Final = WORKER_FOLDER / "probe.tflite"
SIDE: Final = 8
# Of a white half less a black one the layer gives 6, of equal halves 0.
HIGH, MIDDLE, LOW = 1.0 / (1.0 + np.exp(-6.0)), 0.5, 1.0 / (1.0 + np.exp(6.0))
# Black, white, left half white, right half white.
RIGHT: Final = np.array([[LOW, MIDDLE], [HIGH, MIDDLE], [MIDDLE, HIGH], [MIDDLE, LOW]])
ROUNDING: Final = 1e-4  # what float kernels differ by is a hundredth of it
PACKAGES: Final = {"litert": PACKAGE}


@dataclass(frozen=True, kw_only=True)
class RuntimeState:
    """Whether a runtime gives the right outputs, and else why not and what to do. `facts` is what
    its worker says of itself, `command` what starts it and where that is declared.
    """

    engine: str
    works: bool
    command: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    remedy: str | None = None


def probe_inputs() -> Tensor:
    """The images that `RIGHT` has the outputs of, a row each."""
    rows = np.zeros((len(RIGHT), 1, SIDE, SIDE, 1), np.float32)
    rows[1] = 1.0
    rows[2, :, :, : SIDE // 2] = 1.0
    rows[3, :, :, SIDE // 2 :] = 1.0
    return rows


def try_runtime(device: DeviceSpec, engine: str, most_s: float) -> RuntimeState:
    """Start the profile's worker of an engine, and let it run the built-in network."""
    command = command_of(device, engine)
    declared = f"{device.file}:workers.{engine}"
    timeout_s = min(most_s, device.timing.timeout_s)
    facts: dict[str, Any] = {}
    remedy: str | None = None
    started = time.monotonic()
    try:
        with open_worker(
            device, engine, engine, label="the built-in network", timeout_s=timeout_s
        ) as worker:
            facts = dict(worker.facts)
            reason = _wrong(worker, engine)
    except (EdgeassayError, OSError) as error:
        silent = isinstance(error, WorkerError) and time.monotonic() - started >= timeout_s
        reason = f"it was silent for {timeout_s:g} s and was ended" if silent else _said(error)
        remedy = _remedy(error, command, declared, engine, silent=silent)
    else:
        if reason is not None:
            remedy = _install(command, engine, declared)
    return RuntimeState(
        engine=engine,
        works=reason is None,
        command=f"{shlex.join(command)} ({declared})",
        facts=facts,
        reason=reason,
        remedy=remedy,
    )


def _wrong(worker: Worker, engine: str) -> str | None:
    """What is wrong with the network's outputs; None where nothing is."""
    loaded = worker.load(PROBE, RuntimeSpec(engine=engine), "probe", "the built-in network")
    if loaded.sha256 != sha256_of(PROBE):
        return f"its {PROBE.name} isn't this edgeassay's; copy the folder edgeassay/worker again"
    (scores,) = worker.run(loaded, [probe_inputs()])
    given = scores.reshape(RIGHT.shape)
    if np.allclose(given, RIGHT, rtol=0.0, atol=ROUNDING):
        return None
    return f"it gives {given.round(4).tolist()} where {RIGHT.round(4).tolist()} is right"


def _said(error: Exception) -> str:
    if isinstance(error, ArtifactError):
        return f"it is installed, and can't run the built-in network: {error.words}"
    return why(error) if isinstance(error, OSError) else str(error)


def _remedy(
    error: Exception, command: list[str], declared: str, engine: str, *, silent: bool
) -> str:
    """What to do about a worker that failed."""
    if silent:
        return (
            f"run `{shlex.join(command)}` by hand to see what it waits for, or correct {declared}"
        )
    if isinstance(error, OSError):
        return "make room for temporary files"
    if isinstance(error, Absent) and shutil.which(command[0]) is None:
        return f"install {command[0]}, or correct {declared}"
    return _install(command, engine, declared)


def _install(command: list[str], engine: str, declared: str) -> str:
    """Runtime and NumPy that fit each other: tflite-runtime 2.14 is importable with NumPy 2, and
    fails when it is used.
    """
    package = PACKAGES[engine]
    return (
        f"`{shlex.join(command)} -m pip install --force-reinstall {package}` there, with a NumPy"
        f" that it was built for ('numpy<2' for older ones), or correct {declared}"
    )


def building() -> Finding:
    """Whether artifacts can be built here, as far as their converters are installed."""
    versions = converter_versions("keras") | converter_versions("tflite")
    modules = dict(NEEDED.values())
    missing = [name for module, name in modules.items() if find_spec(module) is None]
    there = [f"{k} {versions[k]}" for k in ("tensorflow", "ai-edge-quantizer") if k in versions]
    if not missing:
        seen = f"{' and '.join(there)} are installed"
        return Finding(about="building", level=Level.OK, seen=seen)
    return Finding(
        about="building",
        level=Level.NOTE,
        seen=f"no {' and no '.join(missing)} here"
        + (f" (only {' and '.join(there)})" if there else ""),
        remedy="a device needs none: build elsewhere and give `pytest --artifacts DIR`; to build"
        " here, `pip install 'edgeassay[build]'`",
    )
