"""A device's workers: what its profile says starts them, and where that is on this machine."""

from __future__ import annotations

import sys
from functools import partial

from edgeassay.environments import python_of
from edgeassay.errors import Absent
from edgeassay.spec import DeviceSpec, RuntimeSpec
from edgeassay.workers import Elsewhere, NotThere, Worker, install

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


def elsewhere_of(device: DeviceSpec, name: str) -> Elsewhere | None:
    """Where a worker's files lie on another machine; None where it shares this one's."""
    folder = device.workers[name].folder
    return None if folder is None else Elsewhere(device=device.id, folder=folder)


def open_worker(
    device: DeviceSpec, name: str, engine: str | None, *, label: str, timeout_s: float
) -> Worker:
    """A fresh worker of a device in the environment `name`; where another machine has no copy of it
    yet, it gets one.
    """
    command, elsewhere = command_of(device, name), elsewhere_of(device, name)
    start = partial(Worker, command, engine, label=label, timeout_s=timeout_s, elsewhere=elsewhere)
    try:
        return start()
    except NotThere:
        assert elsewhere is not None, "this machine has the worker"
        if not install(command, elsewhere, timeout_s=timeout_s):
            raise  # it isn't for want of that
        return start()


def start_worker(device: DeviceSpec, runtime: RuntimeSpec, *, label: str) -> Worker:
    """A fresh worker of a runtime on a device, to serve what `label` names; Absent where either
    isn't here, or its processor is of another architecture than declared.
    """
    declared = f"{device.file}:workers.{runtime.worker}"
    try:
        worker = open_worker(
            device,
            runtime.worker,
            runtime.engine,
            label=label,
            timeout_s=device.timing.timeout_s,
        )
    except Absent as error:
        raise Absent(f"{error} (its command is {declared})") from None
    found = worker.facts["architecture"]
    if device.architecture not in (None, found):
        worker.close()
        raise Absent(
            f"{declared} starts a worker on {found}, and {device.file} declares"
            f" {device.architecture}; correct one of them"
        )
    return worker
