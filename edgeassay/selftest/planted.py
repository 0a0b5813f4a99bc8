"""Planted regressions: a model with broken variants, judged as a run judges any model."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from edgeassay.artifacts import Recipe, read_artifact, write_artifact
from edgeassay.assay import Assay
from edgeassay.atomic import write_text
from edgeassay.checkout import state_of
from edgeassay.config import load_device, load_model
from edgeassay.errors import ArtifactError, ConfigError, DataError
from edgeassay.machine import this_machine
from edgeassay.matrix import plan
from edgeassay.progress import silent
from edgeassay.report.reading import read_results
from edgeassay.report.results import assemble, claim_record, sealed, write_document
from edgeassay.rig import usual_settings
from edgeassay.selftest.checks import Check, Said, refused, right
from edgeassay.selftest.networks import SIDE, brightness, checkered, write_classifier
from edgeassay.spec import Claim, ClaimName, Judgement, Verdict

PATIENTS: Final = 192  # two images each; two of three in the test split
PADDING: Final = 1 << 16
VARIANTS: Final = ("fp32", "same", "worse", "bigger", "nan", "corrupt")

MODEL: Final = """\
id = "{id}"

[data]
source = "image-csv"
folder = "{id}"
label = "finding"
positive = "bright"
patient = "patient"

[preprocess]
color = "grey"
size = [8, 8]

[variants]
{variants}

[runtimes]
litert = {{}}

[limits]
loads = true
finite_outputs = true
min_auc = 0.8
mean_auc_drop = 0.05
size_ratio = 1.5
"""
DEVICE: Final = """\
id = "selftest"

[match]
any = true

[timing]
processes = 1
rounds = 1
warmup_rounds = 0
timeout_s = 60.0

[workers]
litert = ["{python}"]
"""


@dataclass(frozen=True)
class Bench:
    """A model with planted regressions in a folder of its own; `shared` has a patient in the
    training split and in the test split.
    """

    folder: Path
    shared: bool = False

    @property
    def name(self) -> str:
        """The model's id."""
        return "shared" if self.shared else "planted"

    @cached_property
    def assay(self) -> Assay:
        """A run on it, as pytest would begin one."""
        self.write()
        models = load_model(self.folder / "models" / self.name, self.folder)
        device = load_device(self.folder / "selftest.toml", self.folder)
        made = plan(models={self.name: models}, devices={device.id: device}, machine=this_machine())
        settings = usual_settings(
            self.folder, data_root=self.folder / "data", jobs=1, timing_off="nothing is timed here"
        )
        return Assay(made, settings, silent)

    def judge(self, claim: ClaimName, variant: str) -> Judgement:
        """What a run says; no worker outlives it."""
        try:
            return self.assay.judge(self._claim(claim, variant))
        finally:
            self.assay.rig.pool.close()

    def _claim(self, name: ClaimName, variant: str) -> Claim:
        claims = (c for c in self.assay.plan.claims if c.case.variant == variant)
        return next(claim for claim in claims if claim.name is name)

    def write(self) -> None:
        """The declarations, the networks and the images."""
        folder = self.folder / "models" / self.name
        rows = [f'{name} = {{ artifact = "{name}.tflite" }}' for name in VARIANTS]
        write_text(folder / "model.toml", MODEL.format(id=self.name, variants="\n".join(rows)))
        write_text(self.folder / "selftest.toml", DEVICE)
        weights, bias = brightness()
        for name in ("fp32", "same", "corrupt"):
            write_classifier(folder / f"{name}.tflite", weights, bias)
        write_classifier(folder / "worse.tflite", *checkered())
        write_classifier(folder / "bigger.tflite", weights, bias, padding_bytes=PADDING)
        write_classifier(folder / "nan.tflite", weights, np.full_like(bias, np.nan))
        corrupt = folder / "corrupt.tflite"
        os.truncate(corrupt, corrupt.stat().st_size // 2)
        self._write_images(self.folder / "data" / self.name)

    def _write_images(self, folder: Path) -> None:
        """Noise, brighter where the label says so."""
        rng = np.random.default_rng(5)
        (folder / "images").mkdir(parents=True, exist_ok=True)
        with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(("image", "finding", "patient", "split"))
            for number in range(2 * PATIENTS):
                bright = number % 4 < 2  # every other patient
                grey = rng.normal(136 if bright else 119, 40, (SIDE, SIDE))
                name = f"images/{number:03d}.png"
                Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).save(folder / name)
                patient = number // 2
                split = "train" if patient % 3 == 0 else "test"
                if self.shared and patient == 1:
                    patient = 0
                rows.writerow((name, "bright" if bright else "dark", f"p{patient:03d}", split))


def planted_regressions(folder: Path) -> Iterator[Check]:
    """The checks on a network that is right, and on those with something planted."""
    bench = Bench(folder)
    for variant, planted, claim, verdict in (
        ("same", "the same network again", ClaimName.MEAN_AUC_DROP, Verdict.PASS),
        ("same", "the same network again", ClaimName.SIZE_RATIO, Verdict.PASS),
        ("same", "the same network again", ClaimName.FINITE_OUTPUTS, Verdict.PASS),
        ("fp32", "a network that finds what is bright", ClaimName.MIN_AUC, Verdict.PASS),
        ("worse", "weights that cancel out", ClaimName.MIN_AUC, Verdict.FAIL),
        ("worse", "weights that cancel out", ClaimName.MEAN_AUC_DROP, Verdict.FAIL),
        ("bigger", f"{PADDING:,} bytes more", ClaimName.SIZE_RATIO, Verdict.FAIL),
        ("nan", "a bias that is no number", ClaimName.FINITE_OUTPUTS, Verdict.FAIL),
        ("corrupt", "half a file", ClaimName.LOADS, Verdict.FAIL),
    ):
        yield Check(
            subject=claim.value,
            planted=planted,
            expected=verdict.value,
            ask=partial(_judged, bench, claim, variant, verdict),
        )
    for subject, planted, ask in (
        ("splits", "a patient of both splits", partial(_overlap, folder)),
        ("artifacts", "a byte changed since it was built", partial(_changed_artifact, folder)),
        ("results.json", "a fail that became a pass", partial(_tampered, bench, folder)),
    ):
        yield Check(subject=subject, planted=planted, expected="refused", ask=ask)


def _judged(bench: Bench, claim: ClaimName, variant: str, wanted: Verdict) -> Said:
    found = bench.judge(claim, variant)
    return right(found.verdict is wanted, f"{found.verdict.value}: {found.reason}")


def _overlap(folder: Path) -> Said:
    bench = Bench(folder, shared=True)
    return refused(lambda: bench.judge(ClaimName.MIN_AUC, "fp32"), ConfigError, "patients")


def _changed_artifact(folder: Path) -> Said:
    path = folder / "built.tflite"
    recipe = Recipe(
        model="planted",
        variant="built",
        source_sha256="",
        data_sha256=None,
        settings={},
        versions={},
    )
    write_artifact(path, b"TFL3" * 8, recipe)
    read_artifact(path, recipe.model, recipe.variant)  # as it was built it is accepted
    path.write_bytes(b"TFL4" + path.read_bytes()[4:])
    ask = partial(read_artifact, path, recipe.model, recipe.variant)
    return refused(ask, ArtifactError, "has changed since it was built")


def _tampered(bench: Bench, folder: Path) -> Said:
    """The results of a real judgement, with its verdict changed by hand."""
    path = folder / "results.json"
    failed = bench.judge(ClaimName.SIZE_RATIO, "bigger")
    results = assemble(
        state_of(folder, read={}),
        datetime.now(UTC),
        this_machine(),
        [claim_record(failed)],
        [],
        co_primaries={},
        complete=True,
    )
    write_document(path, sealed(results))
    read_results(path)  # as it was written it is accepted
    found = json.loads(path.read_text(encoding="utf-8"))
    found["claims"][0]["verdict"] = Verdict.PASS.value
    path.write_text(json.dumps(found), encoding="utf-8")
    return refused(partial(read_results, path), DataError, "digest")
