"""From a trained network to artifacts: recipes, the cache, and the converter process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

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
from edgeassay.converter import CONVERTER_MODULE, Job, convert
from edgeassay.datasets import check_separation, draw_calibration, load_images, open_dataset
from edgeassay.errors import Absent, ArtifactError, BuildFailed, BuildUnavailable, ConfigError
from edgeassay.preprocess import Images
from edgeassay.progress import Reporter
from edgeassay.spec import ModelSpec, Role
from edgeassay.variants import METHODS, Method

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


def code_versions(method: Method) -> dict[str, str]:
    """The digests of our own code that makes the bytes: a change there makes another artifact."""
    found = {}
    for module in (CONVERTER_MODULE, method.module):
        spec = find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        found[module] = sha256_of(Path(spec.origin))[:16]
    return found


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
    return load_images(dataset.splits[Role.CALIBRATION], picks, model.preprocess)


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
        versions=converter_versions() | code_versions(METHODS[model.variants[variant].method]),
    )


@dataclass(frozen=True, kw_only=True)
class Built:
    """The artifacts by variant, and why others are missing: absent data, a failed conversion."""

    artifacts: Mapping[str, Artifact]
    missing: Mapping[str, Absent | BuildFailed]


def build(
    model: ModelSpec,
    variants: Iterable[str],
    *,
    cache: Path,
    data_root: Path | None,
    report: Reporter,
) -> Built:
    """The artifacts of a model's variants, from the cache or made now.

    One run at a time builds a model; another waits and finds them made. BuildUnavailable without
    TensorFlow.
    """
    recipes: dict[str, Recipe] = {}
    calibration: dict[str, Images] = {}
    missing: dict[str, Absent | BuildFailed] = {}
    for name in variants:
        if METHODS[model.variants[name].method].calibrates:
            try:
                calibration[name] = calibration_images(model, name, data_root)
            except Absent as error:
                missing[name] = error
                continue
        recipes[name] = recipe(model, name, calibration.get(name))
    with _lock(cache / f"{model.id}.lock"):
        wanted = {n: r for n, r in recipes.items() if cached(cache, r) is None}
        if wanted:
            missing |= _make(model, wanted, calibration, cache, report)
    artifacts = {
        name: read_artifact(cache_path(cache, made_from), model.id, name)
        for name, made_from in recipes.items()
        if name not in missing
    }
    return Built(artifacts=artifacts, missing=missing)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Keep other runs from building the same model; ConfigError where the cache can't be used."""
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise ConfigError(f"the artifact cache {path.parent} can't be used: {error}") from None
    try:
        yield
    finally:
        lock.release()


def _make(
    model: ModelSpec,
    recipes: Mapping[str, Recipe],
    calibration: Mapping[str, Images],
    cache: Path,
    report: Reporter,
) -> Mapping[str, BuildFailed]:
    """Convert what the cache hasn't, and put each artifact there when it is whole."""
    if find_spec("tensorflow") is None:
        raise BuildUnavailable(
            f"{model.id}: {', '.join(recipes)} must be built, and TensorFlow isn't installed;"
            " install edgeassay[build], or copy artifacts made elsewhere by `edgeassay build --out"
            " DIR` and pass --artifacts DIR"
        )
    jobs = {
        name: Job(
            module=METHODS[model.variants[name].method].module, calibration=calibration.get(name)
        )
        for name in recipes
    }
    with report(f"building {model.id}: {', '.join(recipes)}", len(jobs)) as advance:

        def keep(name: str, data: bytes) -> None:
            write_artifact(cache_path(cache, recipes[name]), data, recipes[name])
            advance(1)

        return convert(model, jobs, keep)


def export(artifact: Artifact, folder: Path) -> Path:
    """Copy an artifact and its manifest to where `--artifacts folder` looks for it."""
    path = prebuilt_path(folder, artifact.model, artifact.variant)
    assert artifact.manifest is not None, "what this project builds has a manifest"
    facts = asdict(artifact.manifest)
    del facts["sha256"], facts["size_bytes"]
    write_artifact(path, artifact.path.read_bytes(), Recipe(**facts))
    return path


def check_current(artifact: Artifact, model: ModelSpec) -> None:
    """ArtifactError where a prebuilt artifact is of other weights or settings than the model's."""
    made_from = artifact.manifest
    if made_from is None or not model.weights.exists():
        return
    current = {
        "weights": (made_from.source_sha256, sha256_of(model.weights)),
        "settings": (made_from.settings, asdict(model.variants[artifact.variant])),
    }
    for what, (then, now) in current.items():
        if then != now:
            raise ArtifactError(
                f"{artifact.path} was made from other {what} than {model.file} declares now; build"
                " it again"
            )


def prebuilt_path(folder: Path, model: str, variant: str) -> Path:
    """Where a folder of prebuilt artifacts has a variant."""
    return folder / model / f"{variant}.tflite"
