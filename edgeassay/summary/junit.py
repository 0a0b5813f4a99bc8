"""What a gate decided, as JUnit's XML: a test case a claim, and one for all that is red beside
them.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Final

from edgeassay.matrix_report.rows import Run
from edgeassay.report.decision import DECLARED
from edgeassay.runs.records import CaseId, ClaimRecord, plain
from edgeassay.spec import Verdict
from edgeassay.summary.outcome import (
    BUT_FOR_WAIVERS,
    WAIVED,
    Finding,
    Judged,
    LegOutcome,
    Outcome,
    Problem,
)
from edgeassay.summary.wording import headline, of_waiver

SUITE: Final = "edgeassay gate"
WHOLE: Final = "gate"
# What XML 1.0 has no way to write (its section 2.2).
ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Stands of a claim that no tool shall count as a pass.
SKIPPED: Final = (DECLARED, WAIVED, *(v.value for v in Verdict if v is not Verdict.PASS))


def junit_xml(runs: Sequence[Run], outcome: Outcome) -> str:
    """A suite for each leg, and one for the gate as a whole. Each claim's test case has its
    verdict, measurement and limit as properties; `runs` say when they were started.
    """
    root = ET.Element("testsuites", name=SUITE)
    started = {run.where: run.results.started.isoformat() for run in runs}
    for leg in outcome.legs:
        _suite(root, leg.leg.id, [*_of_leg(leg)], _first(leg.files, started), leg.word)
    whole = [_of_finding(finding, WHOLE) for finding in outcome.whole]
    if not whole:
        whole = [ET.Element("testcase", classname=WHOLE, name="files are trusted and alike")]
    if outcome.word == BUT_FOR_WAIVERS:
        whole.append(_but_for_waivers(outcome))
    _suite(root, WHOLE, whole, None, outcome.word)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _but_for_waivers(outcome: Outcome) -> ET.Element:
    """That no tool shall say that all passed."""
    element = ET.Element("testcase", classname=WHOLE, name="every leg holds")
    ET.SubElement(element, "skipped", message=_text(headline(outcome)))
    return element


def _first(files: Sequence[str], started: Mapping[str, str]) -> str | None:
    return min((started[file] for file in files if file in started), default=None)


def _suite(
    root: ET.Element, name: str, cases: Sequence[ET.Element], started: str | None, decision: str
) -> None:
    suite = ET.SubElement(root, "testsuite", name=_text(name), tests=str(len(cases)))
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(key, str(sum(case.find(tag) is not None for case in cases)))
    if started is not None:
        suite.set("timestamp", started)
    _properties(suite, {"decision": decision})
    suite.extend(cases)


def _of_leg(leg: LegOutcome) -> list[ET.Element]:
    """Every claim that was judged, then every finding that is about none of these."""
    about: dict[object, list[Finding]] = {}
    for finding in leg.findings:
        about.setdefault(_key(finding.claim, finding.where), []).append(finding)
    cases = []
    for judged in leg.claims:
        own = about.pop(_key(judged.record, judged.where), [])
        cases.append(_of_claim(judged, own, leg.leg.id))
    others = [finding for findings in about.values() for finding in findings]
    return cases + [_of_finding(finding, leg.leg.id) for finding in others]


def _key(record: ClaimRecord | None, where: str | None) -> object:
    """Which claim of which file; None for what is about no single one."""
    return None if record is None else (record.claim, record.case, record.class_name, where)


def _of_claim(judged: Judged, findings: Sequence[Finding], leg: str) -> ET.Element:
    record = judged.record
    of_class = f"-{record.class_name}" if record.class_name else ""
    name = f"{record.claim}[{_case(record.case)}{of_class}]"
    element = ET.Element("testcase", classname=_text(leg), name=_text(name), time="0")
    _properties(element, _facts(judged, leg))
    red = [finding for finding in findings if finding.waiver is None]
    waived = [finding for finding in findings if finding.waiver is not None]
    if red:
        _failure(element, red)
    elif waived:
        words = f"{WAIVED} {of_waiver(waived[0])}: {waived[0].sentence}"
        ET.SubElement(element, "skipped", message=_text(words))
    elif judged.stands in SKIPPED:
        message = _text(f"{judged.stands}: {judged.reason}")
        ET.SubElement(element, "skipped", message=message)
    return element


def _of_finding(finding: Finding, leg: str) -> ET.Element:
    about = "" if finding.case is None else f"[{_case(finding.case)}]"
    where = "" if finding.where is None or about else f"[{finding.where}]"
    name = _text(f"{finding.problem}{about or where}")
    element = ET.Element("testcase", classname=_text(leg), name=name, time="0")
    _properties(element, {"problem": finding.problem.value, "leg": leg})
    if finding.waiver is None:
        _failure(element, [finding])
    else:
        message = _text(f"{WAIVED} {of_waiver(finding)}: {finding.sentence}")
        ET.SubElement(element, "skipped", message=message)
    return element


def _failure(element: ET.Element, findings: Sequence[Finding]) -> None:
    """One failure for all that is wrong with a test case; a refused file is an error."""
    tag = "error" if findings[0].problem is Problem.REFUSED else "failure"
    first = _text(findings[0].sentence)
    failure = ET.SubElement(element, tag, message=first, type=findings[0].problem.value)
    lines = [finding.sentence for finding in findings]
    lines += [f"again: {f.command}" for f in findings[:1] if f.command is not None]
    failure.text = "\n".join(map(_text, lines))


def _facts(judged: Judged, leg: str) -> dict[str, object]:
    """What is a property: as `pytest --junitxml` names it."""
    record = judged.record
    facts: dict[str, object] = {
        "leg": leg,
        "stands": judged.stands,
        "verdict": record.verdict.value,
        "kind": record.kind.value,
        **record.case.model_dump(),
    }
    if record.measurement is not None:
        for name in ("value", "unit", "low", "high", "n", "confidence"):
            facts[f"measurement_{name}"] = getattr(record.measurement, name)
    if record.limit is not None:
        for name in ("value", "source"):
            facts[f"limit_{name}"] = getattr(record.limit, name)
    return facts


def _properties(element: ET.Element, facts: Mapping[str, object]) -> None:
    properties = ET.SubElement(element, "properties")
    for name, value in facts.items():
        text = "" if value is None else _text(str(value))
        ET.SubElement(properties, "property", name=f"edgeassay.{name}", value=text)


def _case(case: CaseId) -> str:
    return f"{case.model}-{case.variant}-{case.runtime}"


def _text(text: str) -> str:
    """Text that XML can have, on one line."""
    return ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", plain(text))
