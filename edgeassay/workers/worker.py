"""What a worker can be asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from edgeassay.atomic import sha256_of
from edgeassay.errors import ArtifactError, WorkerError, why
from edgeassay.slots import Placed, Slot
from edgeassay.spec import InputShapes, RuntimeSpec
from edgeassay.worker.files import NAME
from edgeassay.workers.conversation import Conversation
from edgeassay.workers.entering import Entry
from edgeassay.workers.replies import (
    Loaded,
    Memory,
    Phases,
    Reply,
    Tensor,
    TimedRounds,
    count_or_none,
    most_bytes,
    read_cpus,
    read_loaded,
    read_memory,
    read_outputs,
    read_phases,
    read_rounds,
    value,
)

PART_BYTES: Final = 1 << 20
# Smaller inputs go with the request that needs them; of others another machine keeps a copy.
SMALL_BYTES: Final = 1 << 16


NO_SHAPES: Final[InputShapes] = {}


class Worker(Conversation):
    """A running worker process. Use it as a context manager: leaving it ends the process."""

    def load(
        self,
        path: Path,
        runtime: RuntimeSpec,
        handle: str,
        label: str,
        shapes: InputShapes = NO_SHAPES,
        *,
        signature: str | None = None,
    ) -> Loaded:
        """Load the artifact at `path`, which is sent where the worker is on another machine.
        `shapes` is what its inputs are given where they leave their sizes open. `signature` names
        the graph of the file that is meant; None is its main graph.

        ArtifactError with the runtime's words where it refuses, or if there is no such signature.
        """
        self._serve(label)
        entry = Entry.of(path, runtime, signature, label)
        options = asdict(runtime) | {"shapes": shapes, "graph": entry.option}
        request = {
            "op": "load",
            "engine": options.pop("engine"),
            "path": str(path) if self._elsewhere is None else self.send_file(path)[0],
            "handle": handle,
            "options": options,
        }
        try:
            loaded = self._ask(request, read=lambda reply, _: read_loaded(reply, label, handle))
        except (ArtifactError, WorkerError) as error:
            raise entry.explain(error, self._serving) from None
        return replace(loaded, facts={**loaded.facts, **entry.facts})

    def run(
        self,
        loaded: Loaded,
        inputs: Sequence[Tensor | Placed],
        batch: int = 1,
        *,
        repeatable: bool = True,
    ) -> list[Tensor]:
        """Run each row of the inputs (first axis) through the artifact; outputs stacked alike.

        The first time it is tried whether outputs follow from inputs alone, and Incomparable where
        they don't; not where `repeatable` is false, for whom they don't matter.
        With `batch` the worker runs so many rows at once where the artifact allows it and gives the
        same bytes that way. An input may lie in a slot that the worker `sees`.
        """
        self._serve(loaded.label)
        how = {"batch": batch, "repeatable": repeatable}
        request: dict[str, Any] = {"op": "run", "handle": loaded.handle, **how}
        if self._elsewhere is not None:
            inputs = self._keep_large(inputs)
        placed = [asdict(item) for item in inputs if isinstance(item, Placed)]
        rows = inputs[0].shape[0] if inputs else 0
        if placed:
            assert len(placed) == len(inputs), "all inputs travel in one way"
            request |= {"placed": placed}
        return self._ask(
            request,
            [t for t in inputs if not isinstance(t, Placed)],
            read=lambda _, outputs: read_outputs(outputs, loaded, rows),
            most=most_bytes(loaded, rows),
        )

    def _keep_large(self, inputs: Sequence[Tensor | Placed]) -> Sequence[Tensor | Placed]:
        """Inputs as another machine gets them: large ones as files, which it has next time."""
        arrays = [a for a in inputs if not isinstance(a, Placed)]
        if len(arrays) < len(inputs) or min((a.nbytes for a in arrays), default=0) < SMALL_BYTES:
            return inputs
        return [self.keep(array)[0] for array in arrays]

    def keep(self, array: Tensor) -> tuple[Placed, bool]:
        """Where a copy of the array is on the worker's machine, and whether it had to be sent."""
        little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
        data = little.reshape(-1).view(np.uint8).data
        parts = (data[k : k + PART_BYTES] for k in range(0, len(data), PART_BYTES))
        path, sent = self._send(hashlib.sha256(data).hexdigest(), lambda: parts)
        return Placed(file=path, dtype=little.dtype.str, shape=array.shape), sent

    def send_file(self, path: Path) -> tuple[str, bool]:
        """Where a copy of the file is on the worker's machine, and whether it had to be sent."""
        try:
            name = sha256_of(path) + path.suffix
        except OSError as error:
            raise ArtifactError(f"{path} can't be read: {why(error)}; copy it again") from None
        return self._send(name if NAME.fullmatch(name) else name[:64], lambda: _parts_of(path))

    def _send(
        self, name: str, parts: Callable[[], Iterator[bytes | memoryview]]
    ) -> tuple[str, bool]:
        """Where a file of that name is on the worker's machine, and whether it had to be sent."""
        assert self._elsewhere is not None, "here the worker reads the host's own files"
        place = {"folder": self._elsewhere.files, "name": name}

        def path(reply: Reply, _: list[Tensor]) -> str:
            return value(reply, "path", str)

        with self._asking:
            found = self._ask({"op": "has", **place}, read=path)
            if found:
                return found, False
            offset = 0
            for part in parts():
                data = np.frombuffer(part, np.uint8)
                self._ask({"op": "put", "offset": offset, **place}, [data], read=_nothing)
                offset += len(data)
            return self._ask({"op": "end", **place}, read=path), True

    def sees(self, slot: Slot) -> bool:
        """Whether the worker may read the slot's file on this same machine."""
        if self._elsewhere is not None:
            return False  # as its profile says, even where ssh comes back here
        token = slot.sign()
        found = self._ask(
            {"op": "sees", "file": slot.path}, read=lambda r, _: value(r, "bytes", str)
        )
        return found == token

    def time(
        self,
        loaded: Sequence[Loaded],
        inputs: Sequence[Sequence[Tensor]],
        rounds: int,
        warmup_rounds: int,
    ) -> TimedRounds:
        """Durations of `invoke()` by the worker's clock, interleaved; without inputs, on those that
        were given last.
        """
        self._serve(" and ".join(item.label for item in loaded))
        request = {
            "op": "time",
            "handles": [item.handle for item in loaded],
            "rounds": rounds,
            "warmup_rounds": warmup_rounds,
        }
        return self._ask(
            request,
            [t for row in inputs for t in row],
            read=lambda reply, tensors: read_rounds(reply, tensors, len(loaded), rounds),
            most=len(loaded) * rounds * np.dtype(np.int64).itemsize,
        )

    def phases(
        self, loaded: Loaded, inputs: Sequence[Tensor], rounds: int, warmup_rounds: int
    ) -> Phases:
        """Durations of whole inferences by the worker's clock, from the worker's inputs to its
        outputs.
        """
        self._serve(loaded.label)
        request = {
            "op": "phases",
            "handle": loaded.handle,
            "rounds": rounds,
            "warmup_rounds": warmup_rounds,
        }
        return self._ask(
            request,
            inputs,
            read=lambda _, tensors: read_phases(tensors, rounds),
            most=3 * rounds * np.dtype(np.int64).itemsize,
        )

    def cpus(self, seconds: float) -> list[int]:
        """The CPUs that the worker may use, the one that idled most during `seconds` first; none
        where its system doesn't tell, or can't keep it there.
        """
        return self._ask({"op": "cpus", "seconds": seconds}, read=lambda r, _: read_cpus(r))

    def pin(self, cpus: Sequence[int]) -> None:
        """Keep the worker on these CPUs, with what it loads from now on."""
        self._ask({"op": "pin", "cpus": list(cpus)}, read=_nothing)

    def waiting(self) -> tuple[int | None, int | None]:
        """How long the worker ran and waited for a CPU since it began, in ns; None if unknown."""
        return self._ask(
            {"op": "waiting"},
            read=lambda r, _: (count_or_none(r, "ran_ns"), count_or_none(r, "waited_ns")),
        )

    def memory(self) -> Memory:
        """The worker's memory since it loaded its last artifact."""
        return self._ask({"op": "memory"}, read=lambda reply, _: read_memory(reply))


def _nothing(_: Reply, __: list[Tensor]) -> None:
    """What a reply says that only acknowledges."""


def _parts_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(PART_BYTES), b"")
