"""How fast and how small evaluation is: `python benchmarks/evaluation.py`, with the parts wanted
(throughput, memory, suites) or all.

Prints figures; asserts nothing. Run it on a quiet machine, with EDGEASSAY_DATA set for the real
models' figures.

- throughput: images a second of an evaluation, beside those of bare interpreter loops, one process
  a core, over the same preprocessed arrays; in turn, start of processes included.
- memory: the host's peak while it evaluates 1,000 and 100,000 generated images.
- suites: the real models' accuracy suites, cold (artifacts built, nothing kept) and again.
"""

from __future__ import annotations

import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.console import Console
from rich.table import Table

from edgeassay.artifacts import Artifact
from edgeassay.build import build
from edgeassay.config import data_root, load_models
from edgeassay.datasets import Split, open_dataset
from edgeassay.machine import usable_cpus
from edgeassay.measure import accuracy
from edgeassay.measure.accuracy import Inputs, LocalRunner, predict
from edgeassay.measure.shards import ShardStore, shards_of
from edgeassay.preprocess import Images, input_shape
from edgeassay.progress import silent
from edgeassay.spec import ModelSpec, RuntimeSpec
from edgeassay.workers import Loaded, Worker

ROOT = Path(__file__).resolve().parent.parent
REAL = ("pneumonia-mobilenetv2", "pneumonia-densenet121")
REPEATS = 5
SECONDS = 5.0  # of a bare loop, about


def accept(loaded: Loaded) -> None:
    """Any artifact will do."""


def bare_loop(path: str, images: Images, answer: Connection) -> None:
    """What anyone would write: quantize, set, invoke, get, image by image."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=path, num_threads=1)
    interpreter.allocate_tensors()
    given, made = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero_point = given["quantization"]
    outputs = []
    for image in images:
        row = image
        if scale:
            steps = np.rint(image / np.float32(scale) + np.float32(zero_point))
            row = np.clip(steps, -128, 127).astype(given["dtype"])
        interpreter.set_tensor(given["index"], row[np.newaxis])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(made["index"]))
    answer.send(np.concatenate(outputs))


def time_bare(artifact: Artifact, images: Images, jobs: int) -> tuple[float, npt.NDArray[Any]]:
    """Seconds and outputs of bare loops, one process a core."""
    context = get_context("fork")
    started, answers = time.perf_counter(), []
    for part in np.array_split(images, jobs):
        receive, send = context.Pipe(duplex=False)
        context.Process(target=bare_loop, args=(str(artifact.path), part, send)).start()
        answers.append(receive)
    outputs = np.concatenate([answer.recv() for answer in answers])
    return time.perf_counter() - started, outputs


def time_ours(
    artifact: Artifact, inputs: Inputs, jobs: int, folder: Path
) -> tuple[float, npt.NDArray[Any]]:
    """Seconds and outputs of an evaluation, every shard kept on the way."""
    started = time.perf_counter()
    made = predict(
        inputs.split,
        shards_of(inputs.split, jobs),
        store=ShardStore(folder=folder, settings={}, fresh=True),
        runner=LocalRunner(
            artifact=artifact,
            runtime=RuntimeSpec(),
            inputs=inputs,
            lend_worker=lambda: Worker(["{python}"], "litert", label="it", timeout_s=60.0),
            check=accept,
            jobs=jobs,
        ),
        check=accept,
        label="it",
        report=silent,
    )
    return time.perf_counter() - started, made.scores if made.raw is None else made.raw


def in_memory(images: Images, model: ModelSpec) -> Inputs:
    """A split whose images are preprocessed and kept already."""
    assert model.preprocess is not None
    accuracy.KEEP_BYTES = images.nbytes  # type: ignore[misc]  # the same arrays for both sides
    split = Split(
        name="arrays",
        names=[str(i) for i in range(len(images))],
        labels=np.zeros((len(images), 1), np.int8),
        patients=None,
        load=lambda _: Image.new("L", (1, 1)),
        digest=lambda _: bytes(32),
    )
    inputs = Inputs(split=split, settings=model.preprocess)
    step = max(1, accuracy.REQUEST_BYTES // images[0].nbytes)
    for shard in shards_of(split, 1):
        for start in range(shard.start, shard.stop, step):
            inputs._kept[start] = images[start : min(start + step, shard.stop)]
    return inputs


def throughput(console: Console) -> None:
    """Ours over bare, for every variant of the models that are here."""
    table = Table("case", "images", "bare images/s", "ours images/s", "ours/bare", "same outputs")
    models, jobs = load_models([ROOT / "models"], ROOT), usable_cpus()
    opened = partial(open_dataset, data_root=data_root())
    names = ["phantom-cnn", *(REAL if data_root() else ())]
    for model in (models[name] for name in names):
        cache = ROOT / ".assay" / "artifacts"
        built = build(model, model.variants, cache=cache, open_data=opened, report=silent)
        for artifact in built.artifacts.values():
            assert model.preprocess is not None
            shape = input_shape(model.preprocess)
            rng = np.random.default_rng(0)
            few = rng.random((512, *shape), np.float32)
            pace = time_bare(artifact, few, jobs)[0] / len(few)
            count = min(int(SECONDS / pace), (1 << 31) // few[0].nbytes)
            images = np.resize(few, (count, *shape))
            inputs, ratios, speeds, same = in_memory(images, model), [], [], True
            with tempfile.TemporaryDirectory() as folder:
                for _ in range(REPEATS):
                    bare, expected = time_bare(artifact, images, jobs)
                    ours, outputs = time_ours(artifact, inputs, jobs, Path(folder))
                    same &= np.array_equal(outputs.reshape(expected.shape), expected)
                    ratios.append(bare / ours)
                    speeds.append((count / bare, count / ours))
            table.add_row(
                f"{model.id}/{artifact.variant}",
                f"{count:,}",
                f"{statistics.median(s[0] for s in speeds):,.0f}",
                f"{statistics.median(s[1] for s in speeds):,.0f}",
                f"{statistics.median(ratios):.1%}",
                "yes" if same else "NO",
            )
    console.print(table)


def peak_mb(command: list[str], environment: dict[str, str]) -> tuple[float, float, str]:
    """The peak resident memory of a process (not of its children), its seconds, its last line."""
    started, peak = time.perf_counter(), 0
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None:
            try:
                status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            except OSError:
                break
            lines = [line for line in status.splitlines() if line.startswith("VmHWM")]
            peak = max([peak, *(int(line.split()[1]) for line in lines)])
            time.sleep(0.1)
        assert process.stdout is not None
        words = process.stdout.read().strip().splitlines()
    return peak / 1024, time.perf_counter() - started, words[-1] if words else ""


def generate(folder: Path, count: int) -> None:
    """`count` images of noise, half of them bright, and their CSV: one split, a patient each."""
    (folder / "images").mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 128, (64, 64, 64), np.uint8)

    def write(number: int) -> None:
        pixels = noise[number % 64] + (number % 2) * 100
        Image.fromarray(np.roll(pixels, number // 64)).save(
            folder / f"images/{number:06d}.png", compress_level=1
        )

    with ThreadPoolExecutor() as pool:
        list(pool.map(write, range(count), chunksize=256))
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("image", "finding", "patient", "split"))
        rows.writerows(
            (f"images/{n:06d}.png", ("dark", "bright")[n % 2], f"p{n}", "test")
            for n in range(count)
        )


def memory(console: Console) -> None:
    """The host's peak with few images and with many."""
    from suites.meta.project import Project

    table = Table("images", "host's peak MB", "seconds", "again: seconds", "outcome")
    for count in (1_000, 100_000):
        with tempfile.TemporaryDirectory() as folder:
            project = Project(Path(folder))
            project.write_declarations()
            project.write_artifacts()
            generate(project.data / "spots", count)
            environment = os.environ | {"EDGEASSAY_DATA": str(project.data)}
            command = project.command("suites/accuracy", "--jobs", str(usable_cpus()))
            peak, seconds, words = peak_mb(command, environment)
            again = peak_mb(command, environment)[1]
            table.add_row(f"{count:,}", f"{peak:.0f}", f"{seconds:.0f}", f"{again:.0f}", words)
    console.print(table)


def suites(console: Console) -> None:
    """The real models' accuracy suites together, cold and again."""
    if data_root() is None:
        console.print("suites: EDGEASSAY_DATA isn't set; the real models' figures are left out")
        return
    table = Table("the real models' accuracy suites", "target s", "measured s", "outcome")
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "pytest", "-q", "suites/accuracy"),
            *(f"--model={name}" for name in REAL),
            f"--artifact-cache={folder}/artifacts",
            f"--prediction-cache={folder}/predictions",
            f"--assay-json={folder}/results.json",
        ]
        for name, target in (("cold", 180), ("again", 10)):
            _, seconds, words = peak_mb(command, dict(os.environ))
            table.add_row(name, str(target), f"{seconds:.1f}", words)
    console.print(table)


def main() -> None:
    """Every part asked for, or all."""
    parts = {"throughput": throughput, "memory": memory, "suites": suites}
    for name in sys.argv[1:] or parts:
        parts[name](Console(width=140))


if __name__ == "__main__":
    main()
