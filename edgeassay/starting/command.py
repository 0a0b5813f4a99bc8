"""`edgeassay init`: what it does with its options."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgeassay.config import catalogue, choose, load_devices
from edgeassay.devices import start_worker
from edgeassay.errors import Absent, ConfigError
from edgeassay.machine import this_machine
from edgeassay.options import read_shapes
from edgeassay.progress import ConsoleReporter
from edgeassay.project import CHECKOUT, device_folders, project_folder
from edgeassay.recognition import recognise
from edgeassay.report.unjudged import not_judged
from edgeassay.runs.records import plain
from edgeassay.spec import ENGINES, RuntimeSpec
from edgeassay.starting.folder import Started, start_model
from edgeassay.starting.given import read_given
from edgeassay.starting.tensors import Tensors, Ways
from edgeassay.tflite_signatures import FileTensor
from edgeassay.worker.sizes import told
from edgeassay.workers import Worker


def init_command(
    name: str,
    *,
    artifact: list[str] | None,
    keras: Path | None,
    saved_model: Path | None,
    tflite: Path | None,
    shape: list[str] | None,
    signature: str | None,
    runtime: list[str] | None,
    models_dir: Path | None,
    devices_dir: list[Path] | None,
) -> None:
    """What `edgeassay init` does with its options."""
    given = read_given(artifact or [], keras=keras, saved_model=saved_model, tflite=tflite)
    project = project_folder() / "models"
    if models_dir is None and not project.is_dir():
        raise ConfigError(f"there is no {project}; give a folder of models with --models-dir PATH")
    started = start_model(
        name,
        given,
        models_dir or project,
        project_models=project,
        ways=Ways(
            runtimes=_runtimes(runtime or []),
            shapes=read_shapes(shape),
            signature=signature,
        ),
        start=partial(_start_worker, devices_dir or []),
        report=ConsoleReporter(Console(stderr=True)),
    )
    console = Console(highlight=False)
    console.print(_tensor_table(started))
    for line in _graphs(started):
        console.print(line, markup=False, soft_wrap=True)
    for line in (
        *started.notes,
        f"made {started.folder}: {', '.join(started.files)}",
        "",
        "1. Judge it: size, loading, finite outputs and speed need no data.",
        f"     {_judging(started.folder, models_dir)}",
        f"2. Read {started.folder / 'model.toml'}: agree on its limits, and fill in [data]",
        "   for diagnostic quality, which is unmeasured until then.",
    ):
        console.print(line, markup=False, soft_wrap=True)


def _runtimes(wanted: Sequence[str]) -> dict[str, RuntimeSpec]:
    """The runtimes of the catalogue, or the engines, that `--runtime` names."""
    engines = {
        name: RuntimeSpec(engine=name) for name, traits in ENGINES.items() if not traits.targets
    }
    known = {**engines, **catalogue()}
    choose("runtime", wanted, known)
    return {name: known[name] for name in dict.fromkeys(wanted)}


def _graphs(started: Started) -> Iterator[str]:
    """Which graphs of the files aren't judged."""
    said = {variant: not_judged(tensors.facts) for variant, tensors in started.tensors.items()}
    for variant, words in said.items():
        if words is not None:
            yield f"{variant}: {words}"
    if started.left:
        left = ", ".join(map(repr, started.left))
        yield f"nothing is made of the SavedModel's signatures {left}"
    if started.left or any(said.values()):
        yield "Another one is judged with --signature NAME, in a model of its own."


def _start_worker(devices_dir: Sequence[Path], runtime: RuntimeSpec, label: str) -> Worker:
    """A worker as this machine's profile has it."""
    devices = load_devices(device_folders(devices_dir), project_folder())
    device, _ = recognise(devices, this_machine(), None)
    try:
        return start_worker(device, runtime, label=label)
    except Absent as error:
        raise Absent(f"{label}: {error}") from None


def _judging(folder: Path, models_dir: Path | None) -> str:
    """The command that judges a new model alone; pytest runs in the checkout."""
    words = ["pytest", "--benchmark", "--model", folder.name]
    here = Path.cwd() == CHECKOUT
    if folder.parent != CHECKOUT / "models":
        words[2:2] = ["--models-dir", str(models_dir if here else folder.parent)]
    return shlex.join(words) if here else f"cd {shlex.quote(str(CHECKOUT))} && {shlex.join(words)}"


def _tensor_table(started: Started) -> Table:
    """The inputs and outputs of every artifact, of each of its signatures if it has several."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    several = any(tensors.facts for tensors in started.tensors.values())
    columns = ["variant", *(["signature"] if several else []), "", "name", "type", "shape"]
    for column in (*columns, "scale", "zero point"):
        wide = column in ("name", "shape")
        table.add_column(column, overflow="fold", no_wrap=not wide)
    for variant, tensors in started.tensors.items():
        for signature, side, tensor in _tensors(tensors):
            scale = [f"{tensor.scale:.6g}", str(tensor.zero_point)] if tensor.scale else []
            cells = [variant, *([plain(signature)] if several else []), side]
            cells += [plain(tensor.name), tensor.dtype, told(tensor.shape), *scale]
            table.add_row(*map(Text, cells))
    return table


def _tensors(tensors: Tensors) -> Iterator[tuple[str, str, FileTensor]]:
    """Every input and output, with what its graph is called. Those that are judged come first, by
    their own names, which model.toml needs, after what the signature calls them.
    """
    called = f"{tensors.facts.get('signatures', {}).get('judged') or 'main graph'} (judged)"
    for side, group in (("input", tensors.inputs), ("output", tensors.outputs)):
        for one in group:
            argument = tensors.arguments.get(one.name) if tensors.facts else None
            name = one.name if argument in (None, "", one.name) else f"{argument} ({one.name})"
            shown = FileTensor(
                name=name,
                shape=one.shape,
                dtype=one.holds,
                scale=one.scale,
                zero_point=one.zero_point,
            )
            yield called, side, shown
    for signature, ends in tensors.others.items():
        for side, declared in (("input", ends.inputs), ("output", ends.outputs)):
            for tensor in declared:
                yield signature, side, replace(tensor, name=tensor.argument or tensor.name)
