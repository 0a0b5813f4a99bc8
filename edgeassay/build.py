"""From a trained network to artifacts: recipes, the cache, and the converter process."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from edgeassay.artifacts import (
    Artifact,
    Recipe,
    cache_path,
    cached,
    foreign_artifact,
    read_artifact,
    write_artifact,
)
from edgeassay.atomic import locked, private_folder, remove, sha256_of, write_bytes
from edgeassay.converter import CONVERTER_MODULE, Job, convert, source_kind
from edgeassay.datasets import OpenData, check_separation, draw_calibration, load_images
from edgeassay.errors import (
    Absent,
    ArtifactError,
    BuildFailed,
    BuildUnavailable,
    ConfigError,
    DataError,
    why,
)
from edgeassay.plain_files import read_plain
from edgeassay.preprocess import Images
from edgeassay.progress import Reporter
from edgeassay.spec import FORMATS, ModelSpec, Role, VariantSpec
from edgeassay.temporary import sweep
from edgeassay.variants import PRECISIONS, Method, calibrates, method_of, options_of, precisions
from edgeassay.variants.pruned import check_pruned
from edgeassay.variants.trained import read_trained, training_of

Missing: TypeAlias = Absent | ArtifactError | BuildFailed

# What converts a network, by what it is kept as.
CONVERTERS: Final = {
    "keras": ("tensorflow", "tensorflow-cpu", "keras"),
    "saved_model": ("tensorflow", "tensorflow-cpu"),
    "tflite": ("ai-edge-quantizer", "ai-edge-litert"),
}
# The module that must be there for it, and its name for people.
NEEDED: Final = {
    "keras": ("tensorflow", "TensorFlow"),
    "saved_model": ("tensorflow", "TensorFlow"),
    "tflite": ("ai_edge_quantizer", "ai-edge-quantizer"),
}

ONE_IMAGE: Final = "edgeassay.variants.one_image"


def converter_versions(kind: str, method: Method | None = None) -> dict[str, str]:
    """The versions of what converts, by a method if need be, without importing it."""
    found = {}
    for name in (*CONVERTERS[kind], *(method.packages if method else ())):
        with suppress(metadata.PackageNotFoundError):
            found[name.removesuffix("-cpu")] = metadata.version(name)
    return found


def code_versions(method: Method, kind: str) -> dict[str, str]:
    """The digests of our own code that makes the bytes: a change there makes another artifact."""
    found = {}
    loading = {
        "keras": ("edgeassay.networks", ONE_IMAGE),
        "saved_model": (ONE_IMAGE,),
    }.get(kind, ())
    for module in (CONVERTER_MODULE, *loading, method.module, *method.code):
        spec = find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        found[module] = sha256_of(Path(spec.origin))[:16]
    if precisions.__module__ in method.code:
        found[PRECISIONS.name] = sha256_of(PRECISIONS)[:16]
    return found


def seed_of(name: str) -> int:
    """A seed that depends on nothing but a name."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8")).digest()[:4], "big")


def settings_of(variant: VariantSpec) -> dict[str, Any]:
    """What a manifest keeps of a variant's declaration: all that decides its bytes."""
    given = {
        key: value
        for key, value in asdict(variant).items()
        if value not in (None, {}, ()) and value is not False and key != "on_request"
    }
    return dict(json.loads(json.dumps(given)))  # as a manifest has it: lists, not tuples


def source_digest(model: ModelSpec, name: str) -> str:
    """The SHA-256 of what a variant is made from: the trained network, and what was trained further
    for it, if anything. OSError where that can't be read.
    """
    variant = model.variants[name]
    network = sha256_of(model.network(name))
    if variant.weights is None:
        return network
    further = sha256_of(model.folder / variant.weights)
    return hashlib.sha256(f"{network} {further}".encode("ascii")).hexdigest()


def _check_trained(model: ModelSpec, name: str) -> None:
    """ArtifactError where what was trained for a variant isn't there, or isn't for this network."""
    variant = model.variants[name]
    if variant.weights is not None and model.network(name).is_file():
        expected = training_of(variant, sha256_of(model.network(name)))
        read_trained(model.folder / variant.weights, model.id, name, expected)


def calibration_images(model: ModelSpec, variant: str, open_data: OpenData) -> Images:
    """The preprocessed images that calibrate a variant, (images, *input shape)."""
    assert model.data is not None, "a variant that calibrates is refused without [data]"
    assert model.preprocess is not None, "[data] is refused without [preprocess]"
    dataset = open_data(model.data, decoding=model.decoding)
    check_separation(dataset)
    count = model.variants[variant].calibration_images
    split = dataset.splits.get(Role.CALIBRATION)
    if split is not None and count > len(split):
        raise ConfigError(
            f"{model.file}: variants.{variant}.calibration_images = {count}, and split"
            f" {split.name!r} of {dataset.where} has {len(split)} images; ask for at most as many"
        )
    # By the method, so that a variant that was tried under another name is the same.
    picks = draw_calibration(
        dataset, count, seed_of(f"{model.id}-{model.variants[variant].method}")
    )
    drawn = dataset.splits[Role.CALIBRATION]
    images = load_images(drawn, picks, model.preprocess)
    if is_constant(images):
        raise DataError(
            f"{model.file}: the {count} images of split {drawn.name!r} of {dataset.where} that"
            f" calibrate {variant} are all the same picture, or each of one grey, and activations"
            " have no range on them; mend the split, or name another as data.splits.calibration"
        )
    return images


def is_constant(images: Images) -> bool:
    """Whether images show a network nothing: none has anything on it, or all are one picture."""
    blank = all(np.ptp(image) == 0.0 for image in images)
    return blank or (len(images) > 1 and all(np.array_equal(images[0], i) for i in images[1:]))


def _settings_of(model: ModelSpec, variant: str) -> dict[str, Any]:
    """What else than the trained network decides a variant's bytes: of a SavedModel also which of
    its signatures is converted.
    """
    settings = settings_of(model.variants[variant])
    made = model.variants[variant].artifact is None
    if model.signature is None or not made or source_kind(model.network(variant)) != "saved_model":
        return settings
    return {**settings, "signature": model.signature}


def recipe(model: ModelSpec, variant: str, images: Images | None) -> Recipe:
    """What decides the bytes of a variant that is made from the trained network."""
    method, network = method_of(model.variants[variant]), model.network(variant)
    assert method is not None, "an artifact from elsewhere has no recipe"
    kind = source_kind(network)
    try:
        if kind == "saved_model" and not (network / "saved_model.pb").is_file():
            raise ConfigError(
                f"{model.file}: weights = {network.name!r} is no SavedModel's folder (it has"
                " no saved_model.pb), no .keras and no .tflite; name one of them"
            )
        source = source_digest(model, variant)
    except OSError as error:
        key = "weights" if network == model.weights else f"variants.{variant}.network"
        raise ConfigError(
            f"{model.file}: {key} = {network.name!r} can't be read: {why(error)}; copy it"
            f" there, or mend `{key.rpartition('.')[2]}`"
        ) from None
    return Recipe(
        model=model.id,
        variant=variant,
        source_sha256=source,
        data_sha256=None if images is None else hashlib.sha256(images.tobytes()).hexdigest(),
        settings=_settings_of(model, variant),
        versions=converter_versions(kind, method) | code_versions(method, kind),
    )


@dataclass(frozen=True, kw_only=True)
class Built:
    """The artifacts by variant, and why others are missing: absent data, a failed conversion, a
    file that isn't there or isn't what was declared. `notes` says in what a network that was
    converted now is unlike the one given.
    """

    artifacts: Mapping[str, Artifact]
    missing: Mapping[str, Missing]
    notes: tuple[str, ...] = ()


def own_artifact(model: ModelSpec, variant: str) -> Artifact:
    """The artifact that the model.toml itself names for a variant."""
    declared = model.variants[variant]
    assert declared.artifact is not None, "only for a variant from elsewhere"
    path = model.folder / declared.artifact
    return foreign_artifact(path, model.id, variant, declared.sha256, settings_of(declared))


def build(
    model: ModelSpec,
    variants: Iterable[str],
    *,
    cache: Path,
    open_data: OpenData,
    report: Reporter,
) -> Built:
    """The artifacts of a model's variants: from elsewhere, from the cache, or made now.

    One run at a time builds a model; another waits and finds them made. BuildUnavailable without
    the converter.
    """
    wanted = list(variants)
    artifacts: dict[str, Artifact] = {}
    recipes: dict[str, Recipe] = {}
    notes: tuple[str, ...] = ()
    calibration, missing = _calibrations(model, wanted, open_data)
    for name in wanted:
        try:
            if method_of(model.variants[name]) is None:
                artifacts[name] = own_artifact(model, name)
                continue
            check_pruned(model, name)
            _check_trained(model, name)
        except ArtifactError as error:
            missing[name] = error
        if name not in missing:
            recipes[name] = recipe(model, name, calibration.get(name))
    if recipes:
        private_folder(cache)
        with locked(
            cache / f"{model.id}.lock",
            f"the artifact cache {cache} can't be used",
            "choose another with --artifact-cache, or make it writable",
        ):
            sweep()  # a build that was killed may have been the last that had anything to convert
            sweep(cache / model.id)
            unmade = {n: r for n, r in recipes.items() if cached(cache, r) is None}
            if unmade:
                failures, notes = _make(model, unmade, calibration, cache, report)
                missing |= failures
    for name, made_from in recipes.items():
        if name not in missing:
            artifacts[name] = read_artifact(cache_path(cache, made_from), model.id, name)
    return Built(artifacts=artifacts, missing=missing, notes=notes)


def _calibrations(
    model: ModelSpec, variants: Iterable[str], open_data: OpenData
) -> tuple[dict[str, Images], dict[str, Missing]]:
    """The images that calibrate each variant that wants some, and where they aren't here. Variants
    that are calibrated alike share them.
    """
    loaded: dict[tuple[str | None, int], Images] = {}
    calibration: dict[str, Images] = {}
    missing: dict[str, Missing] = {}
    for name in variants:
        variant = model.variants[name]
        if not calibrates(variant):
            continue
        alike = (variant.method, variant.calibration_images)
        try:
            if alike not in loaded:
                loaded[alike] = calibration_images(model, name, open_data)
        except Absent as error:
            missing[name] = error
            continue
        calibration[name] = loaded[alike]
    return calibration, missing


def _make(
    model: ModelSpec,
    recipes: Mapping[str, Recipe],
    calibration: Mapping[str, Images],
    cache: Path,
    report: Reporter,
) -> tuple[Mapping[str, BuildFailed], tuple[str, ...]]:
    """Convert what the cache hasn't, and put each artifact there when it is whole."""
    failed: dict[str, BuildFailed] = {}
    notes: list[str] = []
    with report(f"building {model.id}: {', '.join(recipes)}", len(recipes)) as advance:

        def keep(name: str, data: bytes) -> None:
            write_artifact(cache_path(cache, recipes[name]), data, recipes[name])
            advance(1)

        for network in dict.fromkeys(model.network(name) for name in recipes):
            names = [name for name in recipes if model.network(name) == network]
            _check_converter(model, network, names)
            jobs = {name: _job(model, name, calibration.get(name)) for name in names}
            converted = convert(model, network, jobs, keep)
            failed |= converted.failures
            notes += converted.notes
    return failed, tuple(notes)


def _check_converter(model: ModelSpec, network: Path, names: Iterable[str]) -> None:
    """BuildUnavailable where what converts a network isn't installed."""
    module, needed = NEEDED[source_kind(network)]
    if find_spec(module) is None:
        raise BuildUnavailable(
            f"{model.id}: {', '.join(names)} must be built, and {needed} isn't installed;"
            " install edgeassay[build], or copy artifacts made elsewhere by `edgeassay build --out"
            " DIR` and pass --artifacts DIR"
        )


def _job(model: ModelSpec, name: str, images: Images | None) -> Job:
    variant = model.variants[name]
    method = method_of(variant)
    assert method is not None, "an artifact from elsewhere has no recipe"
    absent = [module for module in method.modules if find_spec(module) is None]
    if absent:
        raise BuildUnavailable(
            f"{model.id}/{name} must be built by method {variant.method!r}, and"
            f" {' and '.join(absent)} isn't installed; install edgeassay[build], or copy artifacts"
            " made elsewhere by `edgeassay build --out DIR` and pass --artifacts DIR"
        )
    options = options_of(variant)
    if variant.weights is not None:
        options["weights"] = str(model.folder / variant.weights)
    return Job(module=method.module, calibration=images, options=options)


def export(artifact: Artifact, folder: Path) -> Path:
    """Copy an artifact and its manifest to where `--artifacts folder` looks for it."""
    path = prebuilt_path(folder, artifact.model, artifact.variant, artifact.path.suffix)
    for suffix in FORMATS:  # the variant may have been of another one when it was last put there
        if suffix != artifact.path.suffix:
            remove(path.with_suffix(suffix))
    data = read_plain(artifact.path)
    if artifact.manifest is None:
        remove(path)
        remove(path.with_suffix(".json"))
        write_bytes(path, data)
        return path
    facts = asdict(artifact.manifest)
    del facts["sha256"], facts["size_bytes"]
    write_artifact(path, data, Recipe(**facts))
    return path


def check_current(artifact: Artifact, model: ModelSpec) -> None:
    """ArtifactError where a prebuilt artifact is of other bytes, weights or settings than declared.

    What it was made from is only known of one with a manifest.
    """
    made_from, variant = artifact.manifest, model.variants[artifact.variant]
    if variant.sha256 not in (None, artifact.sha256):
        raise ArtifactError(
            f"{artifact.path} isn't the artifact that {model.file} declares: its SHA-256 is"
            f" {artifact.sha256[:12]}…, and variants.{artifact.variant}.sha256 says"
            f" {str(variant.sha256)[:12]}…; copy the right one"
        )
    if made_from is None:
        return
    current: dict[str, tuple[object, object]] = {
        "settings": (made_from.settings, _settings_of(model, artifact.variant))
    }
    trained = variant.weights is None or (model.folder / variant.weights).exists()
    if variant.method is not None and trained and model.network(artifact.variant).exists():
        current["weights"] = (made_from.source_sha256, source_digest(model, artifact.variant))
    for what, (then, now) in current.items():
        if then != now:
            raise ArtifactError(
                f"{artifact.path} was made from other {what} than {model.file} declares now; build"
                " it again"
            )


def prebuilt_path(folder: Path, model: str, variant: str, suffix: str = ".tflite") -> Path:
    """Where a folder of prebuilt artifacts has a variant of a format."""
    return folder / model / f"{variant}{suffix}"
