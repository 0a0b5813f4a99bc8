"""`edgeassay init`: what it does with its options."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgeassay.config import load_devices
from edgeassay.devices import start_worker
from edgeassay.errors import Absent, ConfigError
from edgeassay.machine import this_machine
from edgeassay.options import read_shapes
from edgeassay.progress import ConsoleReporter
from edgeassay.project import CHECKOUT, device_folders, project_folder
from edgeassay.recognition import recognise
from edgeassay.spec import RuntimeSpec
from edgeassay.starting.folder import Started, start_model
from edgeassay.starting.given import read_given
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
        shapes=read_shapes(shape),
        start=partial(_start_worker, devices_dir or []),
        report=ConsoleReporter(Console(stderr=True)),
    )
    console = Console(highlight=False)
    console.print(_tensor_table(started))
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
    """The inputs and outputs of every artifact."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in ("variant", "", "name", "type", "shape", "scale", "zero point"):
        table.add_column(column, overflow="fold", no_wrap=column not in ("name", "shape"))
    for variant, tensors in started.tensors.items():
        rows = [("input", t) for t in tensors.inputs] + [("output", t) for t in tensors.outputs]
        for side, tensor in rows:
            scale = [f"{tensor.scale:.6g}", str(tensor.zero_point)] if tensor.scale else []
            shape = told(tensor.shape)
            cells = [variant, side, tensor.name, tensor.holds, shape, *scale]
            table.add_row(*(Text(cell) for cell in cells))
    return table
