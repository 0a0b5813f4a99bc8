"""The real emulator: its workers are of the other architecture, and give what this one gives."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeassay.config import load_device
from edgeassay.devices import command_of, is_here, start_worker
from edgeassay.emulation import emulators
from edgeassay.errors import Absent, WorkerError
from edgeassay.runtimes.probe import PROBE, RIGHT, ROUNDING, probe_inputs
from edgeassay.spec import DeviceSpec, RuntimeSpec
from edgeassay.workers import Tensor, Worker
from suites.meta.project import ROOT
from suites.meta.tinymodels import INPUT_SCALE, INPUT_ZERO, SIDE, brightness, write_classifier

# Undefined on every ARM processor, and run as a function.
UNDEFINED = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes(4))
ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""


@pytest.fixture(scope="module")
def device() -> DeviceSpec:
    """The profile, where its emulator is installed."""
    arm64 = emulators()["arm64"]
    if platform.machine() == arm64.recipe.architecture:
        pytest.skip("this machine is an aarch64 itself")
    if not arm64.installed:
        pytest.skip("the emulated arm64 isn't installed; `edgeassay emulators --install` makes it")
    return load_device(ROOT / "fixtures/devices/arm64-emulated.toml", ROOT)


@pytest.fixture(scope="module")
def worker(device: DeviceSpec) -> Iterator[Worker]:
    with start_worker(device, RuntimeSpec(engine="litert"), label="a test") as started:
        yield started


def outputs(worker: Worker, path: Path, kernels: str, rows: Tensor) -> Tensor:
    runtime = RuntimeSpec(engine="litert", kernels=kernels)  # type: ignore[arg-type]
    return worker.run(worker.load(path, runtime, "a", path.name), [rows])[0]


def images(count: int) -> Tensor:
    rng = np.random.default_rng(11)
    return rng.random((count, 1, SIDE, SIDE, 1), np.float32)


def test_a_worker_is_of_the_other_architecture_and_on_this_machine(worker: Worker) -> None:
    assert worker.facts["architecture"] == "aarch64" != platform.machine()
    assert is_here(worker)


def test_it_runs_the_built_in_network_rightly(worker: Worker) -> None:
    scores = outputs(worker, PROBE, "xnnpack", probe_inputs()).reshape(RIGHT.shape)
    assert np.allclose(scores, RIGHT, rtol=0.0, atol=ROUNDING)


@pytest.mark.parametrize(("kernels", "steps"), [("xnnpack", 0), ("reference", 0), ("builtin", 1)])
def test_integers_are_those_of_this_machine(
    worker: Worker, tmp_path: Path, kernels: str, steps: int
) -> None:
    path = tmp_path / "int8.tflite"
    write_classifier(path, *brightness(), int8=True)
    rows = (np.rint(images(32) / INPUT_SCALE) + INPUT_ZERO).clip(-128, 127).astype(np.int8)
    with Worker(["{python}"], "litert", label="here", timeout_s=60.0) as own:
        here = outputs(own, path, kernels, rows).astype(int)
    there = outputs(worker, path, kernels, rows).astype(int)
    assert len(np.unique(here)) > 3, "inputs that tell outputs apart"
    assert np.abs(here - there).max() <= steps


def test_floats_are_those_of_this_machine_but_for_the_order_of_sums(
    worker: Worker, tmp_path: Path
) -> None:
    path = tmp_path / "fp32.tflite"
    write_classifier(path, *brightness())
    with Worker(["{python}"], "litert", label="here", timeout_s=60.0) as own:
        here = outputs(own, path, "xnnpack", images(32))
    there = outputs(worker, path, "xnnpack", images(32))
    assert np.ptp(here) > 0.01
    assert np.abs(here - there).max() <= 1e-6


def test_an_illegal_instruction_is_one_sentence(device: DeviceSpec) -> None:
    command = [*command_of(device, "litert"), "-c", UNDEFINED]
    with pytest.raises(WorkerError, match=r"served a test on runtime litert was killed by SIGILL"):
        Worker(command, "litert", label="a test", timeout_s=60.0)


def test_a_processor_that_qemu_does_not_know_is_one_sentence(device: DeviceSpec) -> None:
    words = [w.replace("cortex-a72", "cortex-a0") for w in command_of(device, "litert")]
    with pytest.raises(Absent, match=r"environment of runtime litert is broken: .*cortex-a0"):
        Worker(words, "litert", label="a test", timeout_s=60.0)
