"""From a trained network to artifacts: recipes, the cache, and the converter process."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from edgeassay.artifacts import (
    Artifact,
    Recipe,
    cache_path,
    cached,
    read_artifact,
    write_artifact,
)
from edgeassay.atomic import sha256_of
from edgeassay.datasets import check_separation, draw_calibration, open_dataset
from edgeassay.errors import Absent, BuildFailed, BuildUnavailable, ConfigError
from edgeassay.preprocess import input_shape, preprocess
from edgeassay.progress import Reporter
from edgeassay.spec import ModelSpec, Role
from edgeassay.variants import METHODS

Images = npt.NDArray[np.float32]

CONVERTERS = ("tensorflow", "tensorflow-cpu", "keras")


def converter_versions() -> dict[str, str]:
    """The versions of what converts, without importing it; empty where TensorFlow is absent."""
    found = {}
    for name in CONVERTERS:
        try:
            found[name.removesuffix("-cpu")] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found if "tensorflow" in found else {}


def seed_of(name: str) -> int:
    """A seed that depends on nothing but a name."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8")).digest()[:4], "big")


def calibration_images(model: ModelSpec, variant: str, data_root: Path | None) -> Images:
    """The preprocessed images that calibrate a variant, (images, *input shape)."""
    if model.data is None:
        raise ConfigError(
            f"{model.file}: variant {variant!r} needs calibration images, and the model has no"
            " [data]"
        )
    dataset = open_dataset(model.data, data_root)
    check_separation(dataset)
    count = model.variants[variant].calibration_images
    picks = draw_calibration(dataset, count, seed_of(f"{model.id}-{variant}"))
    split = dataset.splits[Role.CALIBRATION]
    images = np.empty((count, *input_shape(model.preprocess)), np.float32)
    for row, index in enumerate(picks):
        images[row] = preprocess(split.load(index), model.preprocess)
    return images


def recipe(model: ModelSpec, variant: str, images: Images | None) -> Recipe:
    """What decides the bytes of a variant, as things stand."""
    try:
        source = sha256_of(model.weights)
    except OSError as error:
        raise ConfigError(
            f"{model.file}: weights = {model.weights.name!r} can't be read: {error}"
        ) from None
    return Recipe(
        model=model.id,
        variant=variant,
        source_sha256=source,
        data_sha256=None if images is None else hashlib.sha256(images.tobytes()).hexdigest(),
        settings=asdict(model.variants[variant]),
        versions=converter_versions(),
    )


@dataclass(frozen=True, kw_only=True)
class Built:
    """The artifacts by variant, and why others could not be made here: their data is absent."""

    artifacts: Mapping[str, Artifact]
    absent: Mapping[str, Absent]


def build(
    model: ModelSpec,
    variants: Iterable[str],
    *,
    cache: Path,
    data_root: Path | None,
    report: Reporter,
) -> Built:
    """The artifacts of a model's variants, from the cache or made now in one converter process.

    One run at a time builds a model; another waits and finds them made. BuildUnavailable without
    TensorFlow, BuildFailed where a conversion fails.
    """
    recipes: dict[str, Recipe] = {}
    calibration: dict[str, Images] = {}
    absent: dict[str, Absent] = {}
    for name in variants:
        if METHODS[model.variants[name].method].calibrates:
            try:
                calibration[name] = calibration_images(model, name, data_root)
            except Absent as error:
                absent[name] = error
                continue
        recipes[name] = recipe(model, name, calibration.get(name))
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / f"{model.id}.lock"):
        missing = {n: r for n, r in recipes.items() if cached(cache, r) is None}
        if missing:
            _convert(model, missing, calibration, cache, report)
    artifacts = {n: read_artifact(cache_path(cache, r), model.id, n) for n, r in recipes.items()}
    return Built(artifacts=artifacts, absent=absent)


def _convert(
    model: ModelSpec,
    recipes: Mapping[str, Recipe],
    calibration: Mapping[str, Images],
    cache: Path,
    report: Reporter,
) -> None:
    """Make the artifacts in a converter process, and put each into the cache when it is whole."""
    if find_spec("tensorflow") is None:
        raise BuildUnavailable(
            f"{model.id}: {', '.join(recipes)} must be built, and TensorFlow isn't installed;"
            " install edgeassay[build], or copy artifacts made elsewhere by `edgeassay build --out"
            " DIR` and pass --artifacts DIR"
        )
    with tempfile.TemporaryDirectory(prefix="edgeassay-") as scratch:
        jobs = []
        outputs: dict[str, Recipe] = {}
        for name, made_from in recipes.items():
            images = None
            if name in calibration:
                images = f"{scratch}/{name}.npy"
                np.save(images, calibration[name], allow_pickle=False)
            output = f"{scratch}/{name}.tflite"
            outputs[output] = made_from
            method = METHODS[model.variants[name].method]
            jobs.append({"module": method.module, "calibration": images, "output": output})
        job = Path(scratch, "job.json")
        job.write_text(json.dumps({"weights": str(model.weights), "jobs": jobs}), encoding="utf-8")
        label = f"building {model.id}: {', '.join(recipes)}"
        with (
            report(label, len(jobs)) as advance,
            Path(scratch, "log").open("w+b") as log,
        ):
            process = subprocess.Popen(
                [sys.executable, "-m", "edgeassay.variants.convert", str(job)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
            with process:
                assert process.stdout is not None
                for line in process.stdout:
                    output = line.strip()
                    made_from = outputs[output]
                    data = Path(output).read_bytes()
                    write_artifact(cache_path(cache, made_from), data, made_from)
                    advance(1)
            if process.returncode:
                raise BuildFailed(_failure(model, Path(scratch, "log").read_bytes()))


def _failure(model: ModelSpec, log: bytes) -> str:
    lines = [line.strip() for line in log.decode("utf-8", "replace").splitlines() if line.strip()]
    last = lines[-1][:400] if lines else "it said nothing"
    return f"{model.id}: {model.weights.name} could not be converted: {last}"


def export(artifact: Artifact, folder: Path) -> Path:
    """Copy an artifact and its manifest to where `--artifacts folder` looks for it."""
    path = prebuilt_path(folder, artifact.model, artifact.variant)
    assert artifact.manifest is not None, "what this project builds has a manifest"
    facts = asdict(artifact.manifest)
    del facts["sha256"], facts["size_bytes"]
    write_artifact(path, artifact.path.read_bytes(), Recipe(**facts))
    return path


def prebuilt_path(folder: Path, model: str, variant: str) -> Path:
    """Where a folder of prebuilt artifacts has a variant."""
    return folder / model / f"{variant}.tflite"
