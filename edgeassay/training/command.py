"""`edgeassay train`: what it does with its options."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import typer
from rich.console import Console

from edgeassay.atomic import check_replaceable, locked, remove, sha256_of, write_bytes
from edgeassay.config import choose, load_models
from edgeassay.errors import (
    Absent,
    ArtifactError,
    BuildFailed,
    BuildUnavailable,
    ConfigError,
    why,
)
from edgeassay.progress import ConsoleReporter
from edgeassay.project import project_folder
from edgeassay.spec import ModelSpec, VariantSpec
from edgeassay.training.checkpoints import read_state, save_state
from edgeassay.training.fine_tuning import Epoch, FineTuning, State
from edgeassay.training.material import Material, load_material
from edgeassay.training.objective import OBJECTIVES
from edgeassay.variants import method_of, trains
from edgeassay.variants.trained import Trained, pack, read_trained, training_of

MISSING: Final = 4
INTERRUPTED: Final = 130
# What trains, whose versions are kept with what was trained.
PACKAGES: Final = ("tensorflow", "tensorflow-cpu", "tf-keras", "tensorflow-model-optimization")


def train_command(
    model: str,
    variant: str,
    *,
    again: bool,
    models_dir: list[Path] | None,
) -> None:
    """What `edgeassay train` does with its options."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    root = project_folder()
    models = load_models([root / "models", *(models_dir or [])], root)
    spec = models[choose("model", [model], models, given_as="MODEL")[0]]
    choose("variant", [variant], spec.variants)
    declared = spec.variants[variant]
    if not trains(declared):
        able = [name for name, found in spec.variants.items() if trains(found)]
        raise ConfigError(
            f"--variant {variant}: {spec.file} makes it without training; trained variants:"
            f" {', '.join(able) or 'none'}"
        )
    try:
        _train(spec, variant, root, again=again, console=console)
    except BuildFailed as error:
        raise BuildFailed(f"{spec.id}/{variant} can't be trained: {error}") from None
    except (Absent, BuildUnavailable) as error:
        console.print(f"edgeassay: {error}")
        raise typer.Exit(MISSING) from None
    except KeyboardInterrupt:
        console.print("edgeassay: interrupted; the same command goes on after the last whole epoch")
        raise typer.Exit(INTERRUPTED) from None


def _train(spec: ModelSpec, name: str, root: Path, *, again: bool, console: Console) -> None:
    variant = spec.variants[name]
    network, measure = spec.network(name), OBJECTIVES[spec.task].measure
    assert variant.weights is not None, "`check_training` has seen to it"
    assert variant.training is not None, "likewise"
    target = spec.folder / variant.weights
    try:
        expected = training_of(variant, sha256_of(network))
    except OSError as error:
        raise ConfigError(
            f"{spec.file}: {network.name!r}, the network of {name}, can't be read: {why(error)};"
            " copy it there, or name another"
        ) from None
    with suppress(ArtifactError):
        if not again:
            facts = read_trained(target, spec.id, name, expected).facts
            console.print(
                f"{target} is trained already: epoch {facts['epoch']}, validation {measure}"
                f" {facts[f'validation_{measure.lower()}']:.4f}; --again trains it anew"
            )
            return
    check_replaceable(target)
    _check_installed(spec, variant)
    kept = root / ".assay" / "training" / f"{spec.id}-{name}.npz"
    with locked(
        kept.with_suffix(".lock"),
        f"{kept.parent} can't be used",
        "make it writable: it keeps what an interrupted training goes on from",
    ):
        if again:
            remove(kept)
        material, data_sha256 = load_material(spec, variant.training, ConsoleReporter(console))
        identity = {**expected, "data_sha256": data_sha256, "versions": versions()}
        tuning = _open(network, variant, material)
        state = _fine_tune(tuning, identity, kept, console)
        facts = {
            **identity,
            "epoch": state.chosen.number,
            f"validation_{measure.lower()}": state.chosen.quality,
            f"validation_{measure.lower()}_before": state.epochs[0].quality,
        }
        data = pack(Trained(arrays=state.best, facts=facts))
        write_bytes(target, data)
        remove(kept)
    console.print(
        f"wrote {target}: {len(data):,} bytes, epoch {state.chosen.number}, validation"
        f" {measure} {state.chosen.quality:.4f}"
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Throw away what libraries write on stderr when they load, below Python."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _open(weights: Path, variant: VariantSpec, material: Material) -> FineTuning:
    """The network, ready to be trained; its libraries load here."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet():
        from edgeassay.networks import open_network

        return FineTuning(open_network(weights), variant, material)


def _fine_tune(
    tuning: FineTuning, identity: Mapping[str, Any], kept: Path, console: Console
) -> State:
    """Train, saying how every epoch ended, from where an interrupted one of this kind ended."""
    state = read_state(kept, identity)
    if state is not None:
        console.print(f"going on after epoch {state.epochs[-1].number}, from {kept}")

    def keep(reached: State) -> None:
        save_state(kept, reached, identity)
        measure = tuning.objective.measure
        console.print(_line(reached.epochs[-1], tuning.settings.epochs, measure))

    return tuning.run(state, keep)


def _line(epoch: Epoch, epochs: int, measure: str) -> str:
    """How an epoch ended, for people."""
    if epoch.loss is None:
        return f"before training                validation {measure} {epoch.quality:.4f}"
    number = f"epoch {epoch.number:3d} of {epochs}"
    return f"{number}  loss {epoch.loss:.4f}  validation {measure} {epoch.quality:.4f}"


def _check_installed(spec: ModelSpec, variant: VariantSpec) -> None:
    method = method_of(variant)
    assert method is not None, "a variant that is trained has a method"
    absent = [module for module in ("tensorflow", *method.modules) if find_spec(module) is None]
    if absent:
        raise BuildUnavailable(
            f"{spec.id}: training by {variant.method} needs {' and '.join(absent)}, which isn't"
            " installed; install edgeassay[build]"
        )


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """The versions of what trains, as far as it is installed."""
    found = {}
    for name in packages:
        with suppress(metadata.PackageNotFoundError):
            found[name.removesuffix("-cpu")] = metadata.version(name)
    return found
