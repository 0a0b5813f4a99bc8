"""Saliency by real runs: a variant that looks elsewhere turns red; what was computed is kept."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np

from suites.meta import commands
from suites.meta.project import MODEL_TOML, ROOT, Project
from suites.meta.tinymodels import SIDE, write_classifier

CLAIMS = ("min_saliency_correlation", "min_saliency_overlap")
SALIENCY = """
[saliency]
images = 32
patch = 0.25
stride = 0.125
least_range = 0.01

[limits]
min_saliency_correlation = { limit = 0.8, rationale = "the map that is shown must be the same" }
min_saliency_overlap = 0.5
"""
BIAS = np.array([-24.0], np.float32)


def write(project: Project, variant: str, *, turned: bool = False) -> None:
    """A network that hardly looks at the right half, or at the left one."""
    columns = np.where(np.arange(SIDE) < SIDE // 2, 1.45, 0.05)
    weights = np.tile(columns[::-1] if turned else columns, SIDE)[np.newaxis].astype(np.float32)
    place = project.artifacts / f"tiny/{variant}.tflite"
    write_classifier(place, weights, BIAS, int8=variant == "int8")


def prepare(project: Project) -> None:
    project.model_toml = MODEL_TOML.replace("\n[limits]\n", SALIENCY)
    project.write_declarations()
    write(project, "fp32")
    write(project, "int8")


def said(project: Project, *options: str) -> tuple[int, dict[str, str]]:
    """The exit code, and the verdicts of both claims about int8."""
    outcome = project.run("--variant", "int8", "-k", "saliency", *options)
    claims = {c["claim"]: c["verdict"] for c in outcome.results["claims"]}
    return outcome.code, {name: claims.get(name, "not claimed") for name in CLAIMS}


def test_a_variant_that_looks_elsewhere_turns_the_claim_red(project: Project) -> None:
    prepare(project)
    assert said(project) == (0, dict.fromkeys(CLAIMS, "pass"))
    write(project, "int8", turned=True)
    assert said(project) == (1, dict.fromkeys(CLAIMS, "fail"))


def saliency(project: Project, *options: str) -> subprocess.CompletedProcess[str]:
    """`edgeassay saliency` in the project's folder, which keeps what it computes there."""
    words = ["--devices-dir", "devices", "--device", "bench", "--artifacts", "artifacts", *options]
    surroundings = project.surroundings | {"PYTHONPATH": str(ROOT)}
    return commands.run(
        *("edgeassay", "saliency", "tiny", *words), folder=project.folder, environment=surroundings
    )


def kept(project: Project) -> dict[Path, bytes]:
    folder = project.folder / ".assay" / "predictions"
    return {path: path.read_bytes() for path in folder.rglob("*.outputs")}


def test_the_command_shows_every_variant_and_costs_nothing_a_second_time(
    project: Project,
) -> None:
    prepare(project)
    words = ("--json", "found.json", "--html", "maps.html", "--pictures", "2")
    first = saliency(project, *words)
    assert first.returncode == 0, first.stderr
    assert "where tiny-fp32-litert looks: hiding one part of each image at a time" in first.stderr
    whole, small = json.loads((project.folder / "found.json").read_text())["cases"]
    assert (whole["variant"], whole["weights"], small["weights"]) == ("fp32", "float32", "int8")
    for name in ("correlation", "overlap"):
        assert (whole[name]["value"], whole[name]["high"]) == (1.0, 1.0)
        assert 0.9 < whole[name]["low"] < 1.0  # three more patients could point nowhere
        assert small[name]["low"] < small[name]["value"] < 1.0
        assert set(whole[f"{name}s"]) == {1.0}
    assert (project.folder / "maps.html").read_text().count("<figure>") == 2 * 3
    before = kept(project)
    assert len(before) == 32 + len(small["images"])
    again = saliency(project)
    assert again.stdout == first.stdout
    assert "covering images" not in again.stderr
    assert kept(project) == before


def test_without_data_or_variant_what_is_missing_is_said_and_nothing_is_drawn(
    project: Project,
) -> None:
    prepare(project)
    (project.artifacts / "tiny/int8.tflite").unlink()
    done = saliency(project)
    assert done.returncode == 4
    assert "int8 on litert: --artifacts: artifacts/tiny/int8.tflite isn't there" in done.stdout
    assert "1.0000 (0.906 to 1.000)" in done.stdout
    project.environment["EDGEASSAY_DATA"] = str(project.folder)
    done = saliency(project, "--html", "maps.html")
    assert done.returncode == 4
    assert "has no folder 'spots'" in done.stderr
    assert not (project.folder / "maps.html").exists()
    done = saliency(project, "--variant", "int9")
    assert done.returncode == 2
    assert "unknown variant" in done.stderr
