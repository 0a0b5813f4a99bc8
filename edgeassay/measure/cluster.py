"""The same evaluation on an existing dask cluster: accuracy only, never timing.

A task is a shard. What it needs travels by digest: the artifact's bytes (or their shared path), and
the declaration of the data, whose images each cluster worker reads from its own EDGEASSAY_DATA or
from the same path; a shard whose images have another digest there is refused. A shard whose cluster
worker is lost is done again by another.

The functions that run on the cluster begin with `remote_`; edgeassay is installed there.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import platform
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import edgeassay
from edgeassay.artifacts import Artifact
from edgeassay.atomic import sha256_of, write_bytes
from edgeassay.config import data_root
from edgeassay.datasets import Split, open_dataset
from edgeassay.errors import ConfigError, DataError, MeasurementError
from edgeassay.machine import this_machine
from edgeassay.measure.accuracy import Inputs, Keep, Outputs, rows_of, run_rows
from edgeassay.measure.fit import check_ran
from edgeassay.measure.shards import Shard, outputs_version, shard_digest
from edgeassay.plain_files import read_plain
from edgeassay.spec import DataSource, Preprocess, Role, RuntimeSpec
from edgeassay.workers import Loaded, Worker

if TYPE_CHECKING:
    from distributed import Client, Future

SCHEME: Final = "dask://"
CONNECT_S: Final = 15
ROUNDS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What must be equal there and here for outputs to be identical."""

    edgeassay: str
    outputs: str
    architecture: str
    isa: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Task:
    """A shard to run, and all that it takes."""

    shard: Shard
    data: DataSource
    role: Role
    data_root: Path | None
    preprocess: Preprocess
    artifact: Artifact
    runtime: RuntimeSpec
    timeout_s: float
    stack: Stack


def this_stack() -> Stack:
    """The stack of the process that asks."""
    machine = this_machine()
    return Stack(
        edgeassay=edgeassay.__version__,
        outputs=outputs_version(),
        architecture=machine.architecture,
        isa=machine.isa,
    )


def parse_address(text: str) -> str:
    """The scheduler's address of `dask://HOST:PORT`; ConfigError where it is none."""
    host, _, port = text.removeprefix(SCHEME).rpartition(":")
    if not text.startswith(SCHEME) or not host or not port.isdecimal():
        raise ConfigError(f"--on {text}: it must be dask://HOST:PORT, a dask scheduler's address")
    return f"tcp://{host}:{port}"


@dataclass(frozen=True, kw_only=True)
class ClusterRunner:
    """Runs shards on the dask cluster at `address`.

    `greeting` is what this machine's worker says of itself: the cluster's must say the same of
    runtime and versions. ConfigError where nobody answers or shards stay lost: the fault is not the
    artifact's.
    """

    address: str
    artifact: Artifact
    runtime: RuntimeSpec
    data: DataSource
    role: Role
    data_root: Path | None
    preprocess: Preprocess
    greeting: dict[str, Any]
    check: Callable[[Loaded], None]
    timeout_s: float

    def __call__(self, shards: Sequence[Shard], keep: Keep) -> None:
        """Run them there, in as many rounds as lost workers make necessary."""
        left = list(shards)
        with connect(self.address) as client:
            try:
                for _ in range(ROUNDS):
                    left = self._round(client, left, keep)
                    if not left:
                        return
            except (OSError, TimeoutError) as error:
                raise ConfigError(
                    f"--on: the cluster at {self.address} broke off while it served"
                    f" {self.artifact.label} ({error}); what came back is kept, and the next run"
                    " goes on there"
                ) from None
        raise ConfigError(
            f"--on: the cluster at {self.address} lost its workers {ROUNDS} times while they served"
            f" {self.artifact.label}; {len(left)} shards are left, and the next run goes on there"
        )

    def _round(self, client: Client, shards: Sequence[Shard], keep: Keep) -> list[Shard]:
        """Submit every shard once; those that were lost with their workers are returned."""
        from distributed import as_completed

        data = read_plain(self.artifact.path)
        task = Task(
            shard=shards[0],
            data=self.data,
            role=self.role,
            data_root=self.data_root,
            preprocess=self.preprocess,
            artifact=self.artifact,
            runtime=self.runtime,
            timeout_s=self.timeout_s,
            stack=this_stack(),
        )
        content = client.scatter(data, broadcast=True)
        running: dict[Future, Shard] = {
            client.submit(remote_shard, replace(task, shard=shard), content, pure=False): shard
            for shard in shards
        }
        lost = []
        try:
            for future in as_completed(list(running), loop=client.loop):
                shard = running.pop(future)
                outputs = self._result(future)
                if outputs is None:
                    lost.append(shard)
                else:
                    keep(shard, outputs)
        finally:
            client.cancel(list(running))
        return lost

    def _result(self, future: Future) -> Outputs | None:
        """What came back, checked; None where it was lost on the way."""
        from distributed import CancelledError, KilledWorker

        try:
            outputs: Outputs = future.result()
        except (KilledWorker, CancelledError):
            return None
        check_ran(self.artifact, outputs.loaded)
        self.check(outputs.loaded)
        for key, ours in self.greeting.items():
            theirs = outputs.worker.get(key)
            if key in ("runtime", "runtime_version", "architecture") and theirs != ours:
                raise MeasurementError(
                    f"the cluster's {outputs.worker['host']} has {key} {theirs}, and this machine"
                    f" {ours}: its outputs wouldn't be this device's; make them equal"
                )
        return outputs


def check_cluster(address: str) -> None:
    """ConfigError where no cluster with workers answers at an address."""
    with connect(address):
        pass


@contextlib.contextmanager
def connect(address: str) -> Iterator[Client]:
    """A client of the cluster, which has at least one worker; ConfigError where it hasn't."""
    try:
        from distributed import Client
    except ImportError:
        raise ConfigError(
            "--on needs dask.distributed, which isn't installed; install edgeassay[dask]"
        ) from None
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise ConfigError(
            f"--on: no dask scheduler answers at {address} ({error}); start one, or leave --on out"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_S)
        except TimeoutError:
            raise ConfigError(
                f"--on: the dask scheduler at {address} has no workers; start some with"
                f" `dask worker {address}`, or leave --on out"
            ) from None
        yield client


# What follows runs in the cluster's processes.

_IDLE: dict[tuple[str, str | None, RuntimeSpec], SimpleQueue[tuple[Worker, Loaded]]] = {}
_LOCK = threading.Lock()
_OPENED: dict[str, Split] = {}


def remote_shard(task: Task, content: bytes) -> Outputs:
    """Run one shard here; DataError or ConfigError where this process isn't as it must be."""
    here = platform.node()
    if (ours := this_stack()) != task.stack:
        raise ConfigError(
            f"the cluster's {here} isn't like the machine that asks, and its outputs might differ:"
            f" {ours} there, {task.stack} here"
        )
    inputs, shard = Inputs(split=remote_split(task), settings=task.preprocess), task.shard
    with remote_worker(task, content) as (worker, loaded):
        parts = [
            run_rows(worker, loaded, rows_of(part, loaded, task.preprocess))
            for part in inputs.parts(shard)
        ]
        facts = worker.facts | {"host": here}
    return Outputs(values=np.concatenate(parts), loaded=loaded, worker=facts)


def remote_split(task: Task) -> Split:
    """The split as this process reads it; DataError where its images aren't those of the
    machine that asks.
    """
    root, shard = data_root() or task.data_root, task.shard
    decoding = task.preprocess.decoding
    key = f"{task.data} {decoding} {task.role} {root}"
    for _ in range(2):  # what was opened for an earlier task may have changed since
        split = _OPENED.get(key)
        if split is None:
            split = open_dataset(task.data, root, decoding=decoding).splits[task.role]
            _OPENED.clear()
            _OPENED[key] = split
        fits = shard.stop <= len(split)
        rows = range(shard.start, shard.stop)
        if fits and shard_digest(map(split.digest, rows)) == shard.digest:
            return split
        _OPENED.clear()
    raise DataError(
        f"the cluster's {platform.node()} has other images in {root} than this machine, for rows"
        f" {shard.start:,} to {shard.stop:,} of the {task.role} split; copy the same data there"
    )


@contextlib.contextmanager
def remote_worker(task: Task, content: bytes) -> Iterator[tuple[Worker, Loaded]]:
    """A worker of this process with the task's artifact, kept for the next task; one that failed
    isn't.
    """
    key = (task.artifact.sha256, task.artifact.signature, task.runtime)
    with _LOCK:
        for other in [k for k in _IDLE if k != key]:
            _end_all(_IDLE.pop(other))
        idle = _IDLE.setdefault(key, SimpleQueue())
    label = task.artifact.label
    with contextlib.ExitStack() as on_failure:
        try:
            worker, loaded = idle.get_nowait()
            on_failure.enter_context(worker)
        except Empty:
            started = Worker(
                ["{python}"], task.runtime.engine, label=label, timeout_s=task.timeout_s
            )
            worker = on_failure.enter_context(started)
            loaded = worker.load(
                remote_artifact(task, content),
                task.runtime,
                "candidate",
                label,
                task.artifact.shapes,
                signature=task.artifact.signature,
            )
        yield worker, loaded
        on_failure.pop_all()
    idle.put((worker, loaded))


def _end_all(idle: SimpleQueue[tuple[Worker, Loaded]]) -> None:
    with contextlib.suppress(Empty):
        while True:
            idle.get_nowait()[0].close()


def remote_artifact(task: Task, content: bytes) -> Path:
    """The artifact's file on this machine: its shared path, or a copy by its digest."""
    shared, digest = task.artifact.path, task.artifact.sha256
    with contextlib.suppress(OSError):
        if sha256_of(shared) == digest:
            return shared
    if hashlib.sha256(content).hexdigest() != digest:
        raise MeasurementError(f"{task.artifact.label}: other bytes came than were sent")
    folder = Path(tempfile.gettempdir(), f"edgeassay-artifacts-{getpass.getuser()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{digest}{shared.suffix}"
    if not path.is_file() or sha256_of(path) != digest:
        write_bytes(path, content)
    return path
