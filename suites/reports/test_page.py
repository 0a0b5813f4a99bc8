"""The page: verdict first, every claim on it, nothing in it that a file could inject."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeassay.ab.reading import AbRecord
from edgeassay.errors import ConfigError, DataError
from edgeassay.html_report import html_page
from edgeassay.html_report.drawing import VARIABLES, compact
from edgeassay.html_report.labels import Label, placed
from edgeassay.html_report.roc import clipped
from edgeassay.html_report.times import ticks
from edgeassay.report.reproducing import command_of_claim
from edgeassay.report.results import Results
from edgeassay.runs.records import ClaimRecord
from edgeassay.spec import ClaimName
from suites.meta.matrix_files import HOSTILE, CaseFile, hostile, old, others, results, x86_run
from suites.reports.paged import (
    CLASSES,
    VARIANTS,
    Parsed,
    case,
    document,
    history,
    many,
    page_of_many,
    run,
)

FIVE_MB = 5_000_000
CHEST = ("Mass", "Nodule")
TAGS = frozenset(
    re.findall(
        r"\w+",
        "html head meta title style body header main nav section article h1 h2 h3 h4 p ul ol li dl"
        " dt dd a b span small div table thead tbody tr th td sup br details summary code figure"
        " figcaption svg g path line rect text circle",
    )
)
ROW = re.compile(r"<tr><td class=.*?</tr>", re.DOTALL)
CELL = re.compile(r"<t[dh][^>]*>(.*?)</t[dh]>", re.DOTALL)


def small(**more: Any) -> dict[str, Any]:
    """Four variants on one runtime, with two classes."""
    return document([case(variant, classes=CHEST) for variant in VARIANTS], **more)


def compared(verdict: str = "fail", **more: Any) -> AbRecord:
    side = {"sha256": "a" * 64, "size_bytes": 1000, "runtime": "litert"}
    ids = {"model": "chest", "variant": "int8", "runtime": "litert", "device": "host"}
    timing = {"ratio": 1.2, "low": 1.15, "high": 1.25, "pairs": 40, "base_ms": 2.0, "head_ms": 2.4}
    timing |= {"tolerated": 0.05, "unacceptable": 0.1}
    limit = {"value": 0.05, "source": "compare.toml:slowdown.tolerated"}
    one = {"case": ids, "name": "chest-int8-litert", "verdict": verdict, "stopped": "decided"}
    one |= {"reason": "HEAD is slower by 20.0 %", "timing": timing, "limits": {"tolerated": limit}}
    one |= {"base": side, "head": side | {"size_bytes": 1100}}
    whole = {"schema": 1, "edgeassay": "0.1.0", "base": "main", "head": "branch", "machine": {}}
    whole |= {"verdict": verdict, "missing": [], "new": ["chest/w4"], "digest": ""}
    return AbRecord.model_validate(whole | {"cases": [one]} | more)


def failing(**more: Any) -> dict[str, Any]:
    """The same, but the last variant is slower than its limit allows."""
    found = small()
    found["claims"].append(
        found["claims"][-1]
        | {"claim": "latency_ratio", "class": None, "verdict": "fail", "reason": "measured 1.5"}
        | {"measurement": found["claims"][-1]["measurement"] | {"value": 1.5, "unit": "ratio"}}
        | {"limit": {"value": 1.0, "source": "models/chest/model.toml:limits.latency_ratio"}}
        | more
    )
    return found


def test_the_page_needs_nothing_but_itself() -> None:
    text = html_page([run(failing())], title="chest & co", history=[history()], ab=[compared()])
    found = Parsed(text)
    names = {tag for tag, _ in found.tags}
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & names
    assert not re.search(r"https?:|url\(|@import|javascript:", text)
    policy = next(t["content"] for _, t in found.tags if t.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert ("h1", "chest & co") in found.texts
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    links = found.values("href")
    assert links
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert all(link.startswith("#") for link in links)


def verdicts(*stands: str) -> dict[str, Any]:
    made = CaseFile("int8", "litert", mean_auc=None)
    for k, stand in enumerate(stands):
        declared = stand == "declared"
        made.claimed(list(ClaimName)[k], "fail" if declared else stand, value=0.5)
        if declared:
            made.claims[-1] |= {"deviation": "known", "deviation_expires": "2027-01-01"}
    return results([made])


@pytest.mark.parametrize(
    ("stands", "word", "sentence"),
    [
        (("pass", "pass"), "pass", "All 2 claims hold."),
        (("pass",), "pass", "It holds."),
        (("fail", "pass"), "fail", "1 of 2 claims is false, of the only case."),
        (
            ("fail", "declared", "unmeasured"),
            "fail",
            "1 of 3 claims is false, of the only case; 1 more stands as declared; 1 unmeasured.",
        ),
        (("declared", "pass"), "declared until 2027-01-01", "1 of 2 claims hold, 1 stands"),
        (("pass", "unmeasured"), "undecided", "1 couldn't be measured"),
        (("pass", "inconclusive"), "undecided", "No claim fails undeclared, but not all is"),
        (("pass", "incomparable"), "undecided", "1 incomparable."),
        (("unmeasured", "unmeasured"), "undecided", "Of 2 claims none is decided"),
        ((), "undecided", "Of 0 claims none is decided: there is none."),
    ],
)
def test_the_verdict_comes_first(stands: tuple[str, ...], word: str, sentence: str) -> None:
    found = Parsed(html_page([run(verdicts(*stands))]))
    heads = [text.strip() for tag, text in found.texts if tag in ("h1", "h2") and text.strip()]
    assert heads[1] == word
    assert sentence in found.text


def test_a_run_that_was_cut_short_does_not_just_hold() -> None:
    text = Parsed(html_page([run(small(complete=False))])).text
    assert "? undecided" in text
    assert "The run ended before every chosen claim was judged." in text


def test_what_speaks_against_a_run_stands_with_the_verdict() -> None:
    one = small(dirty=True, complete=False, identified=True)
    other = others() | {"commit": "d" * 40}
    text = Parsed(html_page([run(one), run(other, "b.json")])).text
    for said in (
        "The runs are of 2 commits (c0ffee000000, dddddddddddd), not of one.",
        "2 of 2 runs had uncommitted changes",
        "2 of 2 runs ended before every chosen claim was judged.",
        "This page names images, paths and hosts",
        "1 claim rest on emulated numbers",
    ):
        assert said.replace("rest", "") in text.replace("rests", "").replace("rest", "")


def test_a_comparison_that_fails_makes_the_page_fail() -> None:
    good = Parsed(html_page([run(small())], ab=[compared("pass")])).text
    assert "✓ pass" in good
    bad = Parsed(html_page([run(small())], ab=[compared()])).text
    assert "✗ fail" in bad
    assert "times as long in the head as in the base" in bad
    assert "the comparison of branch with main is fail. Of the claims: all" in bad
    unsure = Parsed(html_page([run(small())], ab=[compared("inconclusive")])).text
    assert "? undecided" in unsure
    assert "+20.0 % (2 → 2.4 ms) [+15.0 %, +25.0 %] 40 pairs ≤ +5.0 % compare.toml" in bad
    assert "1,100 bytes (+10.0 %)" in bad


def test_every_claim_is_on_the_page_with_unit_bounds_samples_limit_and_file() -> None:
    found = failing()
    text = html_page([run(found)])
    rows = [CELL.findall(row) for row in ROW.findall(text)]
    assert len(rows) == len(found["claims"])
    for claim in found["claims"]:
        name = claim["claim"] + (f" ({claim['class']})" if claim["class"] else "")
        cells = next(row for row in rows if row[1] == name)
        assert claim["limit"]["source"] in cells[6]
    number = r"-?[\d.]+(e[+-]\d+)?(\N{MULTIPLICATION SIGN}| \S+)"
    for _, name, value, bounds, n, limit, source in rows:
        assert re.fullmatch(rf"yes|no|{number}", value), name
        assert bounds == "exact" or re.fullmatch(r"\[\S+, \S+\] at 95 %", bounds), name
        assert re.fullmatch(r"[\d,]+", n), name
        assert re.fullmatch(rf"must hold|[≤≥] {number}", limit), name
        assert source.startswith("models/chest/model.toml:limits"), name


def test_what_fails_stands_first_and_explains_itself() -> None:
    text = html_page([run(failing())])
    found = Parsed(text)
    assert found.text.index("What fails") < found.text.index("Who, what, when")
    cases = [attributes for tag, attributes in found.tags if attributes.get("class") == "case"]
    assert ["open" in one for one in cases] == [True, False, False, False]
    assert "int8 on litert takes at most 1 of the reference's median time" in found.text.replace(
        "chest ", ""
    )
    first = text[text.index('class="case"') :]
    assert ROW.findall(first)[0].count("latency_ratio") == 2
    command = re.findall(r"<code>(.*?)</code>", text)[0]
    assert command == (
        "pytest --benchmark --model chest --variant int8 --runtime litert --device host"
        " -k test_latency_ratio"
    )
    assert "limit ≤ 1\N{MULTIPLICATION SIGN}" in found.text
    assert "set by models/chest/model.toml:limits.latency_ratio" in found.text


def test_claims_with_one_reason_share_it() -> None:
    text = html_page([run(x86_run())])
    assert text.count("Didn&#39;t find op") == 2  # at the top, and in its case
    assert "3 claims: tflite-runtime refuses chest/drq" in Parsed(text).text


def test_a_declared_failure_says_until_when() -> None:
    text = Parsed(html_page([run(x86_run())])).text
    assert "declared until 2027-12-31: its x86 wheel has no int8 kernels in XNNPACK" in text


def record(**more: Any) -> ClaimRecord:
    return Results.model_validate(failing(**more)).claims[-1]


@pytest.mark.parametrize("name", list(ClaimName))
def test_a_command_names_a_test_that_there_is(name: ClaimName) -> None:
    suites = Path(__file__).parent.parent
    words = shlex.split(command_of_claim(record(claim=name), []))
    wanted = words[words.index("-k") + 1]
    tests = [path.read_text() for path in suites.glob("[!m]*/test_*.py")]
    assert sum(f"def {wanted}(" in text for text in tests) == 1


def test_a_command_is_quoted_for_the_shell_and_keeps_what_the_run_was_about() -> None:
    evil = {"model": "$(rm -rf ~)", "variant": "-x", "runtime": "a b;c", "device": "`id`"}
    given = ["--models-dir", "my models", "--assay-json=x", "--images=12", "--jobs", "3"]
    words = shlex.split(command_of_claim(record(case=evil, **{"class": "a or b) x"}), given))
    assert words == [
        *("pytest", "--benchmark", "--model", "$(rm -rf ~)", "--variant=-x"),
        *("--runtime", "a b;c", "--device", "`id`", "--models-dir", "my models", "--images=12"),
        *("-k", "test_latency_ratio"),
    ]
    about_class = command_of_claim(record(claim="class_auc_drop", **{"class": "Mass"}), [])
    assert about_class.endswith("-k 'test_class_auc_drop and Mass'")
    assert "--benchmark" not in about_class
    assert "--baseline" in command_of_claim(record(claim="baseline_size_ratio"), [])


def test_what_files_say_is_never_markup() -> None:
    evil = hostile()
    more = document([case(v, classes=(HOSTILE, "Mass"), model=HOSTILE) for v in ("fp32", HOSTILE)])
    compare = compared(base=HOSTILE, head=HOSTILE, new=[HOSTILE], missing=[HOSTILE])
    pages = [
        html_page([run(evil, HOSTILE)], title=HOSTILE),
        html_page([run(more)], ab=[compare], history=[history([HOSTILE])]),
    ]
    for text in pages:
        found = Parsed(text)
        assert {tag for tag, _ in found.tags} <= TAGS
        assert "<script" not in text
        assert "\x1b" not in text
        assert "<script>alert(1)</script>" in "".join(data for _, data in found.texts)


def headings(text: str, tag: str) -> list[str]:
    return [data.strip() for at, data in Parsed(text).texts if at == tag]


def test_kinds_never_share_a_picture_of_time() -> None:
    found = others()
    one = document([case(v, classes=CHEST) for v in VARIANTS])
    two = document(
        [case(v, "litert-compiled-gpu", classes=CHEST, kind="software") for v in VARIANTS],
        commit=found["commit"],
    )
    text = html_page([run(one), run(two, "b.json")])
    heads = [head for head in headings(text, "h4") if head.startswith("Latency")]
    assert heads == [
        "Latency on host, x86_64, machine 0123456789ab",
        "Latency, software: no device's times on host, x86_64, machine 0123456789ab",
    ]
    for figure in re.findall(r'<section class="figure.*?</section>', text, re.DOTALL):
        runtimes = {name for name in ("(host, x86_64)", "software)") if name in figure}
        assert len(runtimes) <= 1
    assert "drop -0" not in text


def test_what_cannot_be_drawn_says_why() -> None:
    dice = small()
    for one in dice["cases"]:
        one |= {"mean_auc": None, "mean_auc_drop": None, "mean_dice": 0.8, "curves": None}
        one |= {"mean_dice_drop": None if one["case"]["variant"] == "fp32" else 0.001}
    dice["claims"] = [c for c in dice["claims"] if c["claim"] != "class_auc_drop"]
    text = html_page([run(dice)])
    heads = headings(text, "h4")
    assert heads == ["Trade-off: size against quality"]
    said = Parsed(text).text
    assert "No ROC: it segments, and its quality is the mean Dice." in said
    assert "0.0004 Dice" in said or "+0.0010 Dice" in said
    early = Parsed(html_page([run(old(x86_run()))])).text
    assert "No ROC: the results are of a version that didn't keep it." in early
    assert "No distribution of latency: the results have medians alone." in early
    untimed = document([case(v, classes=CHEST, ms=None) for v in VARIANTS])
    assert "No latency: nothing was timed" in Parsed(html_page([run(untimed)])).text


def test_pictures_say_in_words_what_they_show() -> None:
    text = html_page([run(small())], history=[history()])
    found = Parsed(text)
    drawn = [a for tag, a in found.tags if tag == "div" and a.get("role") == "img"]
    assert len(drawn) == found.count("figure") == found.count("svg")
    alternatives = " | ".join(one["aria-label"] for one in drawn)
    for words in (
        "drop 0.0004 AUC [-0.0012, 0.002], n = 5, limit 0.009 AUC, time 0.857",
        "Mass 0 AUC [-0.004, 0.004], n = 5, limit 0.02 AUC, pass on litert",
        "ROC of Mass on litert (host, x86_64)",
        "int8 p50 3 ms, p95 3.593 ms, n = 500 rounds in 5 processes",
        "budget of p95 15 ms",
        "0.05 → 0.046 (n = 1,400)",
        "chest-int8-litert: 40 runs",
        "30.0 % slower (28.0 to 32.0 %)",
    ):
        assert words in alternatives, words
    assert headings(text, "h4") == [
        "Trade-off: size against quality",
        "Drop of each class's AUC",
        "ROC of the reference and its variants",
        "Reliability: whether scores are probabilities",
        "Latency on host, x86_64, machine 0123456789ab",
        "97e82e2d2bc7 (Slow 1): 40 runs from 0000000000 (2026-01-01) to 0000000000 (2026-02-09)",
    ]


def test_a_folder_of_a_run_is_not_told() -> None:
    text = html_page([run(small(), "/home/jane.doe/results.json")])
    assert "jane" not in text
    assert "results.json" in text


def test_two_runs_of_the_same_case_are_refused() -> None:
    with pytest.raises(ConfigError, match="both judge chest fp32"):
        html_page([run(small()), run(small(), "b.json")])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e308])
def test_numbers_that_cannot_be_drawn_are_refused_in_a_sentence(value: float) -> None:
    found = small()
    drops = [claim for claim in found["claims"] if claim["claim"] == "mean_auc_drop"]
    drops[0]["measurement"] |= {"low": -value, "high": value}
    with pytest.raises(DataError, match="numbers that can't be drawn"):
        html_page([run(found)])


@pytest.mark.parametrize(
    "curves",
    [
        {"roc": [{"class": "Mass", "positives": 1, "negatives": 1, "points": []}]},
        {"roc": [{"class": "Mass", "positives": 1, "negatives": 1, "points": [[0, 0], [7, 1]]}]},
        {"times": {"processes": 1, "rounds": 1, "quantiles_ms": [], "process_medians_ms": []}},
        {
            "times": {"processes": 1, "rounds": 1, "quantiles_ms": [0] * 101}
            | {"process_medians_ms": []}
        },
        {
            "times": {"processes": 1, "rounds": 1, "quantiles_ms": [1, float("inf")] * 9}
            | {"process_medians_ms": []}
        },
    ],
)
def test_curves_that_are_none_are_not_drawn(curves: dict[str, Any]) -> None:
    found = small()
    for one in found["cases"]:
        one["curves"] = curves
    heads = headings(html_page([run(found)]), "h4")
    assert heads == ["Trade-off: size against quality", "Drop of each class's AUC"]


@pytest.mark.parametrize("module", ["jinja2", "vl_convert"])
def test_a_library_that_is_not_there_is_named(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError, match=r"pip install 'edgeassay\[report\]'"):
        html_page([run(small())])


@pytest.mark.long
def test_two_hundred_cases_stay_small() -> None:
    large, text = many(), page_of_many()
    assert len(large["cases"]) == 200
    assert len({claim["class"] for claim in large["claims"]}) == 1 + len(CLASSES)
    assert len(text.encode()) <= FIVE_MB
    assert len(ROW.findall(text)) == len(large["claims"])
    assert "This page has as many pictures as it opens quickly with" in text


@pytest.mark.long
def test_two_hundred_cases_that_all_fail_stay_small(monkeypatch: pytest.MonkeyPatch) -> None:
    large = many()
    monkeypatch.setattr("edgeassay.html_report.page.MOST_PICTURES", 0)  # the other test has them
    bad = [claim | {"verdict": "fail", "reason": 300 * "measured "} for claim in large["claims"]]
    text = html_page([run(large | {"claims": bad})])
    assert len(text.encode()) <= FIVE_MB
    assert len(ROW.findall(text)) == len(bad)
    assert len(re.findall(r'class="case" id="case-\d+" open', text)) == 20


def test_pictures_have_the_page_s_colours_alone() -> None:
    text = html_page([run(failing())])
    colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', text))
    variables = {f"var(--{name})" for name in VARIABLES.values()}
    assert colours <= variables | {"none", "transparent"}
    assert {"var(--ink)", "var(--s1)", "var(--bad)"} <= colours


def test_of_a_picture_only_shapes_and_text_stay() -> None:
    made = compact(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>x</script>'
        '<image href="http://a/b.png"/><g onclick="x" transform="translate(1.23456,2)">'
        '<text fill="#010101">a&lt;b</text></g></svg>'
    )
    assert made == (
        '<svg viewBox="0 0 9 9" width="9" height="9" class="plot" aria-hidden="true">'
        '<g transform="translate(1.2,2)"><text fill="var(--ink)">a&lt;b</text></g></svg>'
    )


@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=9), st.floats(0.0, 0.8))
def test_a_clipped_line_stays_in_its_box(numbers: list[float], low: float) -> None:
    ordered = sorted(numbers)
    points = list(zip(ordered, [x**0.5 for x in ordered], strict=True))
    box = (low, low, low + 0.2, low + 0.2)
    for x, y in clipped(points, box):
        assert box[0] - 1e-9 <= x <= box[2] + 1e-9
        assert box[1] - 1e-9 <= y <= box[3] + 1e-9
    inside = [p for p in points if box[0] < p[0] < box[2] and box[1] < p[1] < box[3]]
    kept = clipped(points, box)
    assert all(any(abs(x - a) + abs(y - b) < 1e-9 for a, b in kept) for x, y in inside)


@given(st.floats(1e-4, 1e4), st.floats(1.05, 1e4))
def test_ticks_lie_on_the_axis(low: float, ratio: float) -> None:
    found = ticks(low, low * ratio)
    assert 2 <= len(found) <= 6
    assert all(low * 0.94 <= tick <= low * ratio * 1.06 for tick in found)


def test_names_of_points_at_one_place_do_not_cover_each_other() -> None:
    found = placed([Label(x=100.0, y=100.0, text="int8") for _ in range(4)], 250.0, 210.0)
    boxes = [one.box for one in found]
    for k, (left, top, right, bottom) in enumerate(boxes):
        for a, b, c, d in boxes[k + 1 :]:
            assert min(right, c) <= max(left, a) or min(bottom, d) <= max(top, b)
