"""The command line: what is done without pytest."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

import edgeassay
from edgeassay.ab import ab_command
from edgeassay.advising import advise_command
from edgeassay.baselines.command import app as baseline_app
from edgeassay.breakeven import break_even_command, overtake_command
from edgeassay.build import build, export
from edgeassay.comparing import compare_command
from edgeassay.config import choose, data_root, load_devices, load_models
from edgeassay.datasets import open_dataset
from edgeassay.datasets.checking import check_data
from edgeassay.devices import start_worker
from edgeassay.doctor.command import doctor_command
from edgeassay.emulation.command import emulators_command
from edgeassay.errors import Absent, ConfigError, EdgeassayError
from edgeassay.evidence_bundle import verify_command
from edgeassay.history.command import history_command
from edgeassay.judging.command import judge_command
from edgeassay.machine import this_machine
from edgeassay.matrix_report import matrix_command
from edgeassay.merge_gate import gate_command
from edgeassay.options import ModelsDirs
from edgeassay.progress import ConsoleReporter
from edgeassay.project import device_folders, project_folder
from edgeassay.pruning import prune_command
from edgeassay.pushing import push_command
from edgeassay.recognition import recognise
from edgeassay.report.data_check import print_data_check
from edgeassay.reporting.command import report_command
from edgeassay.runtimes.command import runtimes_command
from edgeassay.saliency import saliency_command
from edgeassay.search import search_command
from edgeassay.selecting import select_command
from edgeassay.selftest import selftest_command
from edgeassay.sensitivity import sensitivity_command
from edgeassay.spec import RuntimeSpec
from edgeassay.starting import Started, read_given, start_model
from edgeassay.training import train_command
from edgeassay.variants import contents_of
from edgeassay.workers import Worker

FAILED = 1
BAD_INPUT = 2
MISSING = 4

# The groups of `edgeassay --help`.
MODELS = "A model"
CHOOSING = "Which variant, and where it hurts"
JUDGING = "Judging and comparing builds"
DECIDING = "For those who decide"
DEVICES = "Devices and runtimes"

app = typer.Typer(
    help="Merge gates for compressed medical-imaging models. The suite itself runs with pytest.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"edgeassay {edgeassay.__version__}")
        raise typer.Exit


@app.command("build", rich_help_panel=MODELS)
def build_command(
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Write DIR/<model>/<variant>.tflite or .onnx with manifests.",
        ),
    ],
    model: Annotated[
        list[str] | None, typer.Option("--model", metavar="ID", help="Only this model; repeatable.")
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option("--variant", metavar="ID", help="Only this variant; repeatable."),
    ] = None,
    models_dir: ModelsDirs = None,
) -> None:
    """Build artifacts into a folder, for devices without TensorFlow (`pytest --artifacts DIR`).

    Unchanged inputs are not built again. The table shows by each file itself what its layers'
    weights and activations are; a layer that isn't what its variant asks for is said.
    Exit codes: 0 built, 2 bad input, 4 something could not be built (its calibration data is
    absent, its conversion fails): it is left out, and said.
    """
    console = Console(stderr=True)
    root = project_folder()
    models = load_models([root / "models", *(models_dir or [])], root)
    chosen = [models[name] for name in choose("model", model or [], models)]
    choose("variant", variant or [], dict.fromkeys(v for m in chosen for v in m.variants))
    data, cache = data_root(), root / ".assay" / "artifacts"
    open_data = partial(open_dataset, data_root=data)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(f"in {out}", no_wrap=True)
    table.add_column("bytes", no_wrap=True, justify="right")
    for column in ("weights", "activations", "SHA-256"):
        table.add_column(column, overflow="fold")
    lesser: list[str] = []
    missing: dict[str, list[str]] = {}
    for spec in chosen:
        names = [v for v in spec.variants if not variant or v in variant]
        made = build(spec, names, cache=cache, open_data=open_data, report=ConsoleReporter(console))
        for name, error in made.missing.items():
            missing.setdefault(str(error), []).append(f"{spec.id}/{name}")
        for artifact in made.artifacts.values():
            path = export(artifact, out)
            made_of = contents_of(artifact.path, spec.variants[artifact.variant])
            lesser += [f"{spec.id}/{artifact.variant}: {words}" for words in made_of.fell_back]
            table.add_row(
                str(path.relative_to(out)),
                f"{artifact.size_bytes:,}",
                made_of.weights,
                made_of.activations,
                artifact.sha256[:12],
            )
    Console().print(table)
    for words in lesser:
        console.print(words, highlight=False, markup=False, soft_wrap=True)
    for reason, left_out in missing.items():
        told = f"left out: {', '.join(left_out)}: {reason}"
        console.print(told, highlight=False, markup=False, soft_wrap=True)
    if missing:
        raise typer.Exit(MISSING)


@app.command("check-data", rich_help_panel=MODELS)
def check_data_command(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The id of the model.")],
    models_dir: ModelsDirs = None,
    similarity: Annotated[
        float,
        typer.Option(
            "--similarity",
            min=0.0,
            max=1.0,
            help="Two images are alike when they correlate above this, at 32x32 and grey.",
        ),
    ] = 0.995,
) -> None:
    """Read all images of a model's data, count what each split holds, and compare the splits.

    Lists images that can't be read, and images of two splits that are alike:
    equal files, or pictures that hardly differ.

    Exit codes, the first that applies:
    2 an image can't be read, or labels aren't as declared, or other bad input;
    1 evaluation shares patients, images or pictures with another split;
    4 the data isn't on this machine;
    0 all is well.
    """
    console = Console(stderr=True)
    root = project_folder()
    models = load_models([root / "models", *(models_dir or [])], root)
    spec = models[choose("model", [model], models, given_as="MODEL")[0]]
    if spec.data is None:
        raise ConfigError(f"{spec.file} has no [data] to check; declare it")
    try:
        dataset = open_dataset(spec.data, data_root())
    except Absent as error:
        console.print(f"edgeassay: {error}", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(MISSING) from None
    found = check_data(dataset, similarity=similarity, report=ConsoleReporter(console))
    print_data_check(found, similarity, Console())
    if not found.as_declared:
        raise typer.Exit(BAD_INPUT)
    if not found.separate:
        raise typer.Exit(FAILED)


@app.command("init", rich_help_panel=MODELS)
def init_command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="The model's id and its folder's name: lower-case letters, digits, '.', '_', '-'.",
        ),
    ],
    *,
    artifact: Annotated[
        list[str] | None,
        typer.Option(
            "--artifact",
            metavar="VARIANT=FILE",
            help="A .tflite or .onnx to judge as it is, such as int8=chest-int8.tflite; repeatable."
            " Call the uncompressed one fp32: the others are compared with it.",
        ),
    ] = None,
    keras: Annotated[
        Path | None,
        typer.Option(
            "--keras", metavar="FILE", help="A trained network (.keras) to make variants of."
        ),
    ] = None,
    saved_model: Annotated[
        Path | None,
        typer.Option(
            "--saved-model", metavar="DIR", help="The same, kept as a TensorFlow SavedModel."
        ),
    ] = None,
    tflite: Annotated[
        Path | None,
        typer.Option("--tflite", metavar="FILE", help="The same, kept as a float .tflite."),
    ] = None,
    models_dir: Annotated[
        Path | None,
        typer.Option(
            "--models-dir",
            metavar="PATH",
            help="The folder of models to make it in (default: models/ of the project).",
        ),
    ] = None,
    devices_dir: Annotated[
        list[Path] | None,
        typer.Option(
            "--devices-dir",
            metavar="PATH",
            help="A further folder of device profiles: this machine's says what runs an .onnx.",
        ),
    ] = None,
) -> None:
    """Bring in a model of your own: a folder with copies of its files and a commented model.toml.

    Give its artifacts (--artifact, once each), or one trained network to make variants of. What it
    takes and gives is read from the files and shown. Nothing is ever overwritten, and an error
    leaves nothing behind. Exit codes: 0 made, 2 bad input.
    """
    given = read_given(artifact or [], keras=keras, saved_model=saved_model, tflite=tflite)
    project = project_folder() / "models"
    if models_dir is None and not project.is_dir():
        raise ConfigError(f"there is no {project}; give a folder of models with --models-dir PATH")
    started = start_model(
        name,
        given,
        models_dir or project,
        project_models=project,
        start=partial(_start_worker, devices_dir or []),
        report=ConsoleReporter(Console(stderr=True)),
    )
    console = Console(highlight=False)
    console.print(_tensor_table(started))
    for line in (
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


COMMANDS: dict[str, dict[str, Callable[..., None]]] = {
    CHOOSING: {
        "advise": advise_command,
        "sensitivity": sensitivity_command,
        "search": search_command,
        "train": train_command,
        "prune": prune_command,
        "saliency": saliency_command,
        "select": select_command,
    },
    JUDGING: {
        "judge": judge_command,
        "ab": ab_command,
        "compare": compare_command,
        "history": history_command,
        "matrix": matrix_command,
    },
    DECIDING: {
        "gate": gate_command,
        "report": report_command,
        "verify": verify_command,
    },
    DEVICES: {
        "doctor": doctor_command,
        "selftest": selftest_command,
        "runtimes": runtimes_command,
        "emulators": emulators_command,
        "push": push_command,
        "break-even": break_even_command,
        "overtake": overtake_command,
    },
}
for panel, commands in COMMANDS.items():
    for name, command in commands.items():
        app.command(name, rich_help_panel=panel)(command)
app.add_typer(baseline_app, name="baseline", rich_help_panel=JUDGING)


def _judging(folder: Path, models_dir: Path | None) -> str:
    """The command that judges a new model alone; pytest runs in the checkout."""
    checkout = Path(__file__).resolve().parent.parent
    words = ["pytest", "--benchmark", "--model", folder.name]
    here = Path.cwd() == checkout
    if folder.parent != checkout / "models":
        words[2:2] = ["--models-dir", str(models_dir if here else folder.parent)]
    return shlex.join(words) if here else f"cd {shlex.quote(str(checkout))} && {shlex.join(words)}"


def _tensor_table(started: Started) -> Table:
    """The inputs and outputs of every artifact."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in ("variant", "", "name", "type", "shape", "scale", "zero point"):
        table.add_column(column, overflow="fold", no_wrap=column not in ("name", "shape"))
    for variant, tensors in started.tensors.items():
        rows = [("input", t) for t in tensors.inputs] + [("output", t) for t in tensors.outputs]
        for side, tensor in rows:
            scale = [f"{tensor.scale:.6g}", str(tensor.zero_point)] if tensor.scale else []
            shape = "x".join(map(str, tensor.shape)) or "one number"
            cells = [variant, side, tensor.name, tensor.holds, shape, *scale]
            table.add_row(*(Text(cell) for cell in cells))
    return table


def main() -> None:
    """Run the command line; an error is one sentence on stderr and exit code 2. Whoever asks it to
    end (a cancelled job) lets it clean up.
    """
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        app()
    except EdgeassayError as error:
        print(f"edgeassay: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)
