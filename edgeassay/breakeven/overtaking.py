"""`edgeassay overtake`: from which variant on a CPU beats the whole network on an accelerator."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from edgeassay.atomic import check_replaceable
from edgeassay.breakeven.command import named_runtime
from edgeassay.breakeven.networks import Network
from edgeassay.breakeven.racing import Raced, race
from edgeassay.breakeven.timing import Contestant, undisturbed
from edgeassay.config import choose, load_devices, load_models
from edgeassay.config.shapes import default_ladder
from edgeassay.devices import check_timed, start_worker
from edgeassay.errors import Absent, ConfigError
from edgeassay.machine import this_machine
from edgeassay.matrix import plan_unjudged
from edgeassay.progress import ConsoleReporter
from edgeassay.project import device_folders, project_folder
from edgeassay.recognition import check_present
from edgeassay.report.redaction import leave_json
from edgeassay.rig import Rig, usual_settings
from edgeassay.spec import Case, Kind, ModelSpec
from edgeassay.stats.launch import Bounded
from edgeassay.tflite_file import read_graph

MISSING: Final = 4
WIDTH: Final = 130
COLUMNS: Final = ("variant", "MMACs", "bytes", "ms", "by the whole here", "by the accelerator")


def overtake_command(
    model: str,
    *,
    variant: list[str] | None,
    accelerator: str,
    runtime: str,
    threads: int | None,
    processes: int | None,
    device: str | None,
    models_dir: list[Path] | None,
    devices_dir: list[Path] | None,
    seed: int,
    json_path: Path | None,
    identified: bool,
) -> None:
    """What `edgeassay overtake` does with its options."""
    console = Console(stderr=True)
    if json_path is not None:
        check_replaceable(json_path)
    if accelerator == runtime:
        raise ConfigError(f"--accelerator and --runtime are both {runtime}; name two")
    ladder = default_ladder()
    if processes is not None:
        ladder = replace(ladder, processes=processes)
    project = project_folder()
    models = load_models([project / "models", *(models_dir or [])], project)
    spec = models[choose("model", [model], models, given_as="MODEL")[0]]
    pair = [named_runtime(runtime, "--runtime", threads)]
    pair.append(named_runtime(accelerator, "--accelerator", None))
    devices = load_devices(device_folders(devices_dir or []), project)
    made = plan_unjudged(spec, devices, machine=this_machine(), wanted_device=device)
    usual = [name for name, declared in spec.variants.items() if not declared.on_request]
    wanted = choose("variant", variant, spec.variants) if variant else usual
    try:
        check_present(made.device, present=made.device_present)
        check_timed(made.device, runtime, pair[0])
        rig = Rig(made, usual_settings(project), ConsoleReporter(console))
        networks = networks_of(rig, spec, wanted, made.device.id)
        contestants = [
            Contestant(
                id=name, runtime=one, start=partial(start_worker, made.device, one, label=spec.id)
            )
            for name, one in zip((runtime, accelerator), pair, strict=True)
        ]
        raced, disturbed = undisturbed(
            lambda: race(
                contestants[0],
                contestants[1],
                list(networks),
                ladder,
                seed=seed,
                report=ConsoleReporter(console),
            ),
            device=made.device,
            threads=pair[0].threads,
        )
    except Absent as error:
        console.print(f"edgeassay: {error}", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(MISSING) from None
    confidence = spec.statistics.confidence
    networks = {n: size for n, size in networks.items() if n.name in raced.cpu}
    lines = [headline(raced, list(networks), accelerator, confidence)]
    lines += [f"left out: {name}: {words}" for name, words in raced.left_out.items()]
    lines += [disturbed] if disturbed else []
    facts = document(raced, networks, lines, confidence)
    leave_json(json_path, facts, identified=identified, folders=models_dir)
    width = max(WIDTH, shutil.get_terminal_size().columns)
    show(raced, networks, lines, confidence, Console(highlight=False, width=width))
    if raced.whole is None or raced.software:
        raise typer.Exit(MISSING)


def networks_of(
    rig: Rig, spec: ModelSpec, wanted: Sequence[str], device: str
) -> dict[Network, int]:
    """What is timed, with its bytes: the reference first, then the others by what they compute,
    the most first. What can't be built ends it, by its own error.
    """
    found = {}
    for name in dict.fromkeys([spec.reference.variant, *wanted]):
        if spec.variants[name].suffix != ".tflite":
            continue
        case = Case(model=spec.id, variant=name, runtime=spec.reference.runtime, device=device)
        artifact = rig.artifact(case)
        graph = read_graph(artifact.path)
        network = Network(
            name=name, path=artifact.path, nodes=len(graph.operators), mmacs=graph.macs / 1e6
        )
        found[network] = artifact.size_bytes
    whole, *others = found
    ordered = [whole, *sorted(others, key=lambda n: (-n.mmacs, -found[n]))]
    return {network: found[network] for network in ordered}


def headline(raced: Raced, networks: Sequence[Network], accelerator: str, level: float) -> str:
    """Which is the first variant that overtakes, as a sentence."""
    if raced.whole is None:
        return f"unmeasured against an accelerator: {raced.absent}"
    if raced.software:
        name = raced.whole.facts.get("adapter") or accelerator
        return f"unmeasured against an accelerator: {name} is software that stands in for one"
    whole = raced.whole
    for network in networks:
        if raced.ratio(network.name, whole, level).high < 1.0:
            return (
                f"from {network.name} on ({network.mmacs:,.4g} MMACs) the CPU beats the whole"
                f" network on {accelerator}"
            )
    return f"no variant on the CPU is shown to beat the whole network on {accelerator}"


def _cells(raced: Raced, network: Network, size: int, level: float) -> list[str]:
    whole = next(iter(raced.cpu))
    own = raced.ratio(network.name, raced.cpu[whole], level)
    there = "unmeasured"
    if raced.whole is not None:
        ratio = raced.ratio(network.name, raced.whole, level)
        there = _bounded(ratio) + (f" ({Kind.SOFTWARE})" if raced.software else "")
    return [
        network.name,
        f"{network.mmacs:,.4g}",
        f"{size:,}",
        f"{raced.cpu[network.name].median_ms('total'):.4g}",
        "" if network.name == whole else _bounded(own),
        there,
    ]


def _bounded(ratio: Bounded) -> str:
    return f"{ratio.value:.3g} ({ratio.low:.3g} to {ratio.high:.3g})"


def show(
    raced: Raced,
    networks: dict[Network, int],
    lines: Sequence[str],
    level: float,
    console: Console,
) -> None:
    """On the terminal."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, justify="left" if name == "variant" else "right", no_wrap=True)
    for network, size in networks.items():
        table.add_row(*_cells(raced, network, size, level))
    console.print(table)
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def document(
    raced: Raced, networks: dict[Network, int], lines: Sequence[str], level: float
) -> dict[str, Any]:
    """All of it for a JSON file."""
    measured = raced.whole is not None and not raced.software
    return {
        "schema": 1,
        "says": list(lines),
        "verdict": "measured" if measured else "unmeasured",
        "confidence": level,
        "accelerator": None
        if raced.whole is None
        else {"facts": raced.whole.facts, "ms": raced.whole.phases},
        "variants": [
            {
                "variant": network.name,
                "mmacs": network.mmacs,
                "size_bytes": size,
                "ms": raced.cpu[network.name].phases,
            }
            for network, size in networks.items()
        ],
    }
