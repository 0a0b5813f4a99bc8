"""Sub-networks in a real run of pytest: each beside the next wider one, or what is called so."""

from __future__ import annotations

import numpy as np
import pytest

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


def test_a_wider_one_that_is_faster_is_red(widths: Project) -> None:
    kept, _, rest = widths.model_toml.partition("[data]")
    _, _, rest = rest.partition("[variants]")
    widths.model_toml = f"{kept}[variants]{rest}".replace("wider_auc_gain = -0.02\n", "")
    widths.write_declarations()
    folder = widths.folder / "models/tiny"
    write_layers(folder / "wide.tflite", 60)
    write_layers(folder / "narrow.tflite", 10)
    write_layers(folder / "wrong.tflite", 40)
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
