"""Any network with the 14 findings of ChestX-ray14 is evaluated on real images of them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from edgeassay.spec import CHEST_FINDINGS
from suites.meta import commands
from suites.meta.project import ROOT, Project

commands.needs("tensorflow", reason="the converters need the [build] extra")

DATA = os.environ.get("EDGEASSAY_DATA", "")
# A network trained on generated images knows nothing of real ones: what is shown is the way there,
# and that nothing is said to hold for it.
MODEL = f"""
id = "tiny"
weights = "phantom-cnn.keras"

[data]
source = "image-csv"
folder = "nih-sample"
labels = {list(CHEST_FINDINGS)}
patient = "patient"
splits = {{ calibration = "train" }}

[preprocess]
color = "grey"
size = [128, 128]
mean = [0.45]
std = [0.22]

[variants]
fp32 = {{ method = "fp32" }}
int8 = {{ method = "int8", calibration_images = 12 }}

[runtimes]
litert = {{}}

[limits]
finite_outputs = true
min_auc = 0.5
mean_auc_drop = 0.05
class_auc_drop = 0.2
"""


@pytest.mark.skipif(
    not (Path(DATA) / "nih-sample").is_dir() or not DATA,
    reason="EDGEASSAY_DATA has no folder nih-sample",
)
def test_a_network_with_fourteen_labels_is_judged_on_real_images(tmp_path: Path) -> None:
    project = Project(tmp_path, model_toml=MODEL, prebuilt=False)
    project.environment["EDGEASSAY_DATA"] = str(Path(DATA).resolve())
    project.write()
    shutil.copy(ROOT / "models/phantom-cnn/phantom-cnn.keras", tmp_path / "models/tiny")
    outcome = project.run("--jobs=2", "suites/accuracy")
    assert outcome.code == 1, outcome.text
    drops = {
        claim["class"]: claim
        for claim in outcome.results["claims"]
        if claim["claim"] == "class_auc_drop"
    }
    assert list(drops) == list(CHEST_FINDINGS)
    measured = [claim["measurement"] for claim in drops.values() if claim["measurement"]]
    assert {each["n"] for each in measured} == {623}
    assert any(each["value"] != 0.0 for each in measured)
    assert "look inverted: AUC 0.35" in drops["Pneumonia"]["reason"]
    passed = {claim["claim"] for claim in outcome.results["claims"] if claim["verdict"] == "pass"}
    assert passed == {"finite_outputs"}
