"""What a search tried is what its variant is built to, from a network kept by Keras."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from edgeassay.build import build
from edgeassay.config import load_model
from edgeassay.datasets import open_dataset
from edgeassay.progress import silent
from edgeassay.search.recipe import Recipe
from edgeassay.search.writing import variant_file, write_variant
from edgeassay.trials import WHOLE, Subject, open_trials
from suites.build.test_build import MODEL, make_model
from suites.meta import commands

commands.needs("tensorflow", reason="the converters need the [build] extra")


def test_a_mixed_variant_is_built_from_keras_to_the_bytes_that_were_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = make_model(tmp_path / "models")
    text = MODEL.replace("calibration = 20,", "calibration = 20, validation = 20,")
    (declared.folder / "model.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    with open_trials(Subject(model="small", runtime="litert"), silent) as trials:
        names = [layer.name for layer in trials.graph.layers]
        assert len(names) == 2
        recipe = Recipe(layers=dict(zip(names, ("int8", "w8"), strict=True)))
        variant = recipe.variant(10)
        assert variant.calibration_images == 10
        trials.add({"tried": variant})
        tried = trials.artifact("tried")
        assert tried.sha256 != trials.artifact(WHOLE).sha256
        path = variant_file(declared, "mixed-size", force=False)
        write_variant(path, variant, ["found by a test"])
    again = load_model(declared.folder, tmp_path)
    made = build(
        again,
        ["mixed-size"],
        cache=tmp_path / "cache",
        open_data=partial(open_dataset, data_root=None),
        report=silent,
    )
    assert made.artifacts["mixed-size"].sha256 == tried.sha256
