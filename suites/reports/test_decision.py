"""The decision on claims together: the same words in everything that is written."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations
from typing import Any, Final

import pytest
from rich.console import Console

from edgeassay.html_report import html_page
from edgeassay.matrix_report.rows import Run
from edgeassay.report.closing import closing_line
from edgeassay.report.decision import Decision, decided, decided_case, decided_runs
from edgeassay.report.results import Results
from edgeassay.report.table import closing_table
from edgeassay.spec import ClaimName
from edgeassay.summary.badges import OVERALL, badges
from edgeassay.summary.card import model_card
from edgeassay.summary.markdown import summary_markdown
from suites.meta.matrix_files import CaseFile, results
from suites.meta.project import IN_A_YEAR
from suites.reports.gated import (
    DEVIATION,
    GATE_TOML,
    Gated,
    expecting,
    fails,
    sealed,
    unmeasured,
    unsure,
)
from suites.reports.paged import Parsed

UNTIL: Final = IN_A_YEAR
STANDS: Final = ("fail", "inconclusive", "incomparable", "unmeasured", "declared", "pass")
# What a claim that stands so makes of all claims, the worst first.
MAKES: Final = {
    "fail": "fail",
    **dict.fromkeys(("inconclusive", "incomparable", "unmeasured"), "undecided"),
    "declared": f"declared until {UNTIL}",
    "pass": "pass",
}
SIGNS: Final = {"fail": "✗", "undecided": "?", "declared": "◐", "pass": "✓"}
SHIPS: Final = {"fail": "may not ship", "pass": "may ship"}
SUBSETS: Final = [s for size in range(1, 7) for s in combinations(STANDS, size)]


def expected(stands: Sequence[str]) -> str:
    """The word for claims that stand so, by the rule as docs/reports.md has it."""
    return MAKES[min(stands, key=STANDS.index)]


def signed(word: str) -> str:
    return f"{SIGNS[word.partition(' ')[0]]} {word}"


def judged(stands: Sequence[str], **more: Any) -> Results:
    """A run of one case whose claims stand so."""
    made = CaseFile("int8", "litert")
    names = [name for name in ClaimName if name is not ClaimName.LOADS]
    for name, stand in zip(names, stands, strict=False):
        declared = stand == "declared"
        made.claimed(name, "fail" if declared else stand, value=0.5)
        if declared:
            made.claims[-1] |= {"deviation": "known", "deviation_expires": UNTIL}
    return Results.model_validate(results([made]) | more)


def said_by(found: Results) -> Iterator[tuple[str, str]]:
    """Each writer of one run, and what it writes, or the line of it that has the decision."""
    console = Console(width=200)
    with console.capture() as captured:
        console.print(closing_table(found))
    yield "table", captured.get()
    yield "last line", closing_line(found, inconclusive="fail-untimed", require_measured=False)
    runs = [Run(where="results.json", results=found)]
    page = Parsed(html_page(runs))
    yield "page", page.text
    yield "page's verdict", first_heading(page)
    yield (
        "Markdown",
        next(
            line for line in summary_markdown(runs, title="t").splitlines() if line.startswith("**")
        ),
    )
    yield "badge", badges(runs)[OVERALL]
    yield "card", next(line for line in model_card(runs).splitlines() if line.startswith("**"))


def first_heading(page: Parsed) -> str:
    """The verdict with its sign."""
    told = [text.strip() for tag, text in page.texts if tag in ("span", "h2") and text.strip()]
    return " ".join(told[:2])


@pytest.mark.parametrize("stands", SUBSETS, ids="-".join)
def test_all_writers_say_the_same_of_every_combination_of_verdicts(stands: tuple[str, ...]) -> None:
    word, found = expected(stands), judged(stands)
    for name, text in said_by(found):
        if name == "table":
            cell = re.split(r"\s{2,}", text.splitlines()[3].strip())[-1]
            assert cell.partition(",")[0] == word
        elif name == "last line":
            assert text.startswith(f"edgeassay: {word}: ")
        elif name == "badge":
            message = re.findall(r">([^<>]+)</text>", text)[1]
            assert message.startswith(SIGNS[word.partition(" ")[0]])
            assert word in message
        elif name == "page":
            ships = SHIPS.get(word, word)
            assert f"{SIGNS[word.partition(' ')[0]]} {ships} : chest int8" in text
        elif name == "page's verdict":
            assert text == signed(word)
        else:
            assert text.startswith(f"**{signed(word)}: "), name
    assert decided_runs([found]).word == word
    assert decided_case(found.claims[0].case, found).word == word


@pytest.mark.parametrize(
    ("options", "says", "never"),
    [
        ({"inconclusive": "fail"}, "undecided (2 inconclusive, 1 unmeasured). 2 of them make", "`"),
        ({"inconclusive": "warn"}, "; none of them fails this run; `edgeassay gate` says", "make"),
        ({"inconclusive": "warn", "require_measured": True}, "1 of them makes this run fail", "`"),
        ({"inconclusive": "warn", "lacking": True}, "; `edgeassay gate` says", "none of them"),
    ],
)
def test_the_last_line_says_whether_undecided_claims_make_the_run_fail(
    options: dict[str, Any], says: str, never: str
) -> None:
    found = judged(("inconclusive", "inconclusive", "unmeasured", "pass"))
    text = closing_line(found, **{"require_measured": False} | options)
    assert text.startswith("edgeassay: undecided: 3 of 4 claims are undecided (")
    assert says in text
    assert never not in text
    assert ("--inconclusive=warn lets them pass" in text) is (options["inconclusive"] == "fail")


def test_the_last_line_counts_what_couldnt_be_measured_and_fails() -> None:
    found = judged(("inconclusive", "unmeasured", "unmeasured", "pass"))
    options: dict[str, Any] = {"inconclusive": "warn", "require_measured": False}
    text = closing_line(found, **options, failed=2)
    assert "2 of them couldn't be measured and make this run fail" in text
    assert "none of them fails" not in text
    text = closing_line(judged(("fail", "unmeasured")), **options, failed=2)
    assert "1 of them couldn't be measured and makes this run fail" in text
    assert "couldn't be" not in closing_line(judged(("fail", "unmeasured")), **options, failed=1)


def test_the_last_line_of_a_run_that_fails_says_nothing_of_what_lets_it_pass() -> None:
    text = closing_line(judged(("fail", "unmeasured")), inconclusive="warn", require_measured=False)
    assert text.startswith("edgeassay: fail: 1 of 2 claims fails; 1 of 2 claims is undecided (")
    assert "fails this run" not in text


def shown(gated: Gated, stands: Sequence[str]) -> Results:
    """The leg's results with claims that stand so; every other claim holds."""
    document = gated.documents["cart.json"]
    names = iter(("min_auc", "mean_auc_drop", "finite_outputs", "latency_ratio", "latency_p95_ms"))
    for stand in stands:
        if stand == "declared":
            fails(document, "size_ratio")
            for one in document["claims"]:
                if one["claim"] == "size_ratio":
                    one |= {"deviation": "its weights", "deviation_expires": UNTIL}
        elif stand == "fail":
            fails(document, next(names))
        elif stand == "inconclusive":
            unsure(document, "latency_ratio" if len(stands) == 1 else next(names))
        elif stand != "pass":
            unmeasured(next(names), stand)(document)
    gated.documents["cart.json"] = sealed(document)
    return Results.model_validate(gated.documents["cart.json"])


@pytest.mark.parametrize("stands", [s for s in SUBSETS if len(s) < 3], ids="-".join)
def test_the_gate_says_what_the_page_says(gated: Gated, stands: tuple[str, ...]) -> None:
    """In the terminal, in JSON, in Markdown and in JUnit. The gate lets an inconclusive time pass:
    then it ends with 0, and still says that it is undecided.
    """
    if "declared" in stands:
        gated.model += DEVIATION
    expecting(gated, GATE_TOML.partition('\n[[leg]]\nid = "tablet"')[0])
    del gated.documents["tablet.json"]
    found = shown(gated, stands)
    end = gated.end("--markdown", "out.md", "--junit", "out.xml")
    word = decided_runs([found]).word
    assert word == expected(stands)
    assert end.document["verdict"] == word, end.text
    assert end.document["legs"][0]["outcome"] == word
    assert end.text.rstrip().splitlines()[-1].startswith(f"{signed(word)}: 1 leg of gate.toml")
    assert f"**{signed(word)}: " in (gated.folder / "out.md").read_text("utf-8")
    root = ET.parse(gated.folder / "out.xml").getroot()  # noqa: S314 (made here)
    decisions = {p.get("value") for s in root for p in s.findall("properties/property")}
    assert decisions == {word}
    page = Parsed(html_page([Run(where="cart.json", results=found)]))
    assert first_heading(page) == signed(word)
    let_pass = stands == ("inconclusive",)
    assert (end.code == 0) == (word in ("pass", MAKES["declared"]) or let_pass)
    assert ("inconclusive, let pass by gate.toml:leg[0]: " in end.text) == let_pass


def test_a_run_that_was_not_asked_for_all_claims_or_ended_early_is_no_pass() -> None:
    found = judged(["pass"])
    case = found.claims[0].case.model_dump()
    unasked = [{"claim": "min_auc", "case": case, "class": None}]
    for more in ({"unasked": unasked}, {"complete": False}):
        for name, text in said_by(judged(["pass"], **more)):
            if name != "table" or "unasked" in more:
                assert "undecided" in text, name
    assert decided([]).decision is Decision.UNDECIDED


def test_a_deviation_that_must_be_removed_makes_everything_say_fail() -> None:
    found = judged(["pass"])
    gone: dict[str, object] = {"source": "models/chest/model.toml:deviation[0]", "model": "chest"}
    gone |= {"reason": "the deviation expired on 2001-01-01", "cases": [found.claims[0].case]}
    for name, text in said_by(judged(["pass"], to_remove=[gone])):
        assert "fail" in text, name
        assert name == "page" or "✓ pass" not in text, name
        assert name != "page" or "✗ may not ship : chest int8" in text
    runs = [Run(where="r", results=judged(["pass"], to_remove=[gone]))]
    for text in (html_page(runs), summary_markdown(runs, title="t")):
        assert "expired on 2001-01-01" in text


def test_what_is_unmeasured_since_it_does_not_load_as_declared_stays_declared() -> None:
    made = CaseFile("int8", "litert").claimed("loads", "fail", value=0.0)
    made.claims[-1] |= {"deviation": "known", "deviation_expires": UNTIL}
    found = Results.model_validate(results([made.claimed("min_auc", "unmeasured")]))
    assert decided_runs([found]).word == f"declared until {UNTIL}"
    assert decided_runs([found]).until == date.fromisoformat(UNTIL)
    del made.claims[0]["deviation"], made.claims[0]["deviation_expires"]
    made.claims[0] |= {"deviation": None, "verdict": "pass"}
    assert decided_runs([Results.model_validate(results([made]))]).word == "undecided"
