"""The host's side of the converter process: variant by variant, surviving a failure."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from edgeassay.errors import BuildFailed, ConfigError, last_words, why
from edgeassay.preprocess import Images, input_shape
from edgeassay.spec import ModelSpec
from edgeassay.temporary import temporary_folder

CONVERTER_MODULE = "edgeassay.variants.convert"

# The smallest file takes so much.
LEAST_FREE_BYTES: Final = 4096


def source_kind(weights: Path) -> str:
    """What a trained network is kept as: "keras", "saved_model" or "tflite"."""
    return {".keras": "keras", ".tflite": "tflite"}.get(weights.suffix, "saved_model")


@dataclass(frozen=True, kw_only=True)
class Converted:
    """What failed, by variant, and in what the network that was converted is unlike the one given,
    in sentences.
    """

    failures: Mapping[str, BuildFailed]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Job:
    """A variant to make: the method's module with its options, and the images that calibrate it,
    if any.
    """

    module: str
    calibration: Images | None
    options: Mapping[str, Any]


def convert(
    model: ModelSpec,
    network: Path,
    jobs: Mapping[str, Job],
    keep: Callable[[str, bytes], None],
) -> Converted:
    """Convert a trained network by every job, handing each artifact's bytes to `keep`. ConfigError
    where the temporary folder can't be used.

    A conversion that fails takes its process with it; the jobs after it go on in a new one.
    """
    failures: dict[str, BuildFailed] = {}
    notes: dict[str, None] = {}
    left = dict(jobs)
    try:
        with temporary_folder() as folder:
            while left:
                words = _run(model, network, left, folder, keep, notes=notes)
                if left:
                    guilty = next(iter(left))
                    del left[guilty]
                    failures[guilty] = BuildFailed(
                        f"{model.id}/{guilty}: {network.name} could not be converted: {words}"
                    )
    except OSError as error:
        raise ConfigError(
            f"{model.id} can't be converted in the temporary folder {tempfile.gettempdir()}:"
            f" {why(error)}; make room, or set TMPDIR to another folder"
        ) from None
    return Converted(failures=failures, notes=tuple(notes))


def start_converter(request: Path, log: IO[bytes]) -> subprocess.Popen[str]:
    """Start the converter process, whose words go into a log."""
    return subprocess.Popen(
        [sys.executable, "-m", CONVERTER_MODULE, str(request)],
        stdin=subprocess.PIPE,  # its end tells the converter that this process is gone
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )


def _run(
    model: ModelSpec,
    network: Path,
    left: dict[str, Job],
    scratch: Path,
    keep: Callable[[str, bytes], None],
    *,
    notes: dict[str, None],
) -> str:
    """One converter process; takes what it finished out of `left`, adds its `notes`, and returns
    its last words.
    """
    tasks = []
    written: dict[int, str] = {}  # images that serve several variants
    for name, job in left.items():
        images = None
        if job.calibration is not None:
            images = written.get(id(job.calibration), str(scratch / f"{name}.npy"))
            if id(job.calibration) not in written:
                np.save(images, job.calibration, allow_pickle=False)
            written[id(job.calibration)] = images
        output = str(scratch / f"{name}.tflite")
        task = {"name": name, "module": job.module, "options": dict(job.options)}
        tasks.append(task | {"calibration": images, "output": output})
    request = {
        "weights": str(network),
        "kind": source_kind(network),
        "signature": model.signature,
        "input_shape": model.preprocess and input_shape(model.preprocess),
        "tasks": tasks,
    }
    (scratch / "request.json").write_text(json.dumps(request), encoding="utf-8")
    with (
        (scratch / "log").open("wb") as log,
        start_converter(scratch / "request.json", log) as process,
    ):
        assert process.stdout is not None
        try:
            for line in process.stdout:
                name = line.strip()
                if name not in left:
                    notes[name] = None
                    continue
                keep(name, (scratch / f"{name}.tflite").read_bytes())
                del left[name]
        except BaseException:
            process.kill()
            raise
    if shutil.disk_usage(scratch).free < LEAST_FREE_BYTES:  # what it said couldn't be kept either
        return (
            f"the temporary folder {scratch.parent} is full; make room, or set TMPDIR to another"
            " folder"
        )
    if process.returncode < 0 and left:
        return _crashed(process.returncode, next(iter(left.values())))
    words = last_words((scratch / "log").read_bytes().decode("utf-8", "replace"), lines=1)
    return words[:400] if words else f"it ended with status {process.returncode}"


def _crashed(status: int, job: Job) -> str:
    """The sentence for a converter that a signal ended."""
    said = f"the converter crashed ({signal.Signals(-status).name})"
    if job.calibration is None:
        return f"{said}; leave the variant out, or make it by another method"
    return (
        f"{said} while it calibrated the network, as loops make it (LSTM, GRU, tf.map_fn,"
        " tf.while_loop); build recurrent layers with unroll=True, or make a variant that isn't"
        " calibrated: drq, fp16, w8"
    )
