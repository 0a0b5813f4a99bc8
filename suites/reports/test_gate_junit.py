"""The gate's JUnit file: a test case a claim, and one for all else that is red."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from suites.reports.gated import Document, Gated, fails, record, sealed, unsure

# What test reports are read by: https://github.com/testmoapp/junitxml has the common shape.
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "testcase": {"properties", "failure", "error", "skipped"},
    "properties": {"property"},
}
REQUIRED = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped"},
    "testcase": {"name", "classname"},
    "property": {"name", "value"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
}


def written(gated: Gated, *options: str) -> ET.Element:
    """The file, parsed, of the right shape, and with counts that are true."""
    gated.end("--junit", "out.xml", *options)
    root = ET.parse("out.xml").getroot()  # noqa: S314
    for element in root.iter():
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
        assert REQUIRED.get(element.tag, set()) <= set(element.keys())
    for scope in (root, *root):
        cases = list(scope.iter("testcase"))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert scope.get(name) == str(sum(case.find(tag) is not None for case in cases))
        assert scope.get("tests") == str(len(cases))
    return root


def properties(case: ET.Element) -> dict[str, str]:
    return {str(p.get("name")): str(p.get("value")) for p in case.iter("property")}


def case_of(root: ET.Element, leg: str, name: str) -> ET.Element:
    (found,) = (
        c
        for c in root.iter("testcase")
        if c.get("classname") == leg and str(c.get("name")).startswith(name)
    )
    return found


def test_a_green_gate_has_a_case_for_every_claim(gated: Gated) -> None:
    root = written(gated)
    assert [(suite.get("name"), suite.get("tests")) for suite in root] == [
        ("cart", "11"),
        ("tablet", "11"),
        ("gate", "1"),
    ]
    assert (root.get("failures"), root.get("errors"), root.get("skipped")) == ("0", "0", "0")


def test_the_guilty_claim_has_verdict_measurement_and_limit_as_properties(gated: Gated) -> None:
    gated.change("cart.json", fails)
    root = written(gated)
    assert root.get("failures") == "1"
    case = case_of(root, "cart", "size_ratio[tiny-int8-litert]")
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("type") == "claim fails"
    assert "again: pytest --model tiny --variant int8" in str(failure.text)
    found = properties(case)
    assert {name.removeprefix("edgeassay."): found[name] for name in found} == {
        "leg": "cart",
        "stands": "fail",
        "verdict": "fail",
        "kind": "measured",
        "model": "tiny",
        "variant": "int8",
        "runtime": "litert",
        "device": "bench",
        "measurement_value": "0.9500000000000001",
        "measurement_unit": "ratio",
        "measurement_low": "",
        "measurement_high": "",
        "measurement_n": "60",
        "measurement_confidence": "0.95",
        "limit_value": "0.9",
        "limit_source": "models/tiny/model.toml:limits.int8.size_ratio.limit",
    }


def test_what_is_missing_is_a_failure_of_its_leg(gated: Gated) -> None:
    document = gated.documents["cart.json"]
    document["claims"] = [c for c in document["claims"] if c["case"]["variant"] == "fp32"]
    gated.documents["cart.json"] = sealed(document)
    del gated.documents["tablet.json"]
    root = written(gated)
    case = case_of(root, "cart", "missing case[tiny-int8-litert]")
    assert case.find("failure") is not None
    assert case_of(root, "tablet", "missing leg").find("failure") is not None


def test_what_decides_nothing_is_skipped_and_a_refused_file_an_error(gated: Gated) -> None:
    gated.change("cart.json", lambda d: unsure(d, "latency_ratio"))
    gated.documents["tablet.json"]["dirty"] = True
    root = written(gated)
    skipped = case_of(root, "cart", "latency_ratio[").find("skipped")
    assert skipped is not None
    assert str(skipped.get("message")).startswith("inconclusive: the limit lies between")
    (error,) = root.iter("error")
    assert "isn't what its own digest is of" in str(error.get("message"))


def test_names_of_strangers_are_text_in_xml(gated: Gated, tmp_path: Path) -> None:
    nasty = 'a]]><b "c" \x00\x1b\ufffe\u202e & </failure>'

    def change(document: Document) -> None:
        fails(document)
        record(document, "size_ratio")["reason"] = nasty

    root = written(gated.change("cart.json", change))
    failure = case_of(root, "cart", "size_ratio[").find("failure")
    assert failure is not None
    assert 'a]]><b "c" \\x00\\x1b\ufffd\\u202e & </failure>' in str(failure.text)


def test_the_document_has_every_reason(gated: Gated) -> None:
    found: Any = gated.change("cart.json", fails).end().document
    (finding,) = found["findings"]
    assert (found["verdict"], found["exit_code"]) == ("fail", 1)
    assert finding["claim"]["limit"]["value"] == 0.9
    assert finding["command"].startswith("pytest --model tiny")
    json.dumps(found)
