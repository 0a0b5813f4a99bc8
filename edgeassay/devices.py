"""A device's workers: what its profile says starts them, and where that is on this machine."""

from __future__ import annotations

import platform
import shlex
import shutil
import sys
from functools import partial
from typing import Final

from edgeassay.config import environment_specs
from edgeassay.emulation import emulator_for
from edgeassay.environments import python_of
from edgeassay.errors import Absent, Unreached
from edgeassay.slots import Slot
from edgeassay.spec import DeviceSpec, RuntimeSpec, Sample
from edgeassay.spec.runtimes import EMULATOR, ENVIRONMENT, OWN
from edgeassay.workers import Elsewhere, NotThere, Worker, install

# What processors execute beside their own instructions, by its Linux name.
OLDER: Final = {"x86_64": ("i386", "i686"), "aarch64": ("armv8l", "armv7l", "armv6l")}


def command_of(device: DeviceSpec, name: str) -> list[str]:
    """The command that starts a worker, with its placeholders filled in; Absent where the profile
    has none, or names an environment or an emulator that isn't installed.
    """
    if name not in device.workers:
        raise Absent(f"{device.file} declares no worker for {name!r}")
    places = {OWN: sys.executable}
    worker = device.workers[name]
    words = worker.command
    if worker.names(ENVIRONMENT):
        places[ENVIRONMENT] = str(python_of(name))
    if worker.names(EMULATOR):
        places[EMULATOR] = str(emulator_for(device.architecture).folder)
    for placeholder, path in places.items():
        words = tuple(word.replace(placeholder, path) for word in words)
    return list(words)


def mending(device: DeviceSpec, name: str) -> str:
    """What to do about a worker whose environment doesn't have its runtime, or a broken one."""
    declared, worker = f"{device.file}:workers.{name}", device.workers[name]
    if worker.is_environment:
        return f"make it anew: `edgeassay runtimes --install {name}`"
    if worker.names(EMULATOR):
        return "make it anew: `edgeassay emulators --install`"
    words = command_of(device, name)
    if shutil.which(words[0]) is None:
        return f"install {words[0]}, or correct {declared}"
    if name not in environment_specs():
        return f"install it there, or correct {declared}"
    wanted = shlex.join(environment_specs()[name].requires)
    pip = f"{shlex.join(words)} -m pip install --force-reinstall {wanted}"
    return f"`{pip}` there, or correct {declared}"


def identity_of(device: DeviceSpec, name: str) -> list[str]:
    """What tells a worker's command from others that give other outputs, wherever it lies."""
    worker = device.workers[name]
    if worker.names(EMULATOR):
        return [*worker.command, emulator_for(device.architecture).folder.name]
    return list(worker.command)


def native(architecture: str) -> tuple[str, ...]:
    """The architectures whose programs a processor runs itself."""
    return (architecture, *OLDER.get(architecture, ()))


def is_here(worker: Worker) -> bool:
    """Whether a worker runs on this machine: it reads what this process has in memory."""
    try:
        with Slot(4096) as slot:
            return worker.sees(slot)
    except OSError:
        return False


def elsewhere_of(device: DeviceSpec, name: str) -> Elsewhere | None:
    """Where a worker's files lie on another machine; None where it shares this one's."""
    folder = device.workers[name].folder
    return None if folder is None else Elsewhere(device=device.id, folder=folder)


def open_worker(
    device: DeviceSpec,
    name: str,
    engine: str | None,
    *,
    label: str,
    timeout_s: float,
    remedy: str | None = None,
) -> Worker:
    """A fresh worker of a device in the environment `name`; where another machine has no copy of it
    yet, it gets one.
    """
    command, elsewhere = command_of(device, name), elsewhere_of(device, name)
    start = partial(
        Worker,
        command,
        engine,
        label=label,
        timeout_s=timeout_s,
        elsewhere=elsewhere,
        remedy=remedy,
    )
    try:
        return start()
    except NotThere:
        assert elsewhere is not None, "this machine has the worker"
        if not install(command, elsewhere, timeout_s=timeout_s):
            raise  # it isn't for want of that
        return start()


def check_executes(name: str, runtime: RuntimeSpec) -> None:
    """Absent where the runtime of that name only compiles, so that no output comes of it."""
    if not runtime.traits.executes:
        raise Absent(
            f"runtime {name} compiles for an accelerator, and nothing runs it here: it has no"
            " outputs and no times"
        )


def check_timed(device: DeviceSpec, name: str, runtime: RuntimeSpec) -> None:
    """Absent where a runtime's times on a device, whose profile this is, say nothing of any."""
    check_executes(name, runtime)
    if device.emulated:
        raise Absent(
            f"{device.id} is emulated: it shows what its instructions compute, and its times are no"
            " device's"
        )
    if not runtime.traits.timed:
        raise Absent(
            f"runtime {name} stands for a device that isn't this machine: its times here say"
            " nothing of it"
        )


def start_worker(device: DeviceSpec, runtime: RuntimeSpec, *, label: str) -> Worker:
    """A fresh worker of a runtime on a device, to serve what `label` names; Absent where either
    isn't here, or its processor is of another architecture than declared or emulated unsaid.
    """
    command_of(device, runtime.worker)  # there must be one before it can be mended
    declared = f"{device.file}:workers.{runtime.worker}"
    worker = open_worker(
        device,
        runtime.worker,
        runtime.engine,
        label=label,
        timeout_s=device.timing.timeout_s,
        remedy=f"{mending(device, runtime.worker)} (its command is {declared})",
    )
    try:
        check_architecture(device, runtime.worker, worker)
    except Unreached:
        worker.close()
        raise
    return worker


def check_architecture(device: DeviceSpec, name: str, worker: Worker) -> None:
    """Unreached where a worker's processor is of another architecture than declared, or emulated
    without a word.
    """
    declared, found = f"{device.file}:workers.{name}", worker.facts["architecture"]
    if device.architecture not in (None, found):
        raise Unreached(
            f"{declared} starts a worker on {found}, and {device.file} declares"
            f" {device.architecture}; correct one of them"
        )
    if not device.emulated and found not in native(platform.machine()) and is_here(worker):
        raise Unreached(
            f"{declared} starts a worker on {found} on this {platform.machine()} machine, so it is"
            f" emulated; add `emulated = true` to {device.file}"
        )


def sample_of(device: DeviceSpec, images: int | None) -> Sample | None:
    """The sample that stands for each split: of so many `images` where `--images` gave them, else
    of as many as the device's profile says; None where all of them are taken.
    """
    if images is not None:
        return Sample(images=images, source="--images")
    if device.evaluation.images is None:
        return None
    return Sample(images=device.evaluation.images, source=f"{device.file}:evaluation.images")
