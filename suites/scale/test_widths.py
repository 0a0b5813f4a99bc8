"""Sub-networks in a real run of pytest: each beside the next wider one, or what is called so."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pytest

from suites.meta import commands
from suites.meta.project import MODEL_TOML, Outcome, Project
from suites.meta.tinymodels import SIDE, brightness, write_classifier, write_layers

VARIANTS = """
wide = { artifact = "wide.tflite" }
narrow = { artifact = "narrow.tflite", wider = "wide" }
wrong = { artifact = "wrong.tflite", wider = "narrow" }
"""
LIMITS = "[limits]\nwider_auc_gain = -0.02\nwider_latency_ratio = 0.9\n"
REFERENCE = '\n[reference]\nvariant = "wide"\n'


def verdicts(outcome: Outcome, claim: str) -> dict[str, str]:
    found = [c for c in outcome.results["claims"] if c["claim"] == claim]
    return {c["case"]["variant"]: c["verdict"] for c in found}


@pytest.fixture
def widths(project: Project) -> Project:
    """Three widths, the last of them declared in the wrong order; their artifacts are to come."""
    head, _, tail = MODEL_TOML.partition("[variants]")
    _, _, runtimes = tail.partition("[runtimes]")
    runtimes, _, _ = runtimes.partition("[limits]")
    text = f"{head}[variants]{VARIANTS}{REFERENCE}\n[runtimes]{runtimes}{LIMITS}"
    project.model_toml = text.replace('weights = "tiny.keras"\n', "")
    project.prebuilt = False
    project.write_declarations()
    return project


def test_a_wider_one_that_sees_less_is_red(widths: Project) -> None:
    weights, bias = brightness()
    blind = np.random.default_rng(1).normal(0.0, 0.02, (1, SIDE * SIDE)).astype(np.float32)
    folder = widths.folder / "models/tiny"
    write_classifier(folder / "wide.tflite", weights, bias)
    write_classifier(folder / "narrow.tflite", blind, np.zeros(1, np.float32))
    write_classifier(folder / "wrong.tflite", weights, bias)
    outcome = widths.run("suites/accuracy")
    assert outcome.code == 1, outcome.text
    assert verdicts(outcome, "wider_auc_gain") == {"narrow": "pass", "wrong": "fail"}
    assert outcome.tests["test_wider_auc_gain[tiny-wrong-litert]"] == "failure"
    assert outcome.tests["test_wider_auc_gain[tiny-narrow-litert]"] == "passed"


def write_times(project: Project) -> None:
    """Widths that take time in proportion to their layers, of a model without data."""
    kept, _, rest = project.model_toml.partition("[data]")
    _, _, rest = rest.partition("[variants]")
    project.model_toml = f"{kept}[variants]{rest}".replace("wider_auc_gain = -0.02\n", "")
    project.write_declarations()
    for name, layers in (("wide", 60), ("narrow", 10), ("wrong", 40)):
        write_layers(project.folder / f"models/tiny/{name}.tflite", layers)


@pytest.mark.long
def test_a_wider_one_that_is_faster_is_red(widths: Project) -> None:
    write_times(widths)
    outcome = widths.run("--benchmark", "suites/latency")
    assert outcome.code == 1, outcome.text
    assert verdicts(outcome, "wider_latency_ratio") == {"narrow": "pass", "wrong": "fail"}
    (claim,) = (
        c
        for c in outcome.results["claims"]
        if c["claim"] == "wider_latency_ratio" and c["case"]["variant"] == "wrong"
    )
    assert claim["measurement"]["value"] > 1.5
    assert claim["reference"] > 0.0


def select(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    return commands.run(
        *("edgeassay", "select", "tiny", *words),
        f"--models-dir={project.folder / 'models'}",
        f"--devices-dir={project.folder / 'devices'}",
        environment=project.surroundings,
    )


def test_the_width_that_keeps_a_budget_is_taken_and_none_is_said(widths: Project) -> None:
    write_times(widths)
    table = widths.folder / "select.json"
    done = select(widths, "--budget-ms", "1e6", f"--json={table}")
    assert done.returncode == 0, done.stderr
    assert "wide: the widest of which 95 % of inferences keep 1e+06 ms" in done.stdout
    facts = json.loads(table.read_text(encoding="utf-8"))
    assert (facts["width"], facts["fits"]) == ("wide", True)
    # `wrong` is called narrower than `narrow`, and takes longer.
    assert facts["passed_over"] == {"wrong": "no faster than narrow, which is wider"}
    assert 0.0 < facts["widths"]["narrow"]["p50_ms"] < facts["widths"]["wide"]["p50_ms"]
    done = select(widths, "--budget-ms", "1e-6")
    assert done.returncode == 1
    assert "narrow: no width keeps 1e-06 ms, so the narrowest is taken" in done.stdout
