"""From an image's file to its scores: decoding and preprocessing here, inference in the worker."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edgeassay.artifacts import Artifact
from edgeassay.datasets import Split, load_images
from edgeassay.measure.accuracy import rows_of
from edgeassay.measure.fit import load_artifact
from edgeassay.measure.processes import Rounds, draw
from edgeassay.measure.quantization import dequantize
from edgeassay.progress import Reporter
from edgeassay.spec import Preprocess, RuntimeSpec, Timing
from edgeassay.workers import Loaded, Worker


def time_end_to_end(
    artifact: Artifact,
    *,
    start_worker: Callable[[], Worker],
    finished: Callable[[Worker], None],
    runtime: RuntimeSpec,
    timing: Timing,
    split: Split,
    settings: Preprocess,
    check: Callable[[Loaded], None],
    seed: int,
    label: str,
    report: Reporter,
) -> Rounds:
    """Time single images of a split, in `timing.processes` fresh workers, by the host's clock:
    decode, preprocess, quantize, through the pipe to the worker and back, dequantize.

    `seed` draws the images and the round that stands for each process. `check` refuses an artifact
    that doesn't fit; `finished` is told of each worker before it ends.
    """
    whole = timing.warmup_rounds + timing.rounds
    rows = np.random.default_rng(seed).integers(0, len(split), (timing.processes, whole))
    durations = np.zeros((timing.processes, timing.rounds), np.int64)
    with report(label, timing.processes) as advance:
        for process in range(timing.processes):
            with start_worker() as worker:
                loaded = load_artifact(worker, artifact, runtime)
                check(loaded)
                for number in range(whole):
                    started = time.monotonic_ns()
                    _infer(worker, loaded, split, int(rows[process, number]), settings)
                    elapsed = time.monotonic_ns() - started
                    if number >= timing.warmup_rounds:
                        durations[process, number - timing.warmup_rounds] = elapsed
                finished(worker)
            advance(1)
    return Rounds(durations=durations, drawn=draw(seed, timing))


def _infer(
    worker: Worker, loaded: Loaded, split: Split, row: int, settings: Preprocess
) -> npt.NDArray[np.float32]:
    """The scores of one image."""
    image = load_images(split, [row], settings)
    rows = [rows_of(image, loaded, settings)]
    return dequantize(worker.run(loaded, rows, repeatable=False)[0], loaded.outputs[0])
