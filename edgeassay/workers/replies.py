"""What a worker says, checked: a reply is only believed once it has what its request asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from edgeassay.worker.protocol import ProtocolError

Tensor = npt.NDArray[Any]
Reply = dict[str, Any]

SHA256: Final = re.compile("[0-9a-f]{64}")
# What a worker must say of itself; what else it says is kept too.
SAID: Final = ("runtime", "runtime_version", "python", "numpy", "architecture", "system")


@dataclass(frozen=True, kw_only=True)
class TensorSpec:
    """An input or output of a loaded artifact; scale 0 means that it isn't quantized."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: float
    zero_point: int

    @property
    def holds(self) -> str:
        """What it holds, for people: the name of a number's type, or "text"."""
        return self.dtype.name if self.is_number else "text"

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return self.dtype.kind in "biufc"

    @property
    def is_fixed(self) -> bool:
        """Whether its shape is known before it runs: of one that isn't, runtimes say 0 or -1."""
        return min(self.shape, default=1) > 0


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """An artifact in a worker: its handle there, its tensors, the digest of what was loaded, and
    how long it took to make it ready to run, where it was loaded just now. `facts` is what else its
    runtime says of it.
    """

    handle: str
    label: str
    sha256: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    init_ns: int | None = field(default=None, compare=False)
    facts: dict[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, kw_only=True)
class TimedRounds:
    """Durations of `invoke()` in ns, int64 (artifacts, rounds), and for how long the worker ran
    meanwhile and waited for a CPU, where its system tells.
    """

    durations: npt.NDArray[np.int64]
    ran_ns: int | None
    waited_ns: int | None


@dataclass(frozen=True, kw_only=True)
class Phases:
    """Durations in ns, int64 (rounds): inputs written, the network run, outputs read.

    An accelerator may compute on after it was told to, and reading the outputs then waits for it:
    of one phase alone nothing follows there, only of their sum.
    """

    upload: npt.NDArray[np.int64]
    compute: npt.NDArray[np.int64]
    read_back: npt.NDArray[np.int64]

    @property
    def total(self) -> npt.NDArray[np.int64]:
        """All of it: what a product waits for."""
        return self.upload + self.compute + self.read_back


@dataclass(frozen=True, kw_only=True)
class Memory:
    """A worker's memory in bytes: what was resident before it loaded its last artifact (0 where
    that isn't told), its peak before and its peak since, or by now where a peak can't begin anew.
    """

    resident_before: int
    peak_before: int
    peak: int


Kind = TypeVar("Kind")


def value(reply: Any, key: str, kind: type[Kind]) -> Kind:
    """What a reply has under a key; ProtocolError where it is missing or of another kind."""
    if not isinstance(reply, dict) or key not in reply:
        raise ProtocolError(f"it lacks {key!r}")
    found = reply[key]
    if kind is float and type(found) is int:
        found = float(found)
    if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
        raise ProtocolError(f"its {key!r} is {repr(found)[:40]}, and no {kind.__name__}")
    return found


def count(reply: Any, key: str) -> int:
    """A number that can't be negative."""
    found = value(reply, key, int)
    if found < 0:
        raise ProtocolError(f"its {key!r} is {found}")
    return found


def count_or_none(reply: Any, key: str) -> int | None:
    """The same, where it may be unknown."""
    return None if isinstance(reply, dict) and reply.get(key, 0) is None else count(reply, key)


def read_answer(reply: Reply) -> tuple[str, str] | None:
    """None where a request was served, else which kind of failure it was, and the message."""
    if value(reply, "ok", bool):
        return None
    return value(reply, "kind", str), value(reply, "message", str)


def read_greeting(reply: Reply, *, of_runtime: bool) -> Reply:
    """Who a worker is; of its runtime too, where it was asked."""
    for key in SAID if of_runtime else SAID[2:]:
        value(reply, key, str)
    value(reply, "hostname", str)
    for key in ("pid", "cpus"):
        if count(reply, key) == 0:
            raise ProtocolError(f"its {key!r} is 0")
    return reply


def read_loaded(reply: Any, label: str, handle: str = "") -> Loaded:
    """What a worker says of an artifact that it loaded."""
    digest = value(reply, "sha256", str)
    if not SHA256.fullmatch(digest):
        raise ProtocolError(f"its 'sha256' is {digest[:80]!r}")
    return Loaded(
        handle=handle,
        label=label,
        sha256=digest,
        inputs=tuple(_tensor(t) for t in value(reply, "inputs", list)),
        outputs=tuple(_tensor(t) for t in value(reply, "outputs", list)),
        init_ns=count_or_none(reply, "init_ns") if "init_ns" in reply else None,
        facts=value(reply, "facts", dict),
    )


def describe_loaded(loaded: Loaded) -> Reply:
    """The same for a JSON file, as `read_loaded` reads it."""
    ends = {"inputs": loaded.inputs, "outputs": loaded.outputs}
    tensors = {
        k: [asdict(t) | {"shape": list(t.shape), "dtype": t.dtype.name} for t in ts]
        for k, ts in ends.items()
    }
    return {"sha256": loaded.sha256, "facts": loaded.facts, **tensors}


def _tensor(facts: Any) -> TensorSpec:
    name, kind = value(facts, "name", str), value(facts, "dtype", str)
    shape = value(facts, "shape", list)
    if any(type(side) is not int or side < -1 for side in shape):
        raise ProtocolError(f"its tensor {name!r} has the shape {str(shape)[:80]}")
    try:
        dtype = np.dtype(kind)
    except (TypeError, ValueError):
        raise ProtocolError(f"its tensor {name!r} holds {kind[:40]!r}") from None
    return TensorSpec(
        name=name,
        shape=tuple(shape),
        dtype=dtype,
        scale=value(facts, "scale", float),
        zero_point=value(facts, "zero_point", int),
    )


def most_bytes(loaded: Loaded, rows: int) -> int | None:
    """What the outputs of so many rows take; None where that isn't known beforehand."""
    if not all(t.is_fixed and t.is_number for t in loaded.outputs):
        return None
    return rows * sum(int(np.prod(t.shape)) * t.dtype.itemsize for t in loaded.outputs)


def read_outputs(tensors: Sequence[Tensor], loaded: Loaded, rows: int) -> list[Tensor]:
    """The outputs of so many rows, as the artifact's were declared when it was loaded."""
    if len(tensors) != len(loaded.outputs):
        raise ProtocolError(f"it has {len(tensors)} tensors, and {len(loaded.outputs)} are wanted")
    for found, declared in zip(tensors, loaded.outputs, strict=True):
        wanted = (rows, *declared.shape) if declared.is_fixed else (rows, *found.shape[1:])
        same = found.dtype == declared.dtype or not declared.is_number
        if found.shape != wanted or not same:
            raise ProtocolError(
                f"its tensor {declared.name!r} is {_words(found.shape, found.dtype)}, and"
                f" {_words(wanted, declared.dtype)} is wanted"
            )
    return list(tensors)


def _durations(tensors: Sequence[Tensor], columns: int, rounds: int) -> npt.NDArray[np.int64]:
    """The one tensor of a reply, which has a duration a round of each column, none below zero."""
    if len(tensors) != 1:
        raise ProtocolError(f"it has {len(tensors)} tensors, and one is wanted")
    (durations,) = tensors
    if durations.shape != (columns, rounds) or durations.dtype != np.int64:
        raise ProtocolError(
            f"its durations are {_words(durations.shape, durations.dtype)}, and"
            f" {_words((columns, rounds), np.dtype(np.int64))} are wanted"
        )
    if durations.size and durations.min() < 0:
        raise ProtocolError(f"a duration of {durations.min()} ns is in it")
    return durations


def read_phases(tensors: Sequence[Tensor], rounds: int) -> Phases:
    """Durations of an inference's phases."""
    upload, compute, read_back = _durations(tensors, 3, rounds)
    return Phases(upload=upload, compute=compute, read_back=read_back)


def read_rounds(
    reply: Reply, tensors: Sequence[Tensor], artifacts: int, rounds: int
) -> TimedRounds:
    """Durations: one a round of each artifact."""
    return TimedRounds(
        durations=_durations(tensors, artifacts, rounds),
        ran_ns=count_or_none(reply, "ran_ns"),
        waited_ns=count_or_none(reply, "waited_ns"),
    )


def read_memory(reply: Reply) -> Memory:
    """A worker's memory."""
    return Memory(
        resident_before=count(reply, "resident_before"),
        peak_before=count(reply, "peak_before"),
        peak=count(reply, "peak"),
    )


def read_cpus(reply: Reply) -> list[int]:
    """Numbers of CPUs."""
    found = value(reply, "cpus", list)
    if any(type(cpu) is not int or cpu < 0 for cpu in found):
        raise ProtocolError(f"its 'cpus' is {str(found)[:80]}")
    return found


Reader = Callable[[Reply, list[Tensor]], Kind]


def _words(shape: Sequence[int], dtype: np.dtype[Any]) -> str:
    return f"{'x'.join(map(str, shape)) or 'one'} {dtype.name}"
