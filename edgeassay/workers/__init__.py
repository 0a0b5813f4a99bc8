"""The host's side of the worker, on this machine or another: start it, talk, time out, bury."""

from edgeassay.workers.entering import Entry, known_signatures, signature_facts
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
    "Entry",
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
    "known_signatures",
    "read_loaded",
    "signature_facts",
    "worker_bytes",
]
