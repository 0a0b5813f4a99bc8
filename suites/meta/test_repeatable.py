"""An output is a function of its input: state is reset, and what still differs has no scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeassay.errors import ArtifactError, Incomparable
from edgeassay.spec import RuntimeSpec
from edgeassay.worker.engine import Unrepeatable
from edgeassay.worker.repeating import Row, check_repeatable
from edgeassay.workers import Tensor, Worker
from suites.meta.odd_models import write_random, write_stateful
from suites.meta.project import Project
from suites.meta.tinymodels import SIDE, brightness, write_classifier

ENGINES = ("litert", "litert-compiled")


def images(count: int) -> Tensor:
    return np.random.default_rng(3).uniform(size=(count, 1, SIDE, SIDE, 1)).astype(np.float32)


def outputs(path: Path, engine: str, rows: Tensor) -> Tensor:
    with Worker(["{python}"], engine, label="odd/fp32", timeout_s=30.0) as worker:
        loaded = worker.load(path, RuntimeSpec(engine=engine), "a", "odd/fp32")
        return worker.run(loaded, [rows], batch=4)[0]


def test_a_state_is_reset_before_each_row(tmp_path: Path) -> None:
    write_stateful(tmp_path / "odd.tflite")
    rows = images(6)
    found = outputs(tmp_path / "odd.tflite", "litert", rows)
    assert np.allclose(found.ravel(), 0.5 * rows.mean(axis=(1, 2, 3, 4)), atol=1e-6)


def test_a_compiled_model_says_that_it_takes_no_state(tmp_path: Path) -> None:
    write_stateful(tmp_path / "odd.tflite")
    with pytest.raises(ArtifactError, match="Variable tensors not yet supported"):
        outputs(tmp_path / "odd.tflite", "litert-compiled", images(2))


@pytest.mark.parametrize("engine", ENGINES)
def test_random_outputs_are_no_scores(tmp_path: Path, engine: str) -> None:
    write_random(tmp_path / "odd.tflite")
    with pytest.raises(Incomparable, match="the same input twice gives two different outputs"):
        outputs(tmp_path / "odd.tflite", engine, images(2))


def test_a_worker_tries_again_what_is_loaded_anew(tmp_path: Path) -> None:
    write_random(tmp_path / "odd.tflite")
    write_classifier(tmp_path / "fine.tflite", *brightness())
    with Worker(["{python}"], "litert", label="odd/fp32", timeout_s=30.0) as worker:
        odd = worker.load(tmp_path / "odd.tflite", RuntimeSpec(), "a", "odd/fp32")
        for _ in range(2):
            with pytest.raises(Incomparable):
                worker.run(odd, [images(2)])
        fine = worker.load(tmp_path / "fine.tflite", RuntimeSpec(), "a", "fine/fp32")
        assert len(worker.run(fine, [images(2)])[0]) == 2


def test_a_state_that_cannot_be_reset_is_told() -> None:
    seen: list[float] = [0.0]

    def run(row: Row) -> Row:
        before, seen[0] = seen[0], float(row[0].sum())
        return [row[0] + (before if before != seen[0] else 0.0)]

    rows = [[np.array([1.0])], [np.array([1.0])], [np.array([2.0])]]
    seen[0] = 1.0
    with pytest.raises(Unrepeatable, match="depends on the input before that"):
        check_repeatable(run, rows)


@pytest.mark.parametrize("kind", [np.float32, np.int8, np.bool_])
def test_the_last_bits_may_differ_and_no_more(kind: type) -> None:
    step = {np.float32: 1e-5, np.int8: 1, np.bool_: 0}[kind]

    def drawn(size: float) -> None:
        calls = iter(range(9))
        check_repeatable(
            lambda row: [(row[0] + size * (next(calls) % 2)).astype(kind)], [[np.ones(2)]]
        )

    drawn(step)
    with pytest.raises(Unrepeatable):
        drawn(-1.0 if kind is np.bool_ else 3.0)


def test_claims_about_outputs_are_incomparable_and_say_why(project: Project) -> None:
    """Of the reference too: nothing can be held against it."""
    project.write()
    write_random(project.artifacts / "tiny/fp32.tflite")
    outcome = project.run("suites/accuracy", "suites/artifact")
    found = {
        (claim["claim"], claim["case"]["variant"]): (claim["verdict"], claim["reason"])
        for claim in outcome.results["claims"]
    }
    assert found["loads", "fp32"][0] == "pass"
    for key in (("finite_outputs", "fp32"), ("min_auc", "fp32"), ("mean_auc_drop", "int8")):
        assert found[key][0] == "incomparable"
        assert "the same input twice gives two different outputs" in found[key][1]
