"""What a run knows of a case beside its claims, without measuring anything for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from edgeassay.evidence import Evidence
from edgeassay.measure.latency import Durations, Start
from edgeassay.measure.processes import Rounds
from edgeassay.progress import silent
from edgeassay.rig import Rig, Settings
from edgeassay.spec import Case, Kind
from edgeassay.workers import Loaded, Memory
from suites.meta.project import MODEL_TOML
from suites.meta.test_matrix import make

GPU = {"software": True, "adapter": "SwiftShader", "nodes": 4, "delegated": 3}


def evidence_of(folder: Path) -> tuple[Evidence, Case]:
    plan = make(folder, MODEL_TOML)
    settings = cast(Settings, SimpleNamespace(timing_off=None, today=date(2029, 1, 1)))
    (case,) = (c for c in plan.cases if c.variant == "int8")
    return Evidence(Rig(plan, settings, silent)), case


def durations(facts: dict[str, Any]) -> Durations:
    """Three processes of five rounds each, at 2, 3 and 4 ms; the reference takes 6 ms."""
    ours = np.repeat(np.array([[2], [3], [4]], np.int64) * 1_000_000, 5, axis=1)
    memory = Memory(resident_before=10_000_000, peak_before=10_000_000, peak=15_000_000)
    start = Start(init_ns=1, first_ns=1, memory=memory, ran_ns=None, waited_ns=None)
    drawn = np.zeros(3, np.int64)
    return Durations(
        candidate=Rounds(durations=ours, drawn=drawn),
        reference=Rounds(durations=np.full((3, 5), 6_000_000, np.int64), drawn=drawn),
        starts=(start,) * 3,
        worker={"runtime": "fake", "runtime_version": "1", "architecture": "riscv64"},
        facts=facts,
    )


def test_nothing_is_known_of_a_case_that_nothing_asked_about(tmp_path: Path) -> None:
    evidence, case = evidence_of(tmp_path)
    facts = evidence.facts(case)
    assert (facts.p50_ms, facts.delegated_share, facts.loaded, facts.intervals) == (
        None,
        None,
        {},
        {},
    )
    assert facts.architecture == evidence.rig.plan.architecture
    assert facts.options["kernels"] == "xnnpack"


def test_what_was_timed_has_bounds_and_says_how_it_came_to_be(tmp_path: Path) -> None:
    evidence, case = evidence_of(tmp_path)
    evidence.timings._durations[case] = durations(GPU)
    facts = evidence.facts(case)
    assert facts.kind is Kind.SOFTWARE  # though no claim has loaded it yet
    assert (facts.p50_ms, facts.peak_memory_mb, facts.delegated_share) == (3.0, 5.0, 0.75)
    assert facts.architecture == "riscv64"
    assert facts.loaded["adapter"] == "SwiftShader"
    assert facts.latency_ratio is not None
    assert facts.latency_ratio == pytest.approx((24 / 216) ** (1 / 3))
    ratio, median = facts.intervals["latency_ratio"], facts.intervals["p50_ms"]
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low < facts.latency_ratio < ratio.high
    assert (median.value, median.n) == (3.0, 3)


def test_what_was_loaded_last_goes_before_what_was_timed(tmp_path: Path) -> None:
    evidence, case = evidence_of(tmp_path)
    evidence.timings._durations[case] = durations(GPU)
    said = GPU | {"software": False, "delegated": 4}
    loaded = Loaded(handle="a", label="a", sha256="a", inputs=(), outputs=(), facts=said)
    evidence.rig._loaded[case] = loaded
    facts = evidence.facts(case)
    assert (facts.kind, facts.delegated_share) == (Kind.MEASURED, 1.0)


def test_parity_is_of_the_raw_outputs_of_both_runtimes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence, case = evidence_of(tmp_path)
    other = replace(case, runtime="other")
    given = {
        case: ([[3], [5], [7]], [0.3, 0.6, 0.7]),
        other: ([[3], [9], [7]], [0.3, 0.4, 0.7]),
    }
    made = {
        c: SimpleNamespace(raw=np.array(raw, np.int8), scores=np.array(scores)[:, None])
        for c, (raw, scores) in given.items()
    }
    monkeypatch.setattr(type(evidence.rig.plan), "parity_of", lambda *_: other)
    monkeypatch.setattr(evidence.evaluations, "predictions", made.__getitem__)
    parity = evidence.parity(case)
    assert (parity.lsb, parity.differing, parity.rows) == (4.0, 1, 3)
    scores = {c: one.scores for c, one in made.items()}
    split = SimpleNamespace(labels=np.array([[0], [1], [1]]))
    compared = SimpleNamespace(
        candidate=scores[case], reference=scores[other], aucs=SimpleNamespace(mean=lambda: None)
    )
    operating = SimpleNamespace(decide=lambda found: found > 0.5)
    monkeypatch.setattr(evidence.evaluations, "scores", scores.__getitem__)
    monkeypatch.setattr(evidence.evaluations, "data", lambda _: SimpleNamespace(split=split))
    monkeypatch.setattr(evidence.evaluations, "beside", lambda *_: compared)
    monkeypatch.setattr(evidence.evaluations, "operating", lambda _: operating)
    assert evidence.parity_quality(case) == "1 of 3 decisions change"


def test_parity_without_data_is_of_the_same_random_inputs_on_both_runtimes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make(tmp_path, MODEL_TOML)
    models = {"tiny": replace(plan.models["tiny"], data=None)}
    settings = cast(Settings, SimpleNamespace())
    evidence = Evidence(Rig(replace(plan, models=models), settings, silent))
    case = plan.cases[0]
    other = replace(case, runtime="other")
    seeds = []

    def outputs(asked: Case, seed: int) -> list[np.ndarray[Any, Any]]:
        seeds.append(seed)
        return [np.array([1.0 if asked == case else 1.5])]

    monkeypatch.setattr(type(evidence.rig.plan), "parity_of", lambda *_: other)
    monkeypatch.setattr(evidence, "_random_outputs", outputs)
    assert evidence.parity(case).difference == 0.5
    assert len(seeds) == 2
    assert len({*seeds}) == 1
