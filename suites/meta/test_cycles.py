"""What is estimated of an accelerator: claims on memory and share, and cycles against a baseline,
each seen to hold, to fail, and to tell that it can't say.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edgeassay.baselines import Line, baseline_claims, load_against
from edgeassay.baselines.promoting import promote, read_candidate
from edgeassay.claims import MEASURES
from edgeassay.errors import Absent, DataError, Incomparable
from edgeassay.evaluations import Evaluations
from edgeassay.evidence import Evidence
from edgeassay.gates import decide
from edgeassay.rig import Rig
from edgeassay.runs.reading import read_run
from edgeassay.spec import (
    Claim,
    ClaimName,
    Judgement,
    Limit,
    ModelSpec,
    RuntimeSpec,
    Verdict,
)
from suites.meta.project import ROOT
from suites.meta.promotable import HARDWARE, INT8, Run, claimed

NPU = replace(INT8, runtime="ethos-u")
FACTS: dict[str, Any] = {
    "target": "ethos-u55-128",
    "system": "Ethos_U55_High_End_Embedded",
    "memory": "Shared_Sram",
    "compiler": "ethos-u-vela",
    "compiler_version": "5.2.0",
    "nodes": 13,
    "delegated": 13,
    "pieces": 1,
    "left": [],
    "sram_bytes": 341_552,
    "cycles": 1_000_000,
}
RUNTIMES = {
    "litert": RuntimeSpec(),
    "ethos-u": RuntimeSpec(engine="ethos-u", target="ethos-u55-128"),
    "tflite-micro": RuntimeSpec(engine="tflite-micro"),
}


def judged(name: ClaimName, limit: float, facts: dict[str, Any]) -> Judgement:
    """A claim on what a runtime says of an artifact that it loaded."""
    rig = SimpleNamespace(loaded=lambda _: SimpleNamespace(facts=facts))
    claim = Claim(name=name, case=NPU, limit=Limit(value=limit, source="model.toml:limit[0]"))
    measured, reference = MEASURES[name](cast(Evidence, SimpleNamespace(rig=rig)), claim)
    return decide(claim, measured, reference=reference)


def test_sram_is_what_the_compiler_lays_out_in_kilobytes_of_a_thousand_bytes() -> None:
    held = judged(ClaimName.NPU_SRAM_KB, 341.552, FACTS)
    assert held.verdict is Verdict.PASS
    assert "ethos-u55-128, Ethos_U55_High_End_Embedded, Shared_Sram, by ethos-u-vela" in held.reason
    assert judged(ClaimName.NPU_SRAM_KB, 341.5, FACTS).verdict is Verdict.FAIL


def test_what_runs_nowhere_on_the_accelerator_takes_no_memory_there_and_passes_nothing() -> None:
    nothing = FACTS | {"delegated": 0, "sram_bytes": 0, "cycles": 0, "left": ["CONV_2D"]}
    with pytest.raises(Absent, match="none of its 13 nodes runs on ethos-u55-128"):
        judged(ClaimName.NPU_SRAM_KB, 400.0, nothing)
    assert judged(ClaimName.DELEGATED_SHARE, 0.5, nothing).verdict is Verdict.FAIL


def test_an_arena_holds_or_is_too_large() -> None:
    facts = {"arena_bytes": 334_400, "arena_tried": 334_384}
    assert judged(ClaimName.ARENA_KB, 334.4, facts).verdict is Verdict.PASS
    failed = judged(ClaimName.ARENA_KB, 334.3, facts)
    assert failed.verdict is Verdict.FAIL
    assert "334,400 bytes; with 334,384 it doesn't load" in failed.reason


@pytest.mark.parametrize("name", [ClaimName.ARENA_KB, ClaimName.NPU_SRAM_KB])
def test_a_runtime_that_tells_of_no_such_memory_leaves_the_claim_unmeasured(
    name: ClaimName,
) -> None:
    with pytest.raises(Absent, match="runtime ethos-u"):
        judged(name, 1.0, {})


def test_what_is_only_compiled_has_neither_outputs_nor_times() -> None:
    def rig(runtime: str) -> Any:
        spec = RUNTIMES[runtime]
        device = SimpleNamespace(emulated=False)
        made: Any = SimpleNamespace(runtime=lambda _: spec, device=lambda _: device)
        made.check_executes = lambda case: Rig.check_executes(made, case)
        return made

    npu, micro, here = (rig(name) for name in ("ethos-u", "tflite-micro", "litert"))
    for check in (Rig.check_executes, Rig.check_timed):
        with pytest.raises(Absent, match="compiles for an accelerator, and nothing runs it"):
            check(npu, NPU)
        check(here, INT8)
    Rig.check_executes(micro, INT8)
    with pytest.raises(Absent, match="isn't this machine"):
        Rig.check_timed(micro, INT8)
    with pytest.raises(Absent, match="nothing runs it"):
        Evaluations(npu).predictions(NPU)


class Estimated(Run):
    """A run whose cases are compiled alone: it has their estimates, and no durations of them."""

    estimate = FACTS

    def document(self) -> dict[str, Any]:
        made = super().document()
        made["benchmarks"] = []
        made["edgeassay"]["cases"] = [{"case": vars(NPU), "estimate": self.estimate}]
        return made


def written(folder: Path, facts: dict[str, Any], **more: Any) -> Path:
    run = Estimated(cases=(NPU,), **more)
    run.estimate = facts
    return run.write(folder / "runs")


def promoted(folder: Path, facts: dict[str, Any] = FACTS, **more: Any) -> None:
    more = {"claims": [claimed(NPU, "loads", kind="estimated")]} | more
    candidate = read_candidate(written(folder, facts, **more), folder / "runs")
    (decision,) = promote(candidate, folder / "baselines", Line.LAST, (), date(2026, 11, 21))
    assert decision.promoted


def against_baseline(folder: Path, facts: dict[str, Any]) -> Judgement:
    against = load_against(folder / "baselines", HARDWARE, ROOT / "suites")
    models = {"tiny": cast(ModelSpec, SimpleNamespace(data="some", runtimes=RUNTIMES))}
    (claim,) = baseline_claims([NPU], models, against)
    assert claim.name is ClaimName.BASELINE_CYCLES_RATIO
    loaded = SimpleNamespace(facts=facts)
    settings = SimpleNamespace(against=against)
    evidence = SimpleNamespace(rig=SimpleNamespace(loaded=lambda _: loaded, settings=settings))
    measured, reference = MEASURES[claim.name](cast(Evidence, evidence), claim)
    return decide(claim, measured, reference=reference)


def test_cycles_may_grow_by_as_much_as_compare_toml_allows(tmp_path: Path) -> None:
    promoted(tmp_path)
    held = against_baseline(tmp_path, FACTS | {"cycles": 1_010_000})
    assert (held.verdict, held.reference) == (Verdict.PASS, 1_000_000.0)
    assert "compare.limits.cycles_growth" in held.reason
    assert "since c0ffee0000 of 2026-11-01" in held.reason
    grown = against_baseline(tmp_path, FACTS | {"cycles": 1_010_001})
    assert grown.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"compiler_version": "5.3.0"}, "compiler_version 5.2.0, now 5.3.0"),
        ({"target": "ethos-u55-256"}, "target ethos-u55-128, now ethos-u55-256"),
        ({"memory": "Sram_Only"}, "memory Shared_Sram, now Sram_Only"),
        ({"delegated": 12, "cycles": 5}, "0 nodes left to the CPU, now 1"),
    ],
)
def test_cycles_of_another_compiler_accelerator_or_part_of_the_graph_are_incomparable(
    tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    promoted(tmp_path)
    with pytest.raises(Incomparable, match=words):
        against_baseline(tmp_path, FACTS | changed)


def test_a_baseline_without_cycles_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(Absent, match="no baseline"):
        against_baseline(tmp_path, FACTS)
    nothing = FACTS | {"delegated": 0, "cycles": 0}
    promoted(tmp_path, nothing)
    with pytest.raises(Absent, match="none of its 13 nodes runs on"):
        against_baseline(tmp_path, nothing)
    with pytest.raises(Absent, match="estimates no cycles"):
        against_baseline(tmp_path, {})


def test_an_estimate_is_compared_whichever_hardware_compiled_it(tmp_path: Path) -> None:
    promoted(tmp_path, hardware="fedcba987654")
    assert against_baseline(tmp_path, FACTS).verdict is Verdict.PASS
    promoted(tmp_path, FACTS | {"cycles": 500_000})
    assert against_baseline(tmp_path, FACTS).verdict is Verdict.FAIL  # its own goes first


def test_claims_on_outputs_keep_no_estimate_from_being_promoted_and_others_do(
    tmp_path: Path,
) -> None:
    unmeasured = [
        claimed(NPU, "loads", kind="estimated"),
        claimed(NPU, "mean_auc_drop", Verdict.UNMEASURED, kind="estimated"),
        claimed(NPU, "latency_ratio", Verdict.UNMEASURED, kind="estimated"),
    ]
    unasked = {"case": vars(NPU), "claim": "min_auc", "class": None}
    promoted(tmp_path, claims=unmeasured, unasked=[unasked])
    for claim in (
        claimed(NPU, "delegated_share", Verdict.FAIL, kind="estimated"),
        claimed(NPU, "npu_sram_kb", Verdict.UNMEASURED, kind="estimated"),
    ):
        path = written(tmp_path, FACTS, claims=[*unmeasured, claim])
        candidate = read_candidate(path, tmp_path / "runs")
        (decision,) = promote(candidate, tmp_path / "no", Line.LAST, (), date(2026, 11, 21))
        assert not decision.promoted
    path = written(tmp_path, FACTS, claims=unmeasured, unasked=[unasked | {"claim": "loads"}])
    candidate = read_candidate(path, tmp_path / "runs")
    (decision,) = promote(candidate, tmp_path / "no", Line.LAST, (), date(2026, 11, 21))
    assert "wasn't asked for loads" in decision.obstacles[0].why


def test_a_run_with_neither_durations_nor_estimates_is_refused(tmp_path: Path) -> None:
    run = Estimated(cases=(NPU,))
    run.estimate = cast(Any, None)
    with pytest.raises(DataError, match="nothing was timed"):
        read_run(run.write(tmp_path))


def test_which_claims_a_runtime_has_against_a_baseline(tmp_path: Path) -> None:
    against = load_against(tmp_path, HARDWARE, ROOT / "suites")
    models = {"tiny": cast(ModelSpec, SimpleNamespace(data="some", runtimes=RUNTIMES))}
    found: dict[str, set[ClaimName]] = defaultdict(set)
    for case in (replace(INT8, runtime=name) for name in RUNTIMES):
        for claim in baseline_claims([case], models, against):
            found[case.runtime].add(claim.name)
    assert found["ethos-u"] == {ClaimName.BASELINE_CYCLES_RATIO}
    assert ClaimName.BASELINE_CYCLES_RATIO not in found["litert"]
    assert len(found["litert"]) == 4
    assert "tflite-micro" not in found
