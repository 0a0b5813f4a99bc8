"""Badges say what the results say, as pictures that can't do anything."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeassay.errors import DataError
from edgeassay.matrix_report.rows import Run
from edgeassay.report.results import Results
from edgeassay.summary.badges import COLOURS, OVERALL, badges, file_stem
from suites.meta.matrix_files import CaseFile, hostile, others, results

SVG = "{http://www.w3.org/2000/svg}"


def of(*documents: dict[str, Any]) -> dict[str, str]:
    runs = [
        Run(where=f"{k}.json", results=Results.model_validate(document))
        for k, document in enumerate(documents)
    ]
    return badges(runs)


def words(svg: str) -> tuple[str, str, str, str]:
    """Label, message, title and colour."""
    root = ET.fromstring(svg)  # noqa: S314 (made here)
    label, message = (one.text or "" for one in root.iter(f"{SVG}text"))
    title, (rect,) = root.find(f"{SVG}title"), root.iter(f"{SVG}rect")
    assert title is not None
    return label, message, title.text or "", rect.attrib["fill"]


def judged(verdict: str, **more: Any) -> dict[str, Any]:
    """A variant of which one claim stands so, beside one that passes."""
    case = CaseFile("int8", "litert").claimed("loads")
    return results([case.claimed("size_ratio", verdict, value=0.3, **more)])


@pytest.mark.parametrize(
    ("verdict", "more", "message"),
    [
        ("pass", {}, "✓ 2 pass"),
        ("fail", {}, "✗ 1 fail, 1 pass"),
        ("inconclusive", {}, "? undecided: 1 inconclusive, 1 pass"),
        ("unmeasured", {}, "? undecided: 1 unmeasured, 1 pass"),
        ("incomparable", {}, "? undecided: 1 incomparable, 1 pass"),
        (
            "fail",
            {"deviation": "known", "deviation_expires": "2027-12-31"},
            "◐ declared until 2027-12-31: 1 declared, 1 pass",
        ),
    ],
)
def test_a_badge_is_green_where_every_claim_passes_and_nowhere_else(
    verdict: str, more: dict[str, Any], message: str
) -> None:
    label, said, title, colour = words(of(judged(verdict, **more))[OVERALL])
    assert (label, said) == ("edgeassay", message)
    assert "2 claims" in title
    assert (colour == COLOURS["pass"]) == (verdict == "pass")


def test_a_run_that_was_cut_short_is_not_green() -> None:
    document = judged("pass") | {"complete": False}
    _, said, _, colour = words(of(document)[OVERALL])
    assert said == "? incomplete run: undecided: 2 pass"
    assert colour == COLOURS["undecided"]


def test_emulated_and_estimated_cases_are_named() -> None:
    found = of(others())
    assert "emulated, software, estimated" in words(found[OVERALL])[1]
    assert "uncommitted changes" in words(found[OVERALL])[2]


def test_size_and_quality_have_number_interval_and_the_worst_variant() -> None:
    drop = {"value": 0.004, "unit": "AUC", "low": 0.001, "high": 0.007, "n": 5}
    bad = CaseFile("drq", "litert").claimed("mean_auc_drop", "inconclusive", measurement=drop)
    good = CaseFile("int8", "litert").claimed("size_ratio", value=0.3)
    document = results([CaseFile("fp32", "litert").claimed("loads"), bad, good])
    document["cases"][1]["mean_auc_drop"] = 0.004
    found = of(document)
    label, said, title, colour = words(found["chest-quality.svg"])
    assert (label, said) == ("chest AUC drop", "? +0.0040 [+0.0010, +0.0070] drq")
    assert "int8 on litert +0.0004" in title
    assert colour == COLOURS["undecided"]
    assert words(found["chest-size.svg"])[1] == "✓ 0.277 to 0.301 of the reference"


def test_a_number_that_no_limit_judges_is_not_green() -> None:
    found = of(results([CaseFile("int8", "litert").claimed("loads")]))
    _, said, title, colour = words(found["chest-quality.svg"])
    assert colour == COLOURS["undecided"]
    assert "no limit judges it" in title
    assert "+0.0004" in said


def test_a_variant_without_quality_is_counted() -> None:
    cases = [CaseFile("int8", "litert"), CaseFile("drq", "litert", mean_auc=None)]
    found = of(results([case.claimed("loads") for case in cases]))
    assert "int8, 1 unmeasured" in words(found["chest-quality.svg"])[1]


def test_nothing_in_a_file_becomes_markup_or_a_path() -> None:
    found = of(hostile())
    for name, svg in found.items():
        assert Path(name).name == name
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
        tags = {element.tag for element in ET.fromstring(svg).iter()}  # noqa: S314 (made here)
        assert tags <= {f"{SVG}{tag}" for tag in ("svg", "title", "rect", "path", "g", "text")}
    assert file_stem("../../etc/passwd") != file_stem("etc/passwd")
    assert file_stem("..").startswith("model-")
    ET.fromstring(of(results([CaseFile("a\ufffe", "b", model="\uffff").claimed("loads")]))[OVERALL])  # noqa: S314


@given(name=st.text(max_size=60))
def test_every_name_gives_a_whole_picture_in_a_file_of_its_own(name: str) -> None:
    found = of(results([CaseFile(name, "litert", model=name).claimed("loads")]))
    assert len(found) == 4
    for place, svg in found.items():
        assert Path(place).name == place
        label, message, title, _ = words(svg)
        assert label
        assert message
        assert title


def test_results_without_cases_have_no_badges() -> None:
    with pytest.raises(DataError, match="nothing to make badges of"):
        of(results([]))
