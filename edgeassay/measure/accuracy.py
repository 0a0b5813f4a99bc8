"""A case's predictions on a split: every core runs a worker, images stream through them."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgeassay.artifacts import Artifact
from edgeassay.atomic import write_text
from edgeassay.datasets import Split, load_images
from edgeassay.datasets.table import read_table
from edgeassay.errors import ArtifactError, DataError, MeasurementError
from edgeassay.measure.quantization import dequantize, quantize
from edgeassay.preprocess import Images, input_shape
from edgeassay.progress import Reporter
from edgeassay.spec import Preprocess, RuntimeSpec
from edgeassay.workers import Loaded, Worker

CHUNK_IMAGES: Final = 32
KEEP_BYTES: Final = 256 << 20


@dataclass(kw_only=True)
class Inputs:
    """The preprocessed images of a split, in chunks of (images, *input shape).

    Decoded anew for every pass, unless the whole split fits `KEEP_BYTES`; then kept.
    """

    split: Split
    settings: Preprocess
    _kept: dict[int, Images] = field(default_factory=dict)

    def chunks(self) -> Iterator[Images]:
        """The chunks in order; DataError names an image that can't be read."""
        shape = input_shape(self.settings)
        keep = len(self.split) * int(np.prod(shape)) * 4 <= KEEP_BYTES
        for start in range(0, len(self.split), CHUNK_IMAGES):
            chunk = self._kept.get(start)
            if chunk is None:
                rows = range(start, min(start + CHUNK_IMAGES, len(self.split)))
                chunk = load_images(self.split, rows, self.settings)
                if keep:
                    self._kept[start] = chunk
            yield chunk


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Scores of a case, float32 (images, classes), with the integers they came from, if any.

    `worker` is what the workers say of themselves.
    """

    scores: npt.NDArray[np.float32]
    raw: npt.NDArray[Any] | None
    worker: dict[str, Any]

    @property
    def finite_share(self) -> float:
        """The share of scores that are finite numbers."""
        return float(np.isfinite(self.scores).mean())


def check_ran(artifact: Artifact, loaded: Loaded) -> None:
    """ArtifactError where the worker ran other bytes than the artifact's."""
    if loaded.sha256 != artifact.sha256:
        raise ArtifactError(
            f"{artifact.label}: the worker loaded bytes with SHA-256 {loaded.sha256[:12]}…, and the"
            f" artifact has {artifact.sha256[:12]}…; it was changed while the run went on"
        )


def check_fits(loaded: Loaded, settings: Preprocess, classes: int, model_file: str) -> None:
    """MeasurementError where the artifact's tensors don't fit the declared images and classes."""
    if len(loaded.inputs) != 1 or len(loaded.outputs) != 1:
        raise MeasurementError(
            f"{loaded.label} has {len(loaded.inputs)} inputs and {len(loaded.outputs)} outputs; an"
            " image classifier has one of each"
        )
    wanted, given = loaded.inputs[0].shape, (1, *input_shape(settings))
    if wanted != given:
        raise MeasurementError(
            f"{loaded.label} takes an input of shape {_shape(wanted)}, and [preprocess] in"
            f" {model_file} makes {_shape(given)}; make size, color and channels agree"
        )
    scores = int(np.prod(loaded.outputs[0].shape))
    if scores != classes:
        raise MeasurementError(
            f"{loaded.label} gives {scores} scores an image, and [data] in {model_file} has"
            f" {classes} classes; make them agree"
        )


def check_integer(loaded: Loaded) -> None:
    """MeasurementError where an artifact of an integer method takes or gives other numbers."""
    for tensor in (*loaded.inputs, *loaded.outputs):
        if tensor.dtype.kind not in "iu" or tensor.scale == 0.0:
            raise MeasurementError(
                f"{loaded.label} is declared as an integer artifact, and its tensor"
                f" {tensor.name!r} is {tensor.dtype} with scale {tensor.scale:g}; build it again"
            )


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(str(side) for side in shape)


def predict(
    artifact: Artifact,
    inputs: Inputs,
    *,
    start_worker: Callable[[], Worker],
    runtime: RuntimeSpec,
    check: Callable[[Loaded], None],
    jobs: int,
    label: str,
    report: Reporter,
) -> Predictions:
    """Run every image through the artifact on `jobs` workers, in order.

    `check` refuses an artifact that doesn't fit. ArtifactError where the runtime refuses it,
    WorkerError where a worker dies; nothing is kept of a pass that was cut off.
    """
    idle: SimpleQueue[tuple[Worker, Loaded]] = SimpleQueue()
    outputs: list[npt.NDArray[Any]] = []
    pending: deque[Future[npt.NDArray[Any]]] = deque()
    with ExitStack() as stack:
        for _ in range(jobs):
            worker = stack.enter_context(start_worker())
            loaded = worker.load(artifact.path, runtime, "candidate", artifact.label)
            check_ran(artifact, loaded)
            check(loaded)
            idle.put((worker, loaded))

        def run(chunk: Images) -> npt.NDArray[Any]:
            worker, loaded = idle.get()
            try:
                rows = quantize(chunk, loaded.inputs[0])[:, np.newaxis]
                return worker.run(loaded, [rows])[0].reshape(len(chunk), -1)
            finally:
                idle.put((worker, loaded))

        advance = stack.enter_context(report(label, len(inputs.split)))
        pool = stack.enter_context(ThreadPoolExecutor(jobs))

        def collect() -> None:
            outputs.append(pending.popleft().result())
            advance(len(outputs[-1]))

        for chunk in inputs.chunks():
            pending.append(pool.submit(run, chunk))
            if len(pending) > 2 * jobs:
                collect()
        while pending:
            collect()
        facts = dict(worker.facts)
    values = np.concatenate(outputs)
    output = loaded.outputs[0]
    return Predictions(
        scores=dequantize(values, output),
        raw=values if output.scale else None,
        worker=facts,
    )


def predictions_csv(predictions: Predictions, split: Split, classes: tuple[str, ...]) -> str:
    """One row an image: its name, a score a class, and `<class>.raw` integers where there are any.

    Scores are written so that reading them as float32 gives the same number again.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    raw = [] if predictions.raw is None else [f"{name}.raw" for name in classes]
    writer.writerow(["image", *classes, *raw])
    for i, name in enumerate(split.names):
        integers = [] if predictions.raw is None else predictions.raw[i].tolist()
        writer.writerow([name, *(str(score) for score in predictions.scores[i]), *integers])
    return text.getvalue()


def read_predictions(path: Path, split: Split, classes: tuple[str, ...]) -> npt.NDArray[np.float32]:
    """The scores that a file in the shape of `predictions_csv` has for a split, float32 (images,
    classes); rows may be in any order and of other images too. DataError says what isn't so.
    """
    wanted = f"must be there: `image`, and scores for each class ({', '.join(classes)})"
    table = read_table(
        path,
        dict.fromkeys(("image", *classes), wanted),
        absent=f"{path} doesn't exist; `predictions` under [reference] names it",
    )
    found: dict[str, list[float]] = {}
    for row, image in enumerate(table.columns["image"]):
        try:
            scores = [float(table.columns[name][row]) for name in classes]
        except ValueError as error:
            raise DataError(f"{table.at(row)}: {error}; write a number") from None
        if not np.isfinite(scores).all():
            raise DataError(f"{table.at(row)}: a score is no finite number; mend the row")
        if image in found:
            raise DataError(f"{table.at(row)}: {image} is listed twice; remove one")
        found[image] = scores
    absent = [name for name in split.names if name not in found]
    if absent:
        raise DataError(
            f"{path} has no row for {len(absent):,} of {len(split):,} evaluation images, such as"
            f" {absent[0]}; predict them all"
        )
    return np.array([found[name] for name in split.names], np.float32)


def write_predictions(
    folder: Path,
    case_id: str,
    predictions: Predictions,
    split: Split,
    classes: tuple[str, ...],
) -> None:
    """Write `folder`/<case>.csv, whole or not at all."""
    write_text(folder / f"{case_id}.csv", predictions_csv(predictions, split, classes))
