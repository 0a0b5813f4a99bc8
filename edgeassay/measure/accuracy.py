"""A case's predictions on a split: shard by shard, on every core, each kept as soon as it is there.

What an earlier run kept of the same artifact, images, settings, runtime and machine isn't run
again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Sized
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from itertools import islice
from queue import SimpleQueue
from typing import Any, Final, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from edgeassay.artifacts import Artifact
from edgeassay.datasets import Split, load_images
from edgeassay.errors import MeasurementError
from edgeassay.measure.fit import load_artifact
from edgeassay.measure.predictions import Predictions
from edgeassay.measure.quantization import dequantize, quantize
from edgeassay.measure.shards import Shard, ShardStore
from edgeassay.preprocess import Images, input_shape, laid_out
from edgeassay.progress import Reporter
from edgeassay.slots import Placed, Slot
from edgeassay.spec import Preprocess, RuntimeSpec
from edgeassay.workers import Loaded, Worker, describe_loaded, read_loaded

KEEP_BYTES: Final = 192 << 20
REQUEST_BYTES: Final = 2 << 20
BATCH: Final = 8
# Shards that are under way or wait to be kept, for each job: outputs of more would fill memory.
AHEAD: Final = 4

Taken = TypeVar("Taken")


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The raw outputs of a shard, (images, classes), and what gave them."""

    values: npt.NDArray[Any]
    loaded: Loaded
    worker: dict[str, Any]


Keep = Callable[[Shard, Outputs], None]


class Runner(Protocol):
    """Runs shards somewhere, in any order, and hands each to `keep` in the caller's thread."""

    def __call__(self, shards: Sequence[Shard], keep: Keep) -> None:
        """What `keep` was handed stays kept where the rest fails."""


class Source(Protocol):
    """Where the inputs of shards come from: float32 parts of (images, *input shape), preprocessed
    by `settings`.
    """

    @property
    def settings(self) -> Preprocess:
        """How images became inputs."""

    def parts(self, shard: Shard) -> Iterator[Images]:
        """A shard's inputs, some at a time; DataError names an image that can't be read."""


@dataclass(kw_only=True)
class Inputs:
    """The preprocessed images of a split, float32, in parts of (images, *input shape).

    Decoded anew for every pass, unless the whole split fits `KEEP_BYTES`; then kept.
    """

    split: Split
    settings: Preprocess
    _kept: dict[int, Images] = field(default_factory=dict)

    def parts(self, shard: Shard) -> Iterator[Images]:
        """A shard's images, some at a time; DataError names one that can't be read."""
        row_bytes = int(np.prod(input_shape(self.settings))) * 4
        keep = len(self.split) * row_bytes <= KEEP_BYTES
        step = max(1, REQUEST_BYTES // row_bytes)
        for start in range(shard.start, shard.stop, step):
            part = self._kept.get(start)
            if part is None:
                rows = range(start, min(start + step, shard.stop))
                part = load_images(self.split, rows, self.settings)
                if keep:
                    self._kept[start] = part
            yield part


def rows_of(part: Images, loaded: Loaded, settings: Preprocess) -> npt.NDArray[Any]:
    """Images that were preprocessed by `settings` as the artifact takes them, one a row."""
    taken = loaded.inputs[0]
    return quantize(laid_out(part, settings, taken.shape), taken)[:, np.newaxis]


def run_rows(worker: Worker, loaded: Loaded, rows: npt.NDArray[Any] | Placed) -> npt.NDArray[Any]:
    """The raw outputs of rows, (images, scores)."""
    return worker.run(loaded, [rows], batch=BATCH)[0].reshape(rows.shape[0], -1)


class Crew:
    """Workers that hold the same artifact, and slots for what goes to them.

    Whoever runs a part makes it ready before he takes a worker, so that none waits for it.
    """

    def __init__(self) -> None:
        self._idle: SimpleQueue[tuple[Worker, Loaded]] = SimpleQueue()
        self._slots: SimpleQueue[Slot | None] = SimpleQueue()
        self.loaded: Loaded | None = None
        self.facts: dict[str, Any] = {}

    def add(self, worker: Worker, loaded: Loaded, slots: Sequence[Slot]) -> None:
        """A worker, with two slots: one that it reads, one that is being filled."""
        self.loaded, self.facts = loaded, worker.facts
        self._idle.put((worker, loaded))
        seen = [slot if worker.sees(slot) else None for slot in slots]
        for slot in (*seen, None, None)[:2]:
            self._slots.put(slot)

    def run(self, part: Images, settings: Preprocess) -> npt.NDArray[Any]:
        """The raw outputs of some images, (images, scores)."""
        assert self.loaded is not None, "a crew has a worker"
        rows = rows_of(part, self.loaded, settings)
        slot = self._slots.get()
        try:
            placed = None if slot is None else slot.put(rows)
            worker, loaded = self._idle.get()
            try:
                return run_rows(worker, loaded, rows if placed is None else placed)
            finally:
                self._idle.put((worker, loaded))
        finally:
            self._slots.put(slot)


def open_slots(stack: ExitStack) -> list[Slot]:
    """Two slots for one worker; none where there is no room: a pipe serves as well."""
    try:
        return [stack.enter_context(Slot(REQUEST_BYTES)) for _ in range(2)]
    except OSError:
        return []


@dataclass(frozen=True, kw_only=True)
class LocalRunner:
    """Every core runs a worker with an interpreter of its own; the host decodes beside them.

    `check` refuses an artifact that doesn't fit. ArtifactError where the runtime refuses it,
    WorkerError where a worker dies.
    """

    artifact: Artifact
    runtime: RuntimeSpec
    inputs: Source
    lend_worker: Callable[[], AbstractContextManager[Worker]]
    check: Callable[[Loaded], None]
    jobs: int

    def __call__(self, shards: Sequence[Shard], keep: Keep) -> None:
        """Run them on this machine."""
        crew = Crew()

        def run(shard: Shard) -> Outputs:
            settings = self.inputs.settings
            parts = [crew.run(part, settings) for part in self.inputs.parts(shard)]
            assert crew.loaded is not None, "a crew has a worker"
            return Outputs(values=np.concatenate(parts), loaded=crew.loaded, worker=crew.facts)

        # Left in reverse: the workers end first, so that threads waiting for them end too.
        with ExitStack() as stack:
            pool = ThreadPoolExecutor(2 * self.jobs)
            stack.callback(pool.shutdown, cancel_futures=True)
            for _ in range(min(self.jobs, len(shards))):
                worker = stack.enter_context(self.lend_worker())
                loaded = load_artifact(worker, self.artifact, self.runtime)
                self.check(loaded)
                crew.add(worker, loaded, open_slots(stack))
            left = iter(shards)
            running: dict[Future[Outputs], Shard] = {
                pool.submit(run, shard): shard for shard in islice(left, AHEAD * self.jobs)
            }
            while running:
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    keep(running.pop(done), done.result())
                    running |= {pool.submit(run, shard): shard for shard in islice(left, 1)}


@dataclass(frozen=True, kw_only=True)
class Gathered(Generic[Taken]):
    """What was taken from each shard, in order, who ran them, and how many images an earlier run
    had run.
    """

    parts: list[Taken]
    loaded: Loaded
    worker: dict[str, Any]
    reused: int


def gather(
    split: Sized,
    shards: Sequence[Shard],
    *,
    store: ShardStore,
    runner: Runner,
    check: Callable[[Loaded], None],
    take: Callable[[Shard, npt.NDArray[Any], Loaded], Taken],
    label: str,
    report: Reporter,
) -> Gathered[Taken]:
    """Take something from the raw outputs of every shard, from the store or from `runner`, one
    shard after another: no more of them are held than are under way.

    What is finished is kept even where the rest fails. `check` refuses what doesn't fit.
    """
    facts, found = store.load_facts(), dict[Shard, Taken]()
    if facts is not None:
        loaded, worker = read_loaded(facts["loaded"], label), facts["worker"]
        for shard in shards:
            if (values := store.load(shard)) is not None:
                if not found:
                    check(loaded)
                found[shard] = take(shard, values, loaded)
    reused = sum(len(shard) for shard in found)
    missing = [shard for shard in shards if shard not in found]
    if missing:
        said = False
        with report(label, len(split)) as advance:
            advance(reused)

            def keep(shard: Shard, outputs: Outputs) -> None:
                nonlocal said, loaded, worker
                if not said:
                    loaded, worker, said = outputs.loaded, outputs.worker, True
                    store.save_facts({"loaded": describe_loaded(loaded), "worker": worker})
                store.save(shard, outputs.values)
                found[shard] = take(shard, outputs.values, loaded)
                advance(len(shard))

            runner(missing, keep)
    parts = [found[shard] for shard in shards]
    return Gathered(parts=parts, loaded=loaded, worker=worker, reused=reused)


def predict(
    split: Sized,
    shards: Sequence[Shard],
    *,
    store: ShardStore,
    runner: Runner,
    check: Callable[[Loaded], None],
    label: str,
    report: Reporter,
) -> Predictions:
    """The scores of every image, in order; see `gather`."""
    made = gather(
        split,
        shards,
        store=store,
        runner=runner,
        check=check,
        take=lambda _, values, __: values,
        label=label,
        report=report,
    )
    if len({values.shape[1] for values in made.parts}) != 1:
        raise MeasurementError(f"{label}: the number of scores changes from image to image")
    values, output = np.concatenate(made.parts), made.loaded.outputs[0]
    return Predictions(
        scores=dequantize(values, output),
        raw=values if output.scale else None,
        step=output.scale,
        worker=made.worker,
        reused=made.reused,
    )
