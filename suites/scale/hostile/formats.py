"""The formats that are read, each with whole files, the damage that is done to them, the command
that reads them, and what must not be green.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from edgeassay.artifacts import Recipe, foreign_artifact, read_artifact, write_artifact
from edgeassay.errors import EdgeassayError
from edgeassay.runs.scores import read_scores, write_scores
from edgeassay.starting.given import read_given
from edgeassay.tflite_file import read_graph
from edgeassay.tflite_weights import read_weights
from edgeassay.variants.trained import Trained, pack, read_trained
from suites.meta.judge_files import drawn, write_table
from suites.meta.project import ROOT, Project, write_spots
from suites.meta.promotable import FP32, scores_of
from suites.meta.saved_files import SavedFile
from suites.meta.tinymodels import brightness, write_classifier
from suites.mistakes.breaking import DATA, NPZ, right_arrays
from suites.reports.gated import Gated, sealed
from suites.scale.hostile import greens
from suites.scale.hostile.forks import edgeassay, suite
from suites.scale.hostile.mutations import (
    Mutation,
    Rng,
    any_of,
    in_bytes,
    in_json,
    in_member,
    in_words,
)

Work = Callable[[], object]
OUT: Final = "out.json"
TRAINING: Final[dict[str, Any]] = {
    "source_sha256": "5" * 64,
    "per_tensor": False,
    "exclude": [],
    "training": {"epochs": 3},
}
SMALL_PATIENTS: Final = 24


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way in which one format is read. `share` is its part of all inputs, in any unit.

    `prepare` writes whole files into a folder, of which `files` are damaged by `mutate`. `work` is
    then run there; it must not be green where `green` says so.
    """

    format: str
    name: str
    share: float
    prepare: Callable[[Path], object]
    files: tuple[str, ...]
    mutate: Mutation
    work: Callable[[Path, Path], Work]
    green: greens.Oracle = greens.anything
    needs: str | None = None


def reading(read: Callable[[Path], object]) -> Callable[[Path, Path], Work]:
    """A function that reads a file, as a command would call it."""

    def work(folder: Path, path: Path) -> Work:
        def run() -> None:
            try:
                read(path)
            except EdgeassayError as error:
                print(f"edgeassay: {error}", file=sys.stderr)  # noqa: T201
                sys.exit(2)

        return run

    return work


def command(*words: str, **environment: str) -> Callable[[Path, Path], Work]:
    """A command; `{path}` in its words is the damaged file, and `{folder}` where it runs."""

    def work(folder: Path, path: Path) -> Work:
        filled = [word.format(path=path, folder=folder) for word in words]

        def run() -> None:
            os.environ.update({k: v.format(folder=folder) for k, v in environment.items()})
            edgeassay(*filled)()

        return run

    return work


def networks(folder: Path) -> None:
    """A float network and an int8 one."""
    write_classifier(folder / "fp32.tflite", *brightness(3))
    write_classifier(folder / "int8.tflite", *brightness(3), int8=True)


def graph_and_weights(path: Path) -> None:
    """Look into a .tflite."""
    read_weights(path, range(len(read_graph(path).layers)))


def artifact(folder: Path) -> None:
    """An artifact with its manifest."""
    networks(folder)
    recipe = Recipe(
        model="tiny",
        variant="fp32",
        source_sha256="5" * 64,
        data_sha256=None,
        settings={"method": "fp32"},
        versions={"ai-edge-litert": "2.3.0"},
    )
    write_artifact(folder / "tiny/fp32.tflite", (folder / "fp32.tflite").read_bytes(), recipe)


def read_with_manifest(path: Path) -> None:
    """Read an artifact that has one."""
    read_artifact(path.with_suffix(".tflite"), "tiny", "fp32")


def declared_onnx(path: Path) -> None:
    """Read an .onnx whose digest a model.toml has."""
    whole = (ROOT / "suites/runtimes/onnx" / path.name).read_bytes()
    foreign_artifact(path, "tiny", "fp32", hashlib.sha256(whole).hexdigest(), {})


def onnx(folder: Path) -> None:
    """Two of them, one of which keeps its weights elsewhere."""
    for name in ("int8.onnx", "tokens.onnx"):
        shutil.copy(ROOT / "suites/runtimes/onnx" / name, folder / name)


def keras_network(folder: Path) -> None:
    """A small network, kept by Keras."""
    import keras

    layers = keras.layers
    keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(2, 3),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ]
    ).save(folder / "net.keras")


def open_keras(path: Path) -> None:
    """Open it as commands do that train and prune."""
    from edgeassay.networks import open_network

    open_network(path)


def project(folder: Path, *, toml: tuple[str, str] = ("", "")) -> Project:
    """A small project of a user's own, with a part of its model.toml exchanged."""
    made = Project(folder)
    made.model_toml = made.model_toml.replace(*toml)
    made.write_declarations()
    write_spots(made.data / "spots", SMALL_PATIENTS)
    return made


def judged(folder: Path) -> None:
    """A project with its artifacts."""
    project(folder).write_artifacts()


def npz_project(folder: Path, *, compressed: bool) -> None:
    """The same, with its images in an archive."""
    made = project(folder, toml=(DATA, NPZ))
    save: Any = np.savez_compressed if compressed else np.savez
    save(made.data / "spots.npz", **right_arrays())


def jpeg_project(folder: Path) -> None:
    """A project one of whose images is a JPEG, though it is called .png."""
    made = project(folder)
    path = made.data / "spots/images/006.png"
    with Image.open(path) as image:
        grey = image.resize((24, 24))
    stream = io.BytesIO()
    grey.save(stream, "JPEG")
    path.write_bytes(stream.getvalue())


def png_project(folder: Path) -> None:
    """A project one of whose images is somewhat larger."""
    made = project(folder)
    pixels = np.random.default_rng(1).integers(0, 256, (24, 24), np.uint8)
    Image.fromarray(pixels).save(made.data / "spots/images/006.png")


def kept_scores(folder: Path) -> None:
    """Scores by the name of their digest."""
    write_scores(folder, scores_of(FP32))


def read_kept(path: Path) -> None:
    """Read them by that name."""
    read_scores(path.parents[1], path.stem)


def trained(folder: Path) -> None:
    """What was trained for a variant."""
    rng = np.random.default_rng(1)
    arrays = {f"w{k}": rng.normal(size=(4, 4)).astype(np.float32) for k in range(3)}
    (folder / "t.npz").write_bytes(pack(Trained(arrays=arrays, facts=TRAINING)))


def tables(folder: Path) -> None:
    """Labels and predictions that pass."""
    for name, columns in zip(("labels", "reference", "candidate"), drawn(1, 200), strict=True):
        write_table(folder / f"{name}.csv", columns)


def times(folder: Path) -> None:
    """Durations that keep their budget."""
    drawn_ms = np.random.default_rng(1).normal(20.0, 1.0, 100)
    (folder / "times.json").write_text(json.dumps(drawn_ms.round(3).tolist()), encoding="utf-8")


def saved_runs(folder: Path) -> None:
    """Two saved runs of equal builds."""
    for seed, name in enumerate(("base.json", "head.json"), start=1):
        SavedFile(ms={"int8": 3.0, "fp32": 5.0}, seed=seed, processes=20).write(folder / name)


def gate(folder: Path) -> None:
    """A gate whose legs have all arrived, and are green."""
    made = Gated(folder).write()
    (folder / "in").mkdir(exist_ok=True)
    for name, one in made.documents.items():
        (folder / "in" / name).write_text(json.dumps(one), encoding="utf-8")


def in_sealed(rng: Rng, data: bytes) -> bytes:
    """A value exchanged, and the digest over all values made right again."""
    return json.dumps(sealed(json.loads(in_json(rng, data)))).encode("utf-8")


JUDGE: Final = command(
    *("judge", "--labels", "labels.csv", "--reference", "reference.csv"),
    *("--candidate", "candidate.csv", "--margin", str(greens.MARGIN), "--resamples", "200"),
    *("--json", OUT),
)
CHECK_DATA: Final = command("check-data", "tiny", EDGEASSAY_DATA="{folder}/data")
GATE: Final = command("gate", "in", "--json", OUT, "--markdown", "out.md", "--junit", "out.xml")
TEXT: Final = any_of(in_bytes, in_words, in_words)
JSON: Final = any_of(in_bytes, in_words, in_json, in_json)
LEG: Final = ("in/cart.json", "in/tablet.json")
IMAGE: Final = "data/spots/images/006.png"

WAYS: Final = (
    Way(
        format=".tflite",
        name="looked into",
        share=14,
        prepare=networks,
        files=("fp32.tflite", "int8.tflite"),
        mutate=in_bytes,
        work=reading(graph_and_weights),
    ),
    Way(
        format=".tflite",
        name="read with its manifest",
        share=5,
        prepare=artifact,
        files=("tiny/fp32.tflite",),
        mutate=in_bytes,
        work=reading(read_with_manifest),
        green=greens.never,
    ),
    Way(
        format=".tflite",
        name="`init --artifact`, in a worker",
        share=1.5,
        prepare=networks,
        files=("fp32.tflite", "int8.tflite"),
        mutate=in_bytes,
        work=command("init", "x", "--artifact", "fp32={path}", "--models-dir", "out.models"),
    ),
    Way(
        format=".tflite",
        name="judged by the suite, in a worker",
        share=0.5,
        prepare=judged,
        files=("artifacts/tiny/int8.tflite",),
        mutate=in_bytes,
        work=lambda folder, _: suite(folder, "--variant=int8", "suites/artifact"),
    ),
    Way(
        format=".tflite",
        name="`init --tflite`, converted",
        share=1,
        prepare=networks,
        files=("fp32.tflite",),
        mutate=in_bytes,
        work=command("init", "x", "--tflite", "{path}", "--models-dir", "out.models"),
        needs="ai_edge_quantizer",
    ),
    Way(
        format=".keras",
        name="loaded",
        share=8,
        prepare=keras_network,
        files=("net.keras",),
        mutate=any_of(in_bytes, in_member(in_bytes), in_member(in_words), in_member(in_words)),
        work=reading(open_keras),
        needs="keras",
    ),
    Way(
        format=".keras",
        name="`init --keras`, converted",
        share=0.5,
        prepare=keras_network,
        files=("net.keras",),
        mutate=any_of(in_bytes, in_member(in_bytes), in_member(in_words)),
        work=command("init", "x", "--keras", "{path}", "--models-dir", "out.models"),
        needs="keras",
    ),
    Way(
        format=".onnx",
        name="read with its digest",
        share=4,
        prepare=onnx,
        files=("int8.onnx", "tokens.onnx"),
        mutate=in_bytes,
        work=reading(declared_onnx),
        green=greens.never,
    ),
    Way(
        format=".onnx",
        name="given to `init`",
        share=1,
        prepare=onnx,
        files=("int8.onnx", "tokens.onnx"),
        mutate=in_bytes,
        work=reading(lambda path: read_given([f"fp32={path}"])),
    ),
    Way(
        format="NPZ",
        name="images, by `check-data`",
        share=4,
        prepare=partial(npz_project, compressed=False),
        files=("data/spots.npz",),
        mutate=any_of(in_bytes, in_member(in_bytes)),
        work=CHECK_DATA,
        green=greens.arrays,
    ),
    Way(
        format="NPZ",
        name="compressed images, by `check-data`",
        share=4,
        prepare=partial(npz_project, compressed=True),
        files=("data/spots.npz",),
        mutate=any_of(in_bytes, in_member(in_bytes)),
        work=CHECK_DATA,
        green=greens.arrays,
    ),
    Way(
        format="NPZ",
        name="kept scores",
        share=3,
        prepare=kept_scores,
        files=("scores/*.npz",),
        mutate=any_of(in_bytes, in_member(in_bytes)),
        work=reading(read_kept),
    ),
    Way(
        format="NPZ",
        name="trained weights",
        share=3,
        prepare=trained,
        files=("t.npz",),
        mutate=any_of(in_bytes, in_member(in_bytes), in_member(in_words)),
        work=reading(partial(read_trained, model="tiny", name="int8", expected=TRAINING)),
    ),
    Way(
        format="CSV",
        name="labels, by `check-data`",
        share=6,
        prepare=project,
        files=("data/spots/labels.csv",),
        mutate=TEXT,
        work=CHECK_DATA,
        green=greens.labels,
    ),
    Way(
        format="CSV",
        name="predictions, by `judge`",
        share=10,
        prepare=tables,
        files=("labels.csv", "reference.csv", "candidate.csv"),
        mutate=TEXT,
        work=JUDGE,
        green=greens.judged,
    ),
    Way(
        format="TOML",
        name="a model, by `check-data`",
        share=6,
        prepare=project,
        files=("models/tiny/model.toml",),
        mutate=TEXT,
        work=CHECK_DATA,
        green=greens.text,
    ),
    Way(
        format="TOML",
        name="a gate, a model, a device, by `gate`",
        share=4,
        prepare=gate,
        files=("gate.toml", "models/tiny/model.toml", "fixtures/devices/bench.toml"),
        mutate=TEXT,
        work=GATE,
        green=greens.text,
    ),
    Way(
        format="JSON",
        name="results, by `gate`",
        share=5,
        prepare=gate,
        files=LEG,
        mutate=JSON,
        work=GATE,
        green=greens.results,
    ),
    Way(
        format="JSON",
        name="results with a right digest, by `gate`",
        share=5,
        prepare=gate,
        files=LEG,
        mutate=in_sealed,
        work=GATE,
        green=greens.results,
    ),
    Way(
        format="JSON",
        name="results, by `report`",
        share=2,
        prepare=gate,
        files=LEG,
        mutate=any_of(JSON, in_sealed),
        work=command("report", "{path}", "--markdown", "out.md", "--html", "out.html"),
        green=greens.document,
    ),
    Way(
        format="JSON",
        name="a manifest",
        share=4,
        prepare=artifact,
        files=("tiny/fp32.json",),
        mutate=JSON,
        work=reading(read_with_manifest),
        green=greens.document,
    ),
    Way(
        format="JSON",
        name="durations, by `judge`",
        share=4,
        prepare=times,
        files=("times.json",),
        mutate=JSON,
        work=command("judge", "--latency", "{path}", "--budget", "40ms", "--json", OUT),
        green=greens.durations,
    ),
    Way(
        format="JSON",
        name="saved benchmarks, by `compare`",
        share=6,
        prepare=saved_runs,
        files=("base.json", "head.json"),
        mutate=JSON,
        work=command("compare", "base.json", "head.json", "--json", OUT, "--markdown", "out.md"),
        green=greens.saved,
    ),
    Way(
        format="JSON",
        name="saved benchmarks, by `history`",
        share=2,
        prepare=saved_runs,
        files=("base.json", "head.json"),
        mutate=JSON,
        work=command("history", "base.json", "head.json", "--json", OUT),
    ),
    Way(
        format="PNG",
        name="an image, by `check-data`",
        share=5,
        prepare=png_project,
        files=(IMAGE,),
        mutate=in_bytes,
        work=CHECK_DATA,
        green=greens.picture,
    ),
    Way(
        format="JPEG",
        name="an image, by `check-data`",
        share=5,
        prepare=jpeg_project,
        files=(IMAGE,),
        mutate=in_bytes,
        work=CHECK_DATA,
        green=greens.picture,
    ),
)
