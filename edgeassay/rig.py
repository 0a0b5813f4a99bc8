"""What a run works with: its plan and settings, artifacts made once, and workers to start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from edgeassay.artifacts import Artifact, read_artifact
from edgeassay.baselines import Against
from edgeassay.build import Missing, build, check_current, own_artifact, prebuilt_path
from edgeassay.config import catalogue, data_root
from edgeassay.datasets import Dataset, open_dataset, open_rehearsal
from edgeassay.devices import check_executes, check_timed, start_worker
from edgeassay.errors import Absent, ArtifactError, BuildFailed
from edgeassay.machine import usable_cpus
from edgeassay.matrix import Plan
from edgeassay.measure.fit import check_integer, load_artifact
from edgeassay.pool import Pool
from edgeassay.progress import Reporter
from edgeassay.recognition import check_present
from edgeassay.spec import (
    Case,
    DataSource,
    Decoding,
    DeviceSpec,
    Kind,
    ModelSpec,
    RuntimeSpec,
    Sample,
)
from edgeassay.variants import method_of
from edgeassay.workers import Loaded, Worker


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run was told.

    `timing_off` says why nothing is timed, or is None. `prebuilt` is a folder of artifacts to use
    instead of building. `outputs` keeps what artifacts gave; with `predict_again` nothing
    that is there is used. `jobs` is the number of workers that accuracy is measured with,
    `on` the scheduler of a cluster that measures it instead. `against` has the baselines, where
    the run is judged against them. Where `sample` is given, it stands for each split. A `rehearsal`
    chooses: the validation split stands where a run has the test split, which isn't opened.
    """

    cache: Path
    outputs: Path
    predict_again: bool
    prebuilt: Path | None
    data_root: Path | None
    predictions: Path | None
    timing_off: str | None
    jobs: int
    on: str | None
    today: date
    against: Against | None = None
    sample: Sample | None = None
    rehearsal: bool = False


def usual_settings(project: Path, **given: Any) -> Settings:
    """What a command works with, but for what is given: artifacts and outputs below the project,
    the data where EDGEASSAY_DATA says, every core, and times.
    """
    settings = Settings(
        cache=project / ".assay" / "artifacts",
        outputs=project / ".assay" / "predictions",
        predict_again=False,
        prebuilt=None,
        data_root=data_root(),
        predictions=None,
        timing_off=None,
        jobs=usable_cpus(),
        on=None,
        today=date.today(),
    )
    return replace(settings, **given)


class Rig:
    """The plan, the settings, and what comes of them for every measurement alike."""

    def __init__(self, plan: Plan, settings: Settings, report: Reporter) -> None:
        self.plan = plan
        self.settings = settings
        self.report = report
        self.artifacts: dict[tuple[str, str], Artifact] = {}
        self._unbuilt: dict[tuple[str, str], Missing] = {}
        self._datasets: dict[str, Dataset] = {}
        self._greetings: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._loaded: dict[Case, Loaded] = {}
        self.pool = Pool()

    def prepare(self, model_id: str) -> None:
        """Build what a model's cases need; a failed build is left to the claims that need it."""
        for case in (c for c in self.plan.cases if c.model == model_id):
            with suppress(Absent, ArtifactError, BuildFailed):
                self.artifact(case)

    def artifact(self, case: Case) -> Artifact:
        """The artifact of a case: prebuilt, cached, or built now with the model's others."""
        key = (case.model, case.variant)
        if key in self._unbuilt:
            raise self._unbuilt[key]  # trying again would fail again
        if key not in self.artifacts:
            if self.settings.prebuilt is not None:
                self.artifacts[key] = self._prebuilt(case, self.settings.prebuilt)
            else:
                self._build(case)
        model = self.model(case)
        return replace(self.artifacts[key], shapes=model.shapes, signature=model.signature)

    def _prebuilt(self, case: Case, folder: Path) -> Artifact:
        model = self.model(case)
        variant = model.variants[case.variant]
        path = prebuilt_path(folder, case.model, case.variant, variant.suffix)
        if not path.exists():
            if variant.artifact is not None and (model.folder / variant.artifact).exists():
                return own_artifact(model, case.variant)
            raise Absent(
                f"--artifacts: {path} isn't there; `edgeassay build --out DIR` makes it, or copy it"
            )
        artifact = read_artifact(path, case.model, case.variant)
        check_current(artifact, model)
        return artifact

    def _build(self, case: Case) -> None:
        model = self.model(case)
        wanted = {c.variant for c in self.plan.cases if c.model == model.id}
        wanted |= {case.variant, model.reference.variant}
        self.build(model.id, [v for v in model.variants if v in wanted])
        if (model.id, case.variant) in self._unbuilt:
            raise self._unbuilt[model.id, case.variant]

    def build(self, model_id: str, variants: Sequence[str]) -> None:
        """Make artifacts of a model's variants; what fails is told when it is asked for."""
        made = build(
            self.plan.models[model_id],
            variants,
            cache=self.settings.cache,
            open_data=self.open_data,
            report=self.report,
        )
        self.artifacts |= {(model_id, v): artifact for v, artifact in made.artifacts.items()}
        self._unbuilt |= {(model_id, v): error for v, error in made.missing.items()}

    def dataset(self, model: ModelSpec) -> Dataset:
        """The data set of a model that has one; Absent where it isn't on this machine."""
        assert model.data is not None, "asked only where there is one"
        return self.open_data(model.data, decoding=model.decoding)

    def open_data(self, source: DataSource, *, decoding: Decoding) -> Dataset:
        """The data set of a declaration, opened once; Absent where it isn't on this machine."""
        key = f"{source} {decoding}"
        if key not in self._datasets:
            opened = open_rehearsal if self.settings.rehearsal else open_dataset
            self._datasets[key] = opened(source, self.settings.data_root, decoding=decoding)
        return self._datasets[key]

    def model(self, case: Case) -> ModelSpec:
        """The case's model."""
        return self.plan.models[case.model]

    def runtime(self, case: Case) -> RuntimeSpec:
        """The case's runtime with its options."""
        return {**catalogue(), **self.model(case).runtimes}[case.runtime]

    def device(self, case: Case) -> DeviceSpec:
        """The case's device: the run's, or this machine where another is held against it."""
        here = self.plan.here
        return here if here is not None and case.device == here.id else self.plan.device

    def is_reachable(self, case: Case) -> bool:
        """Whether the case's device is one that this machine can use."""
        return self.plan.device_present or self.device(case) is self.plan.here

    def start_worker(self, case: Case) -> Worker:
        """A fresh worker of the case's runtime, for what is timed: no idle one stays beside it.
        Absent where device or runtime isn't here.
        """
        self.pool.close()
        return self._start(case)

    def lend_worker(self, case: Case) -> AbstractContextManager[Worker]:
        """A worker of the case's runtime, which may have served before; Absent likewise."""
        return self.pool.lend(self._worker_key(case), lambda: self._start(case))

    def _start(self, case: Case) -> Worker:
        device = self.device(case)
        check_present(device, present=self.is_reachable(case))
        return start_worker(device, self.runtime(case), label=f"{case.model}/{case.variant}")

    def load(self, worker: Worker, case: Case) -> Loaded:
        """Load the case's artifact, and check that these bytes run, and that they are of its kind.

        ArtifactError where the runtime refuses it.
        """
        artifact = self.artifact(case)
        loaded = load_artifact(worker, artifact, self.runtime(case))
        self.check_kind(case, loaded)
        return loaded

    def check_kind(self, case: Case, loaded: Loaded) -> None:
        """MeasurementError where an integer method's artifact takes or gives other numbers."""
        method = method_of(self.model(case).variants[case.variant])
        if method is not None and method.integer:
            check_integer(loaded)

    def greeting(self, case: Case) -> dict[str, Any]:
        """What the worker of a case's runtime says of itself, without what decides no output. Of
        another machine nobody else knows which it is: there its name does.
        """
        worker = self.device(case).workers[self.runtime(case).worker]
        passing = ("pid", "cpus") if worker.folder else ("pid", "cpus", "hostname")
        return {k: v for k, v in self._facts(case).items() if k not in passing}

    def cpus(self, case: Case) -> int:
        """How many CPUs the worker of a case's runtime may use."""
        return int(self._facts(case)["cpus"])

    def _facts(self, case: Case) -> dict[str, Any]:
        """All that a worker of a case's runtime says of itself, asked once a run."""
        key = self._worker_key(case)
        if key not in self._greetings:
            with self.lend_worker(case) as worker:
                self._greetings[key] = _greeting_of(worker)
        return self._greetings[key]

    def known_greeting(self, case: Case) -> dict[str, Any]:
        """The same where a worker has been asked by now; else nothing."""
        return self._greetings.get(self._worker_key(case), {})

    def _worker_key(self, case: Case) -> tuple[str, str, str]:
        runtime = self.runtime(case)
        return self.device(case).id, runtime.engine, runtime.worker

    def adapter(self, case: Case) -> str | None:
        """The accelerator that runs a case, by its own name; None where none is asked for, or its
        runtime doesn't name it. Absent where it isn't here.
        """
        if self.runtime(case).accelerator == "cpu":
            return None
        name: str | None = self.loaded(case).facts.get("adapter")
        return name

    def loaded(self, case: Case) -> Loaded:
        """What the case's runtime says of its artifact, loaded and run on zeros once."""
        if case not in self._loaded:
            with self.lend_worker(case) as worker:
                loaded = self.load(worker, case)
                self._greetings.setdefault(self._worker_key(case), _greeting_of(worker))
                if self.runtime(case).traits.executes:
                    zeros = [np.zeros((1, *t.shape), t.dtype) for t in loaded.inputs]
                    worker.run(loaded, zeros, repeatable=False)
            self._loaded[case] = loaded
        return self._loaded[case]

    def known(self, case: Case) -> Loaded | None:
        """What the case's runtime has said of its artifact; None where it wasn't asked yet."""
        return self._loaded.get(case)

    def kind(self, case: Case, facts: Mapping[str, Any] | None = None) -> Kind:
        """How the case's numbers come to be, as far as its runtime has said so by now, or says in
        these `facts` of the artifact.
        """
        if self.runtime(case).traits.kind is not Kind.MEASURED:
            return self.runtime(case).traits.kind
        if self.device(case).emulated:
            return Kind.EMULATED
        known = self._loaded.get(case)
        said = facts or (known.facts if known is not None else {})
        return Kind.SOFTWARE if said.get("software") else Kind.MEASURED

    def check_executes(self, case: Case) -> None:
        """Absent where the case's runtime only compiles, so that no output comes of it."""
        check_executes(case.runtime, self.runtime(case))

    def check_timed(self, case: Case) -> None:
        """Absent where the times of the case's runtime say nothing of any device."""
        check_timed(self.device(case), case.runtime, self.runtime(case))


def _greeting_of(worker: Worker) -> dict[str, Any]:
    """What a worker says of itself that holds of the next one too."""
    return {name: value for name, value in worker.facts.items() if name != "pid"}
