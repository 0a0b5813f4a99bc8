"""A device's workers: what its profile says starts them, and where that is on this machine."""

from __future__ import annotations

import shlex
import shutil
import sys

from edgeassay.config import environment_specs
from edgeassay.environments import python_of
from edgeassay.errors import Absent
from edgeassay.spec import DeviceSpec, RuntimeSpec
from edgeassay.workers import Worker

OWN = "{python}"
ENVIRONMENT = "{environment}"


def command_of(device: DeviceSpec, name: str) -> list[str]:
    """The command that starts a worker, with its placeholders filled in; Absent where the profile
    has none, or names an environment that isn't installed.
    """
    if name not in device.workers:
        raise Absent(f"{device.file} declares no worker for {name!r}")
    places = {OWN: sys.executable}
    words = device.workers[name].command
    if any(ENVIRONMENT in word for word in words):
        places[ENVIRONMENT] = str(python_of(name))
    for placeholder, path in places.items():
        words = tuple(word.replace(placeholder, path) for word in words)
    return list(words)


def mending(device: DeviceSpec, name: str) -> str:
    """What to do about a worker whose environment doesn't have its runtime, or a broken one."""
    declared, worker = f"{device.file}:workers.{name}", device.workers[name]
    if worker.is_environment:
        return f"make it anew: `edgeassay runtimes --install {name}`"
    words = command_of(device, name)
    if shutil.which(words[0]) is None:
        return f"install {words[0]}, or correct {declared}"
    if name not in environment_specs():
        return f"install it there, or correct {declared}"
    wanted = shlex.join(environment_specs()[name].requires)
    pip = f"{shlex.join(words)} -m pip install --force-reinstall {wanted}"
    return f"`{pip}` there, or correct {declared}"


def start_worker(device: DeviceSpec, runtime: RuntimeSpec, *, label: str) -> Worker:
    """A fresh worker of a runtime on a device, to serve what `label` names; Absent where either
    isn't here, or its processor is of another architecture than declared.
    """
    declared = f"{device.file}:workers.{runtime.worker}"
    worker = Worker(
        command_of(device, runtime.worker),
        runtime.engine,
        label=label,
        timeout_s=device.timing.timeout_s,
        remedy=f"{mending(device, runtime.worker)} (its command is {declared})",
    )
    found = worker.facts["architecture"]
    if device.architecture not in (None, found):
        worker.close()
        raise Absent(
            f"{declared} starts a worker on {found}, and {device.file} declares"
            f" {device.architecture}; correct one of them"
        )
    return worker
