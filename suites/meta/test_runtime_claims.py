"""What a runtime makes of an artifact: what its delegate took, and whose outputs it gives."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from edgeassay.claims import MEASURES
from edgeassay.errors import Absent, MeasurementError
from edgeassay.evidence import Evidence
from edgeassay.gates import decide
from edgeassay.measure.parity import compare_outputs
from edgeassay.spec import Case, Claim, ClaimName, Limit, RuntimeSpec, Verdict
from edgeassay.worker.interpreter import delegation
from edgeassay.workers import Worker
from suites.meta.tinymodels import SIDE, write_classifier

CASE = Case(model="tiny", variant="int8", runtime="new", device="bench")
THERE = Case(model="tiny", variant="int8", runtime="litert", device="bench")


def claim(name: ClaimName, limit: float) -> Claim:
    return Claim(name=name, case=CASE, limit=Limit(value=limit, source="models/tiny/model.toml:x"))


def judged(name: ClaimName, limit: float, evidence: object) -> tuple[Verdict, str]:
    asked = claim(name, limit)
    measurement, _ = MEASURES[name](cast(Evidence, evidence), asked)
    judgement = decide(asked, measurement)
    return judgement.verdict, judgement.reason


def loaded_with(**facts: Any) -> object:
    return SimpleNamespace(rig=SimpleNamespace(loaded=lambda _: SimpleNamespace(facts=facts)))


@pytest.mark.parametrize(
    ("taken", "verdict"), [(13, Verdict.PASS), (12, Verdict.FAIL), (0, Verdict.FAIL)]
)
def test_a_silent_fall_back_fails(taken: int, verdict: Verdict) -> None:
    facts = {"nodes": 13, "delegated": taken, "pieces": 1, "left": ["MEAN"]}
    found, reason = judged(ClaimName.DELEGATED_SHARE, 1.0, loaded_with(**facts))
    assert found is verdict
    assert f"{taken} of 13 nodes" in reason
    assert "it left MEAN" in reason


def test_a_runtime_that_tells_nothing_of_its_delegate_is_unmeasured() -> None:
    with pytest.raises(Absent, match="doesn't tell which nodes"):
        judged(ClaimName.DELEGATED_SHARE, 1.0, loaded_with())


def node(name: str, inputs: list[int], outputs: list[int]) -> dict[str, Any]:
    return {"op_name": name, "inputs": inputs, "outputs": outputs}


def test_what_a_delegate_took_is_found_from_its_outputs_back_to_its_inputs() -> None:
    # 0 -> A -> 1 -> B -> 2 -> C -> 3 -> D -> 4, the delegate taking A and B, and D.
    chain = [node(name, [k], [k + 1]) for k, name in enumerate("ABCD")]
    pieces = [node("DELEGATE", [0], [2]), node("DELEGATE", [3], [4])]
    asked = SimpleNamespace(_get_ops_details=lambda: chain + pieces)
    assert delegation(asked) == {"nodes": 4, "delegated": 3, "pieces": 2, "left": ["C"]}
    assert delegation(SimpleNamespace(_get_ops_details=lambda: chain))["delegated"] == 0
    assert delegation(SimpleNamespace()) == {}


@pytest.mark.parametrize(("kernels", "taken"), [("xnnpack", 2), ("builtin", 0)])
def test_a_real_worker_tells_what_its_delegate_took(
    tmp_path: Path, kernels: str, taken: int
) -> None:
    path = tmp_path / "tiny.tflite"
    weights = np.ones((1, SIDE * SIDE), np.float32)
    write_classifier(path, weights, np.zeros(1, np.float32))
    with Worker(["{python}"], "litert", label="tiny", timeout_s=20.0) as worker:
        runtime = RuntimeSpec(kernels=kernels)  # type: ignore[arg-type]
        facts = worker.load(path, runtime, "a", "tiny").facts
    assert (facts["nodes"], facts["delegated"]) == (2, taken)


def test_integers_differ_in_steps_and_floats_in_numbers() -> None:
    one, two = np.array([[-128, 3]], np.int8), np.array([[127, 3]], np.int8)
    parity = compare_outputs([one], [two], 1)
    assert (parity.lsb, parity.difference) == (255.0, None)  # not wrapped around
    assert (parity.differing, parity.outputs) == (1, 2)
    several = compare_outputs([one, one], [two, one], 1)
    assert (several.lsb, several.differing, several.outputs) == (255.0, 1, 4)
    assert compare_outputs([one, one], [one, two], 1) == several
    floats = compare_outputs([one, one * 0.5], [one, one * 0.25], 1)
    assert (floats.lsb, floats.difference) == (0.0, 32.0)


@pytest.mark.parametrize(
    ("here", "there", "words"),
    [
        ([np.zeros(2)], [np.zeros(3)], "of shape"),
        ([np.zeros(2)], [np.zeros(2, np.int8)], "int8"),
        ([np.zeros(2)], [np.zeros(2)] * 2, "1 outputs, and the other 2"),
        ([np.array([np.nan])], [np.zeros(1)], "no finite number"),
    ],
)
def test_outputs_that_are_not_alike_have_no_parity(here: Any, there: Any, words: str) -> None:
    with pytest.raises(MeasurementError, match=words):
        compare_outputs(here, there, 1)


def outputs(one: Any, two: Any, quality: str | None = None) -> object:
    rig = SimpleNamespace(plan=SimpleNamespace(parity_of=lambda _: THERE))
    return SimpleNamespace(
        rig=rig,
        parity=lambda _: compare_outputs([np.array(one)], [np.array(two)], len(one)),
        parity_quality=lambda _: quality,
    )


@pytest.mark.parametrize(("two", "verdict"), [(4, Verdict.PASS), (5, Verdict.FAIL)])
def test_parity_is_judged_in_output_steps_with_the_decisions_beside_it(
    two: int, verdict: Verdict
) -> None:
    evidence = outputs([3, 3], [3, two], "3 of 7 decisions change")
    found, reason = judged(ClaimName.PARITY_LSB, 1.0, evidence)
    assert found is verdict
    assert "1 of 2 numbers differ from those of litert on bench; 3 of 7 decisions change" in reason


def test_parity_of_numbers_is_judged_as_numbers() -> None:
    evidence = outputs([0.5], [0.75])
    assert judged(ClaimName.PARITY_DIFFERENCE, 0.25, evidence)[0] is Verdict.PASS
    assert judged(ClaimName.PARITY_DIFFERENCE, 0.2, evidence)[0] is Verdict.FAIL


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        (ClaimName.PARITY_LSB, [0.5], "floating-point numbers: claim parity_difference"),
        (ClaimName.PARITY_DIFFERENCE, [1], "integers: claim parity_lsb"),
    ],
)
def test_the_wrong_kind_of_parity_names_the_right_one(
    name: ClaimName, given: list[float], words: str
) -> None:
    with pytest.raises(MeasurementError, match=words):
        judged(name, 1.0, outputs(given, given))
