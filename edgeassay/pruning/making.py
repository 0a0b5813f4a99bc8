"""A pruned network made: what was begun is gone on with, and what came of it is written.

The [build] extra is needed where something is made, and loads there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from edgeassay.atomic import check_replaceable, locked, remove, write_bytes, write_text
from edgeassay.errors import ArtifactError, BuildUnavailable, ConfigError, why
from edgeassay.progress import ConsoleReporter
from edgeassay.pruning.wiring import Cost, Wiring, channels, everything, total
from edgeassay.spec import ModelSpec, Pruning
from edgeassay.training.checkpoints import read_state, save_state
from edgeassay.training.command import quiet, versions
from edgeassay.training.fine_tuning import Epoch, State
from edgeassay.training.material import Material, load_material
from edgeassay.training.objective import OBJECTIVES
from edgeassay.variants.pruned import FACTS, check_pruned, pruning_of, read_facts

if TYPE_CHECKING:
    from edgeassay.pruning.subject import Subject
    from edgeassay.pruning.tuning import Tuning

# What prunes and trains, whose versions are kept with what came of it.
PACKAGES: Final = ("tensorflow", "tensorflow-cpu", "keras")
# What people call what is made less.
SAID: Final = {Cost.PARAMETERS: "parameters", Cost.MACS: "MACs"}


def prune(spec: ModelSpec, name: str, root: Path, *, again: bool, console: Console) -> None:
    """Make the network of a variant, unless it is there."""
    settings, target = settings_of(spec, name), spec.network(name)
    with suppress(ArtifactError):
        if not again:
            check_pruned(spec, name)
            facts = read_facts(spec, name)
            console.print(f"{target} is pruned already: {_told(facts, spec)}; --again prunes anew")
            return
    try:
        expected = pruning_of(spec, name)
    except OSError as error:
        raise ConfigError(
            f"{spec.file}: {Path(error.filename).name!r}, which {name} is pruned from, can't be"
            f" read: {why(error)}; copy it there{_or_make(spec, settings)}"
        ) from None
    check_replaceable(target)
    check_installed(spec)
    kept = root / ".assay" / "pruning" / f"{spec.id}-{name}.npz"
    with locked(
        kept.with_suffix(".lock"),
        f"{kept.parent} can't be used",
        "make it writable: it keeps what an interrupted pruning goes on from",
    ):
        if again:
            remove(kept)
        subject = open_for_pruning(spec, name)
        material, data_sha256 = load_material(spec, settings, ConsoleReporter(console))
        identity = {**expected, "data_sha256": data_sha256, "versions": versions(PACKAGES)}
        tuning = tuning_of(subject, material)
        state = _run(subject, tuning, identity, kept, console)
        facts = _write(target, subject, tuning, state, identity)
        remove(kept)
    console.print(f"wrote {target}: {target.stat().st_size:,} bytes, {_told(facts, spec)}")


def _or_make(spec: ModelSpec, settings: Pruning) -> str:
    """What else can be done where the network that is begun with isn't there."""
    if settings.start is None:
        return ", or name another as `weights`"
    return f", or make it by `edgeassay prune {spec.id} --variant {settings.start}`"


def settings_of(spec: ModelSpec, name: str) -> Pruning:
    """How a variant is pruned."""
    settings = spec.variants[name].pruning
    assert settings is not None, "it was asked for"
    return settings


def open_for_pruning(spec: ModelSpec, name: str) -> Subject:
    """What is pruned; Keras loads here."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet():
        from edgeassay.pruning.subject import open_subject

        return open_subject(spec, name)


def tuning_of(subject: Subject, material: Material) -> Tuning:
    """The network, ready to be pruned and trained."""
    from edgeassay.pruning.tuning import Tuning

    return Tuning(subject.begin, subject.teacher, subject.settings, material, subject.budget)


def _run(
    subject: Subject, tuning: Tuning, identity: Mapping[str, Any], kept: Path, console: Console
) -> State:
    """Prune, saying how every epoch ended, from where an interrupted one of this kind ended."""
    state = read_state(kept, identity)
    if state is not None:
        console.print(f"going on after epoch {state.epochs[-1].number}, from {kept}")

    def keep(reached: State) -> None:
        save_state(kept, reached, identity)
        epoch, left = reached.epochs[-1], tuning.left
        words = f"{subject.times_fewer(left):.4g}x fewer {subject.budget.cost.value}"
        console.print(_line(epoch, subject.settings, tuning.objective.measure, words))

    return tuning.run(state, keep)


def _line(epoch: Epoch, settings: Pruning, measure: str, size: str) -> str:
    """How an epoch ended, for people."""
    quality = f"validation {measure} {epoch.quality:.4f}"
    if epoch.loss is None:
        return f"before pruning  {size}  {quality}"
    number = f"epoch {epoch.number:3d} of {settings.total_epochs}"
    return f"{number}  {size}  loss {epoch.loss:.4f}  {quality}"


def _write(
    target: Path, subject: Subject, tuning: Tuning, state: State, identity: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Write the network of the chosen epoch and its facts, which are returned."""
    from edgeassay.pruning.keeping import network_bytes
    from edgeassay.pruning.reading import read_network
    from edgeassay.pruning.tuning import chosen

    data, network = network_bytes(tuning.finished(state))
    wiring, measure = read_network(network, str(target)), tuning.objective.measure.lower()
    facts = {
        **identity,
        "network_sha256": hashlib.sha256(data).hexdigest(),
        "epoch": chosen(state.epochs, subject.settings).number,
        f"validation_{measure}_before": state.epochs[0].quality,
        f"validation_{measure}": tuning.quality(network),
        **{cost.value: _change(subject.whole, wiring, cost) for cost in Cost},
        "channels": {
            node.name: channels(wiring, node, everything(wiring))[1] for node in wiring.multiplying
        },
    }
    # What is there says nothing of what comes.
    remove(target.with_suffix(FACTS))
    write_bytes(target, data)
    write_text(target.with_suffix(FACTS), json.dumps(facts, indent=2, sort_keys=True) + "\n")
    return facts


def _change(whole: Wiring, wiring: Wiring, cost: Cost) -> dict[str, int]:
    """What the model's own network has of a cost, and the pruned one."""
    return {
        "reference": total(whole, everything(whole), cost),
        "pruned": total(wiring, everything(wiring), cost),
    }


def _told(facts: Mapping[str, Any], spec: ModelSpec) -> str:
    """What came of a pruning, in words."""
    measure = OBJECTIVES[spec.task].measure
    words = []
    for cost in Cost:
        left = facts[cost]["pruned"]
        words.append(f"{left:,} {SAID[cost]} ({facts[cost]['reference'] / left:.4g}x fewer)")
    quality = facts[f"validation_{measure.lower()}"]
    return f"{', '.join(words)}, epoch {facts['epoch']}, validation {measure} {quality:.4f}"


def check_installed(spec: ModelSpec) -> None:
    """BuildUnavailable without TensorFlow."""
    if find_spec("tensorflow") is None:
        raise BuildUnavailable(
            f"{spec.id}: pruning needs tensorflow, which isn't installed; install edgeassay[build]"
        )
