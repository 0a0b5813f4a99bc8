"""The host's side of the worker, on this machine or another: start it, talk, time out, bury."""

from edgeassay.workers.remote import WORKER_FOLDER, Elsewhere, NotThere, install, worker_bytes
from edgeassay.workers.replies import (
    Loaded,
    Memory,
    Phases,
    Tensor,
    TensorSpec,
    TimedRounds,
    describe_loaded,
    read_loaded,
)
from edgeassay.workers.worker import NO_SHAPES, Worker

__all__ = [
    "NO_SHAPES",
    "WORKER_FOLDER",
    "Elsewhere",
    "Loaded",
    "Memory",
    "NotThere",
    "Phases",
    "Tensor",
    "TensorSpec",
    "TimedRounds",
    "Worker",
    "describe_loaded",
    "install",
    "read_loaded",
    "worker_bytes",
]
