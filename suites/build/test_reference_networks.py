"""The committed reference networks are what their READMEs say."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from edgeassay.atomic import sha256_of
from edgeassay.config import load_devices, load_models
from edgeassay.evaluations import Evaluations
from edgeassay.machine import this_machine, usable_cpus
from edgeassay.matrix import plan
from edgeassay.progress import silent
from edgeassay.rig import Rig, Settings
from edgeassay.stats import class_aucs
from edgeassay.variants.trained import read_trained, training_of
from suites.meta import commands

ROOT = Path(__file__).resolve().parents[2]

commands.needs("tensorflow", reason="the converters need the [build] extra")


def test_the_phantoms_findings_are_neither_trivial_nor_hopeless() -> None:
    """Every AUC between 0.70 and 0.97: there is something to lose, and something to lose it to."""
    made = plan(
        models=load_models([ROOT / "models"], ROOT),
        devices=load_devices([ROOT / "fixtures" / "devices"], ROOT),
        machine=this_machine(),
        wanted_models=["phantom-cnn"],
        wanted_variants=["fp32"],
        wanted_device="host",
    )
    settings = Settings(
        cache=ROOT / ".assay" / "artifacts",
        outputs=ROOT / ".assay" / "predictions",
        predict_again=False,
        prebuilt=None,
        data_root=None,
        predictions=None,
        timing_off="not timed here",
        jobs=usable_cpus(),
        on=None,
        today=date.today(),
    )
    rig = Rig(made, settings, silent)
    with closing(rig.pool):
        compared = Evaluations(rig).compared(made.cases[0])
    aucs = class_aucs(compared.labels, compared.candidate)
    names = made.models["phantom-cnn"].classes
    outside = {n: a for n, a in zip(names, aucs, strict=True) if not 0.70 <= a <= 0.97}
    assert len(aucs) == 14
    assert not outside


@pytest.mark.parametrize(
    ("model", "limit_bytes"),
    [
        ("phantom-cnn", 1 << 20),
        ("pneumonia-mobilenetv2", 16 << 20),
        ("pneumonia-mobilenetv2-fragile", 16 << 20),
        ("pneumonia-densenet121", 16 << 20),
        ("breast-ultrasound", 2 << 20),
    ],
)
def test_weights_are_small_enough_to_keep(model: str, limit_bytes: int) -> None:
    assert 0 < (ROOT / "models" / model / f"{model}.keras").stat().st_size <= limit_bytes


def test_what_was_trained_is_small_enough_to_keep_and_of_these_networks() -> None:
    models = load_models([ROOT / "models"], ROOT)
    found = [(m, name) for m in models.values() for name, v in m.variants.items() if v.weights]
    assert len(found) >= 2
    for model, name in found:
        assert model.weights is not None
        variant = model.variants[name]
        path = model.folder / str(variant.weights)
        read_trained(path, model.id, name, training_of(variant, sha256_of(model.weights)))
        assert path.stat().st_size <= 10 << 20
