"""`edgeassay push`: what a device's workers need there, copied ahead of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from edgeassay.config import choose, load_devices, load_models
from edgeassay.devices import command_of, elsewhere_of, open_worker
from edgeassay.errors import Absent, ArtifactError, BuildFailed, ConfigError
from edgeassay.evaluations import Evaluations
from edgeassay.machine import this_machine
from edgeassay.matrix import plan
from edgeassay.measure.accuracy import rows_of
from edgeassay.measure.shards import shards_of
from edgeassay.progress import ConsoleReporter, Reporter
from edgeassay.project import device_folders, project_folder
from edgeassay.rig import Rig, usual_settings
from edgeassay.spec import Case, DeviceSpec
from edgeassay.workers import install, worker_bytes

MISSING = 4


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """Something that is on the device now; `copied` is False where it was there already."""

    what: str
    size_bytes: int
    copied: bool


def remote_workers(device: DeviceSpec) -> list[str]:
    """The workers of a device that don't share this machine's files; ConfigError where none is."""
    names = [name for name, spec in device.workers.items() if spec.folder is not None]
    if not names:
        raise ConfigError(
            f"{device.file}: no worker has a `folder`, so all share this machine's files and"
            " nothing needs to be copied; give one to a worker on another machine"
        )
    return names


def push_workers(device: DeviceSpec, names: Sequence[str]) -> Iterator[Pushed]:
    """Put the worker where each of these starts; Absent where that can't be done."""
    for name in names:
        elsewhere = elsewhere_of(device, name)
        assert elsewhere is not None, "it is on another machine"
        command, timeout_s = command_of(device, name), device.timing.timeout_s
        copied = install(command, elsewhere, timeout_s=timeout_s)
        what = f"worker {name}: {elsewhere.worker}"
        yield Pushed(what=what, size_bytes=worker_bytes(), copied=copied)


def push_artifacts(rig: Rig, names: Sequence[str]) -> Iterator[Pushed | str]:
    """Put the artifacts of a plan's cases there, each once for all workers that keep their files in
    one place; of what can't be had, the reason.
    """
    device, done, told = rig.plan.device, set(), set()
    for name in names:
        place = (tuple(command_of(device, name)[:-1]), device.workers[name].folder)
        cases = [c for c in rig.plan.cases if rig.runtime(c).worker == name]
        wanted = [case for case in cases if (place, case.model, case.variant) not in done]
        if not wanted:
            continue
        timeout_s = device.timing.timeout_s
        with open_worker(device, name, None, label=device.id, timeout_s=timeout_s) as worker:
            for case in wanted:
                done.add((place, case.model, case.variant))
                try:
                    artifact = rig.artifact(case)
                except (Absent, ArtifactError, BuildFailed) as error:
                    if str(error) not in told:
                        yield f"left out: {case.model}/{case.variant}: {error}"
                    told.add(str(error))
                    continue
                with rig.report(f"copying {artifact.label}", 1) as advance:
                    _, copied = worker.send_file(artifact.path)
                    advance(1)
                yield Pushed(what=artifact.label, size_bytes=artifact.size_bytes, copied=copied)


def push_inputs(rig: Rig, cases: Sequence[Case]) -> Iterator[Pushed | str]:
    """Put the evaluation images there as each case's artifact takes them; of a data set that isn't
    here, or a worker that isn't there, the reason.
    """
    evaluations = Evaluations(rig)
    for case in cases:
        try:
            data = evaluations.data(case.model)
            size, copied = 0, False
            with rig.start_worker(case) as worker:
                loaded = rig.load(worker, case)
                shards = shards_of(data.split)
                with rig.report(f"copying the images of {case.id}", len(data.split)) as advance:
                    for shard in shards:
                        for part in data.inputs.parts(shard):
                            rows = rows_of(part, loaded, data.inputs.settings)
                            size, copied = size + rows.nbytes, worker.keep(rows)[1] or copied
                            advance(len(rows))
        except (Absent, ArtifactError, BuildFailed) as error:
            yield f"left out: the images of {case.id}: {error}"
            continue
        yield Pushed(what=f"images of {case.id}", size_bytes=size, copied=copied)


def push_command(
    *,
    device: str,
    model: list[str] | None,
    artifacts: Path | None,
    inputs: bool,
    models_dir: list[Path] | None,
    devices_dir: list[Path] | None,
) -> None:
    """What `edgeassay push` does with its options."""
    console, out = Console(stderr=True), Console(highlight=False)
    rig = _rig(
        device,
        model or [],
        artifacts=artifacts,
        models_dir=models_dir or [],
        devices_dir=devices_dir or [],
        report=ConsoleReporter(console),
    )
    profile = rig.plan.device
    names = remote_workers(profile)
    table = Table("on " + profile.id, "bytes", "", box=SIMPLE_HEAD, pad_edge=False)
    found: list[Pushed] = []
    complete = True
    try:
        for item in _all(rig, names, artifacts=bool(model or artifacts), inputs=inputs):
            if isinstance(item, str):
                console.print(item, highlight=False, markup=False, soft_wrap=True)
                complete = False
                continue
            found.append(item)
            size = f"{item.size_bytes:,}"
            table.add_row(item.what, size, "copied" if item.copied else "there already")
    except Absent as error:
        console.print(f"edgeassay: {error}", highlight=False, markup=False, soft_wrap=True)
        complete = False
    if found:
        out.print(table)
    copied = [item for item in found if item.copied]
    out.print(
        f"{profile.id}: {len(copied)} copied ({sum(i.size_bytes for i in copied):,} bytes),"
        f" {len(found) - len(copied)} there already"
    )
    if not complete:
        raise typer.Exit(MISSING)


def _all(
    rig: Rig, names: Sequence[str], *, artifacts: bool, inputs: bool
) -> Iterator[Pushed | str]:
    """Everything that was asked for, as soon as it is there."""
    device = rig.plan.device
    if not rig.plan.device_present:
        raise Absent(f"this machine doesn't reach {device.id!r}, as [match] in {device.file} says")
    yield from push_workers(rig.plan.device, names)
    if artifacts or inputs:
        yield from push_artifacts(rig, names)
    if inputs:
        yield from push_inputs(rig, [c for c in rig.plan.cases if rig.runtime(c).worker in names])


def _rig(
    device: str,
    model: list[str],
    *,
    artifacts: Path | None,
    models_dir: list[Path],
    devices_dir: list[Path],
    report: Reporter,
) -> Rig:
    """What a run with that device would work with."""
    project = project_folder()
    if artifacts is not None and not artifacts.is_dir():
        raise ConfigError(
            f"--artifacts: {artifacts} isn't a folder; `edgeassay build --out` makes one"
        )
    devices = load_devices(device_folders(devices_dir), project)
    models = load_models([project / "models", *models_dir], project)
    if artifacts is not None and not model:
        model = [name for name in models if (artifacts / name).is_dir()]
        if not model:
            raise ConfigError(
                f"--artifacts {artifacts}: it holds none of {', '.join(models)};"
                " `edgeassay build --out DIR` makes them"
            )
    choose("device", [device], devices, given_as="DEVICE")
    planned = plan(
        models=models,
        devices=devices,
        machine=this_machine(),
        wanted_models=model,
        wanted_device=device,
    )
    settings = usual_settings(
        project,
        outputs=project / ".assay" / "outputs",
        prebuilt=artifacts,
        timing_off="nothing is measured",
    )
    return Rig(planned, settings, report)
