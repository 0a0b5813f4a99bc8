"""What tells workers, kept outputs and kinds of numbers apart."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edgeassay.artifacts import Artifact
from edgeassay.errors import Absent
from edgeassay.evidence import Evidence
from edgeassay.progress import silent
from edgeassay.rig import Rig, Settings
from edgeassay.spec import Case, Kind, Preprocess, WorkerSpec
from edgeassay.timings import disturbed_by
from suites.meta.project import MODEL_TOML
from suites.meta.test_matrix import make

ARTIFACT = cast(Artifact, SimpleNamespace(sha256="a", label="tiny/int8"))


def rig_of(folder: Path, *, emulated: bool = False, **runtime: Any) -> tuple[Rig, Case]:
    """The rig of one case, on a device of its own and on a runtime with these options."""
    made = make(folder, MODEL_TOML)
    spec = replace(made.models["tiny"].runtimes["litert"], **runtime)
    models = {"tiny": replace(made.models["tiny"], runtimes={"litert": spec})}
    device = replace(made.device, emulated=emulated)
    settings = SimpleNamespace(outputs=folder, predict_again=False, sample=None)
    plan = replace(made, models=models, device=device, here=None)
    return Rig(plan, cast(Settings, settings), silent), made.cases[0]


@pytest.mark.parametrize(
    ("emulated", "runtime", "kind"),
    [
        (False, {}, Kind.MEASURED),
        (True, {}, Kind.EMULATED),
        (True, {"engine": "ethos-u"}, Kind.ESTIMATED),
    ],
)
def test_how_numbers_come_to_be_is_known_before_anything_runs(
    tmp_path: Path, emulated: bool, runtime: dict[str, Any], kind: Kind
) -> None:
    rig, case = rig_of(tmp_path, emulated=emulated, **runtime)
    assert rig.kind(case) is kind
    assert rig.kind(case, {"software": True}) is (Kind.SOFTWARE if kind is Kind.MEASURED else kind)


@pytest.mark.parametrize(
    ("emulated", "engine", "words"),
    [
        (True, "litert", "is emulated"),
        (False, "tflite-micro", "stands for a device that isn't this machine"),
        (False, "ethos-u", "nothing runs it here"),
    ],
)
def test_times_that_are_no_devices_are_not_taken(
    tmp_path: Path, emulated: bool, engine: str, words: str
) -> None:
    rig, case = rig_of(tmp_path, emulated=emulated, engine=engine)
    with pytest.raises(Absent, match=words):
        rig.check_timed(case)
    rig, case = rig_of(tmp_path)
    rig.check_timed(case)


def test_no_idle_worker_stays_beside_what_is_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, case = rig_of(tmp_path)
    started: list[Any] = []

    def start(_: Case) -> Any:
        worker = SimpleNamespace(lives=True, closed=False)
        worker.close = lambda: setattr(worker, "closed", True)
        started.append(worker)
        return worker

    monkeypatch.setattr(rig, "_start", start)
    with rig.lend_worker(case):
        pass
    fresh = rig.start_worker(case)
    assert [worker.closed for worker in started] == [True, False]
    assert cast(Any, fresh) is started[1]


def test_environments_of_one_engine_have_workers_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[object] = []

    def lend(key: object, _: object) -> object:
        keys.append(key)
        return nullcontext()

    for environment in (None, "litert-2.1"):
        rig, case = rig_of(tmp_path, environment=environment)
        monkeypatch.setattr(rig.pool, "lend", lend)
        rig.lend_worker(case)
    assert len({*keys}) == 2


def outputs_of(rig: Rig, case: Case, adapter: str | None = None, version: str = "1") -> Path:
    """Where what the case gave for some images is kept."""
    evidence = Evidence(rig)
    stub = cast(Any, rig)
    stub.adapter = lambda _: adapter
    stub.greeting = lambda _: {"runtime_version": version}
    inputs = SimpleNamespace(settings=Preprocess(color="grey", size=(8, 8)))
    cast(Any, evidence.evaluations).data = lambda _: SimpleNamespace(inputs=inputs)
    store = evidence.evaluations.store(case, ARTIFACT)
    return store._place


def test_outputs_are_kept_apart_by_all_that_decides_them(tmp_path: Path) -> None:
    rig, case = rig_of(tmp_path)
    elsewhere = replace(rig.plan.device, id="board")
    workers = {"litert": WorkerSpec(command=("qemu", "-cpu", "max"))}
    otherwise = replace(rig.plan.device, workers=workers)
    machine = replace(rig.plan.machine, fingerprint="other")

    def with_plan(**changes: Any) -> Rig:
        return Rig(replace(rig.plan, **changes), rig.settings, silent)

    model = rig.plan.models[case.model]
    named = {case.model: replace(model, signature="second")}
    kept = [
        outputs_of(rig, case),
        outputs_of(with_plan(models=named), case),
        outputs_of(rig, case, adapter="SwiftShader"),
        outputs_of(rig, case, adapter="H200"),
        outputs_of(rig, case, version="2"),
        outputs_of(with_plan(device=elsewhere), case),
        outputs_of(with_plan(device=otherwise), case),
        outputs_of(with_plan(machine=machine), case),
        outputs_of(rig_of(tmp_path, threads=2)[0], case),
    ]
    assert len({*kept}) == len(kept)
    assert outputs_of(rig_of(tmp_path)[0], case) == kept[0]


@pytest.mark.parametrize("kind", Kind)
def test_only_times_of_a_device_can_be_compared_later(kind: Kind) -> None:
    measured = kind is Kind.MEASURED
    assert (disturbed_by(kind, None) is None) is measured
    assert disturbed_by(kind, "load") == ("load" if measured else f"{kind} times are no device's")


@pytest.mark.parametrize("folder", [None, ".cache/edgeassay"])
def test_boards_of_one_profile_are_told_apart_by_their_names(
    tmp_path: Path, folder: str | None
) -> None:
    rig, case = rig_of(tmp_path)
    worker = WorkerSpec(command=("{python}",), folder=folder)
    rig.plan = replace(rig.plan, device=replace(rig.plan.device, workers={"litert": worker}))
    facts = {"pid": 1, "cpus": 4, "hostname": "board-7", "runtime": "r"}
    rig._greetings[rig._worker_key(case)] = facts
    assert rig.greeting(case).get("hostname") == (None if folder is None else "board-7")
    assert "pid" not in rig.greeting(case)
