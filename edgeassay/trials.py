"""Variants that are tried out: made, run on a device, and looked at on the *validation* split.

The test split decides what may be merged, and is no business of a search: whatever was chosen by it
would be judged by what it was chosen for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from edgeassay.artifacts import Artifact
from edgeassay.atomic import remove
from edgeassay.claims import MEASURES
from edgeassay.config import choose, load_devices, load_models
from edgeassay.devices import sample_of
from edgeassay.errors import Absent, ConfigError, DataError
from edgeassay.evidence import Evidence
from edgeassay.machine import this_machine, usable_cpus
from edgeassay.matrix import plan_unjudged
from edgeassay.measure.compared import Compared
from edgeassay.measure.drops import auc_measured, mean_drop_measured
from edgeassay.progress import Reporter, silent
from edgeassay.project import device_folders, project_folder
from edgeassay.recognition import check_present
from edgeassay.rig import Rig, usual_settings
from edgeassay.spec import (
    Case,
    Claim,
    ClaimName,
    CpuRule,
    Limit,
    Measurement,
    ModelSpec,
    Reference,
    Role,
    VariantSpec,
)
from edgeassay.temporary import temporary_folder
from edgeassay.tflite_file import Graph, read_graph
from edgeassay.variants import precisions

# What the float network is called among what is tried.
WHOLE: Final = "fp32"
# Where no variant of the model says how many images it takes.
CALIBRATION_IMAGES: Final = 150


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is tried, as a command is told it: a model on a runtime of a device, with the validation
    split or a sample of so many `images` of it.
    """

    model: str
    runtime: str
    device: str | None = None
    models_dirs: Sequence[Path] = ()
    devices_dirs: Sequence[Path] = ()
    images: int | None = None
    jobs: int | None = None


class Trials:
    """Makes variants of one model's float network and looks at them, each at most once."""

    def __init__(
        self, rig: Rig, declared: ModelSpec, case: Case, variants: dict[str, VariantSpec]
    ) -> None:
        self.rig = rig
        self.declared = declared
        self.evidence = Evidence(rig)
        self._case = case
        self._variants = variants  # of the rig's model, which sees what is added

    @cached_property
    def graph(self) -> Graph:
        """The operators of the float network."""
        artifact = self.artifact(WHOLE)
        return read_graph(artifact.path, artifact.signature)

    def case(self, name: str) -> Case:
        """The case of a variant that is tried."""
        return replace(self._case, variant=name)

    def add(self, variants: Mapping[str, VariantSpec]) -> None:
        """Have further variants; one of the same name stays as it is."""
        for name, variant in variants.items():
            self._variants.setdefault(name, variant)

    def prepare(self, names: Sequence[str]) -> None:
        """Make several at once, which takes one converter process; what fails is told when it is
        asked for.
        """
        self.rig.build(self.declared.id, names)

    def artifact(self, name: str) -> Artifact:
        """The artifact of a variant; BuildFailed where it can't be made."""
        return self.rig.artifact(self.case(name))

    def discard(self, name: str) -> None:
        """Remove the bytes of a variant; what was measured of it stays."""
        artifact = self.rig.artifacts.pop((self.declared.id, name), None)
        if artifact is not None:
            remove(artifact.path.with_suffix(".json"))
            remove(artifact.path)

    def compared(self, name: str, role: Role = Role.VALIDATION) -> Compared:
        """The float network's scores of the validation images and the variant's."""
        evaluations = self.evidence.evaluations
        split = evaluations.data(self.declared.id, role).split
        return Compared(
            classes=self.declared.classes,
            labels=split.labels,
            reference=evaluations.scores(self.case(WHOLE), role),
            candidate=evaluations.scores(self.case(name), role),
            codes=split.codes,
            subgroups=split.subgroups,
        )

    def drop(self, name: str, margin: float) -> Measurement:
        """The drop of the mean AUC on the validation split, with bounds; Absent where no class has
        an AUC there.
        """
        found = mean_drop_measured(self.compared(name), margin, self.declared.statistics)
        if found is None:
            raise Absent(
                f"{self.declared.file}: no class has both positive and negative images in the"
                " validation split, so nothing can be chosen by its AUC"
            )
        return found

    def auc(self, name: str) -> Measurement:
        """The mean AUC on the validation split, with bounds; Absent likewise."""
        compared = self.compared(name)
        drop = compared.aucs.mean()
        if drop is None:
            self.drop(name, 0.0)
        assert drop is not None, "`drop` raises where there is none"
        return auc_measured(drop.candidate, compared, self.declared.statistics)

    def reused(self, name: str) -> int:
        """Of how many validation images an earlier run had kept a variant's outputs."""
        return self.evidence.evaluations.predictions(self.case(name), Role.VALIDATION).reused

    def latency_ratio(self, name: str) -> Measurement:
        """The median time by the float network's, in turn in the same fresh processes."""
        claim = Claim(
            name=ClaimName.LATENCY_RATIO,
            case=self.case(name),
            limit=Limit(value=1.0, source="no limit: it is looked at"),
        )
        return MEASURES[claim.name](self.evidence, claim)[0]

    def forget_times(self, name: str) -> None:
        """Have a variant timed anew when its time is asked for again."""
        self.evidence.timings.forget(self.case(name))

    def calibration_images(self, names: Sequence[str]) -> int:
        """How many images calibrate what has one of these precisions: as many as the model's own
        variants use at most; 0 where nothing is calibrated.
        """
        calibrated = [name for name in names if precisions()[name].calibrates]
        if not calibrated:
            return 0
        declared = self.declared
        assert declared.data is not None, "who asks has run the float network on it"
        split = self.rig.dataset(declared).splits.get(Role.CALIBRATION)
        if split is None:
            raise DataError(
                f"{declared.file}: there is no calibration split, and {', '.join(calibrated)} take"
                " the ranges of activations from one: declare it under [data.splits], or leave them"
                " out with --precision"
            )
        asked = max((v.calibration_images for v in declared.variants.values()), default=0)
        return min(asked or CALIBRATION_IMAGES, len(split))

    def margin(self, claim: ClaimName = ClaimName.MEAN_AUC_DROP) -> Limit | None:
        """The limit that the model sets for all its variants; None where it sets none."""
        general = (
            rule.limit
            for rule in self.declared.limits
            if rule.claim is claim
            and (rule.variant, rule.runtime, rule.class_name) == (None,) * 3
            and rule.cpu == CpuRule()
        )
        return next(general, None)


@contextmanager
def open_trials(subject: Subject, report: Reporter) -> Iterator[Trials]:
    """Trials of a model; what is made for them is removed at the end, and outputs are kept, so that
    what was looked at before costs nothing again.

    ConfigError where the model has no float network to make variants of; Absent where the device
    isn't this machine.
    """
    project = project_folder()
    models = load_models([project / "models", *subject.models_dirs], project)
    declared = models[choose("model", [subject.model], models, given_as="MODEL")[0]]
    devices = load_devices(device_folders(subject.devices_dirs), project)
    made = plan_unjudged(
        declared,
        devices,
        machine=this_machine(),
        wanted_runtimes=[subject.runtime],
        wanted_device=subject.device,
    )
    check_present(made.device, present=made.device_present)
    with temporary_folder() as scratch:
        settings = usual_settings(
            project,
            jobs=subject.jobs or usable_cpus(),
            sample=sample_of(made.device, subject.images),
        )
        case = Case(
            model=declared.id,
            variant=declared.reference.variant,
            runtime=subject.runtime,
            device=made.device.id,
        )
        source = _float_network(Rig(replace(made, cases=()), settings, report), case)
        variants = {WHOLE: VariantSpec(method="fp32")}
        tried = replace(
            declared,
            weights=source,
            variants=variants,
            reference=Reference(variant=WHOLE, runtime=declared.reference.runtime),
            runtimes=made.models[declared.id].runtimes,
            limits=(),
            deviations=(),
        )
        rig = Rig(
            replace(made, models={declared.id: tried}, cases=(), claims=()),
            replace(settings, cache=scratch),
            silent,
        )
        try:
            yield Trials(rig, declared, case, variants)
        finally:
            rig.pool.close()


def _float_network(rig: Rig, case: Case) -> Path:
    """The .tflite that variants are made of: the reference's own artifact."""
    model = rig.model(case)
    variant = model.variants[model.reference.variant]
    artifact = rig.artifact(case)
    if variant.suffix != ".tflite" or "FLOAT32" not in read_graph(artifact.path).constant_bytes:
        raise ConfigError(
            f"{model.file}: the reference {model.reference.variant!r} is no float .tflite, and"
            " variants are made of one; name a float variant as [reference] variant"
        )
    return artifact.path
