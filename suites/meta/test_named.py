"""What was named must have been measured, and a run in which nothing was decided says so."""

from __future__ import annotations

from typing import Any

import pytest

from edgeassay.report.named import Named, nothing_decided, unmeasured_names
from edgeassay.report.results import Results
from suites.meta.matrix_files import CaseFile, results

MODEL = Named(part="model", name="chest", by="--model chest")


def run_of(*cases: CaseFile) -> Results:
    return Results.model_validate(results(list(cases)))


def absent(variant: str, runtime: str = "litert", **more: Any) -> CaseFile:
    """A case that only its bytes are known of."""
    made = CaseFile(variant, runtime, **more).claimed("size_ratio")
    for claim in ("loads", "min_auc", "latency_ratio"):
        made.claimed(claim, "unmeasured", reason="ssh: connection refused")
    return made


def said(found: Results, *named: Named) -> list[str]:
    cases = [record.case for record in found.cases]
    return list(unmeasured_names(named, cases, found.claims))


@pytest.mark.parametrize("part", ["variant", "runtime", "device"])
def test_a_file_alone_is_no_measurement_of_what_was_named(part: str) -> None:
    names = {"variant": "int8", "runtime": "litert", "device": "host"}
    one = Named(part=part, name=names[part], by=f"--{part} {names[part]}")  # type: ignore[arg-type]
    (words,) = said(run_of(absent("int8")), one)
    assert words.startswith(f"{part} {names[part]} (--{part} {names[part]}): this was named, and")
    assert "ssh: connection refused" in words
    assert said(run_of(absent("int8").claimed("finite_outputs")), one) == []
    assert said(run_of(absent("int8").claimed("finite_outputs", "fail")), one) == []


def test_each_variant_of_a_named_model_counts_by_itself() -> None:
    found = run_of(absent("fp32").claimed("finite_outputs"), absent("int8"))
    (words,) = said(found, MODEL)
    assert words.startswith("chest int8 (--model chest): this was named, and nothing of it was")
    elsewhere = CaseFile("int8", "onnx").claimed("loads")
    assert said(run_of(found_case("fp32"), absent("int8"), elsewhere), MODEL) == []


def test_names_that_lack_for_one_reason_are_said_in_one_sentence() -> None:
    device = Named(part="device", name="host", by="--device host")
    (words,) = said(run_of(absent("fp32"), absent("int8")), MODEL, device)
    begin = "chest fp32 (--model chest), chest int8 (--model chest), device host (--device host): "
    assert words.startswith(begin)


def found_case(variant: str) -> CaseFile:
    return CaseFile(variant, "litert").claimed("loads")


def test_a_name_that_no_case_is_about_is_said() -> None:
    other = Named(part="runtime", name="onnxruntime", by="--runtime onnxruntime")
    (words,) = said(run_of(found_case("int8")), other)
    assert "no case of this run is about it" in words


def test_where_nothing_that_must_run_was_chosen_nothing_is_said() -> None:
    found = run_of(CaseFile("int8", "litert").claimed("size_ratio"))
    assert said(found, MODEL) == []


@pytest.mark.parametrize(
    ("verdict", "more", "nothing"),
    [
        ("pass", {}, False),
        ("fail", {}, False),
        ("inconclusive", {"deviation": "known", "deviation_expires": "2099-01-01"}, False),
        ("inconclusive", {}, True),
        ("unmeasured", {}, True),
        ("incomparable", {}, True),
    ],
)
def test_a_run_in_which_nothing_is_decided_says_so(
    verdict: str, more: dict[str, Any], nothing: bool
) -> None:
    made = CaseFile("int8", "litert").claimed("loads", verdict, reason="timing is off", **more)
    words = nothing_decided(run_of(made).claims)
    assert (words is not None) == nothing
    if words is not None:
        assert words.startswith("nothing was decided: none of 1 claims")
        assert "timing is off" in words
    assert nothing_decided([]) is None
