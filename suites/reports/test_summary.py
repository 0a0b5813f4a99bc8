"""Summaries in Markdown: what fails first, within a limit, and names are text whatever they are."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from edgeassay.errors import ConfigError
from edgeassay.matrix_report.rows import Run
from edgeassay.report.markdown import code, escaped
from edgeassay.report.results import Results
from edgeassay.runs.records import STEERING, plain
from edgeassay.summary.fitting import LEAST, Section, clipped, fitted
from edgeassay.summary.markdown import COMMENT_BYTES, summary_markdown
from suites.meta.matrix_files import CaseFile, results, x86_run
from suites.reports.gated import Gated, fails

# What names in a pull request of a stranger are made of.
PIECES = (
    *("<script>alert(1)</script>", "<!--", "-->", "</details>", "<img src=x onerror=y>"),
    *("@team", "#1", "GH-12", "me/it#3", "|", "||", "`", "```", "~~~", "*", "**", "_", "__"),
    *("[a](http://x.org)", "![b](http://y.org/p.png)", "www.x.org", "https://x.org", "a@b.org"),
    *("\n", "\r\n", "\u202e", "\u2066", "\x00", "\x1b[31m", "\u200b", "$(id)", "`id`", ";", "&&"),
    *("$x$", "\\", "&amp;", "&lt;", "---", "# h", "> q", "- x", "1. y", ":shipit:", "é", "漢", " "),
)
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=8).map("".join)
LAWS = settings(max_examples=30, deadline=None)
TAGS = re.compile(r"</?(?:details|summary|code)>")
ENTITY = re.compile(r"&(?:amp|lt|gt|quot|#x27|#35|#46|#58|#64|#8203);")


def run_of(*documents: dict[str, Any]) -> list[Run]:
    """Runs with these contents."""
    return [
        Run(where=f"{k}.json", results=Results.model_validate(document))
        for k, document in enumerate(documents)
    ]


def named(name: str, **more: Any) -> list[Run]:
    """A run in which everything is called that."""
    case = CaseFile(name, name, model=name, device=name, p50_ms=2.0, architecture=name)
    case.claimed("size_ratio", "fail", value=1.5, reason=name)
    case.claimed("min_auc", "inconclusive", reason=name)
    case.claimed("latency_ratio", "unmeasured", reason=name)
    case.claims[0]["limit"]["source"] = name
    case.claimed("loads", "fail", deviation=name, deviation_expires="2099-01-01")
    (run,) = run_of(results([case], command=[name], edgeassay=name, **more))
    return [replace(run, where=name)]


def check_markup(text: str) -> None:
    """No markup but our own, whole rows, balanced folds, and no character that steers."""
    bare = TAGS.sub("", text)
    assert "<" not in bare
    assert ">" not in bare
    for tag in ("details", "summary", "code"):
        assert text.count(f"<{tag}>") == text.count(f"</{tag}>")
    assert "&" not in ENTITY.sub("", bare)
    steering = [c for c in text if unicodedata.category(c) in STEERING and c != "\n"]
    assert not steering
    assert not re.search(r"@|(?<!&)#\d|://|\bwww\.", bare, re.IGNORECASE)
    told = re.sub("<code>.*?</code>", "", text)  # a forge looks for no mention there
    assert not re.search(r"&#64;\w|&#35;\d|\bGH-\d", told, re.IGNORECASE)
    assert not re.search(r"(?<!\\)[`$~]", bare)
    columns = 0
    for line in text.split("\n"):
        cells = len(re.findall(r"(?<!\\)\|", line))
        if not line.startswith("|"):
            assert cells == 0, line
            columns = 0
        else:
            assert columns in (0, cells), line
            columns = cells


@LAWS
@given(TEXTS)
def test_escaped_text_is_text(text: str) -> None:
    shown = escaped(text)
    assert "\n" not in shown
    assert not re.search(r"[<>@]|(?<!&)#|(?<!\\)[|`$~]", shown)
    back = html.unescape(re.sub(r"\\([\\`*_\[\]|~$])", r"\1", shown)).replace("\u200b", "")
    assert back == plain(" ".join(text.split()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("by @team of #12", "by &#64;&#8203;team of &#35;&#8203;12"),
        ("me@x.org", "me&#64;&#8203;x.org"),
        ("GH-1 C# F#", "GH&#8203;-1 C&#35; F&#35;"),
        ("https://x.org", "https:&#8203;//x.org"),
        ("www.x.org", "www&#8203;.x.org"),
        ("a:shipit:", "a:&#8203;shipit:"),
        ("models/x.toml:limits.loads", "models/x.toml:limits.loads"),
        ("a|b\n<i>", "a\\|b &lt;i&gt;"),
        ("\u202eexe.fdp", "\\\\u202eexe.fdp"),
        ("$x$ ~~y~~", "\\$x\\$ \\~\\~y\\~\\~"),
    ],
)
def test_what_a_forge_would_act_on_is_shown_as_it_is(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_commands_can_be_copied() -> None:
    assert code("pytest -k 'a@b #1'") == "<code>pytest -k 'a&#64;b &#35;1'</code>"


@LAWS
@given(TEXTS, TEXTS)
def test_names_are_text_in_a_summary(name: str, title: str) -> None:
    check_markup(summary_markdown(named(name), title=title))


@LAWS
@given(TEXTS, st.integers(1, 60), st.integers(LEAST, 30_000))
def test_a_summary_keeps_its_limit_and_its_markup(name: str, cases: int, limit: int) -> None:
    files = [
        CaseFile(f"{name}{k}", "litert").claimed("size_ratio", "fail", value=2.0, reason=name * 20)
        for k in range(cases)
    ]
    text = summary_markdown(run_of(results(files)), title=name, limit_bytes=limit)
    assert len(text.encode()) <= limit
    check_markup(text)
    shown = text.count("- **claim fails**")
    if shown < cases:
        assert re.search(rf"{cases - shown:,} more are left out|What fails \({cases:,}\)", text)


class Shown(HTMLParser):
    """The tags of a rendered page, with their attributes, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, tuple(str(name) for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


OURS = ("h1", "h2", "p", "ul", "li", "strong", "em", "details", "summary", "code", "br")
TABLES = ("table", "thead", "tbody", "tr", "th", "td")


@LAWS
@given(TEXTS)
def test_a_renderer_finds_no_markup_in_names(name: str) -> None:
    renderer = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    shown = Shown()
    shown.feed(renderer.render(summary_markdown(named(name), title=name)))
    assert {tag for tag, _ in shown.tags} <= {*OURS, *TABLES}
    assert {name for _, names in shown.tags for name in names} <= {"style"}
    (title,) = (line for line in shown.text.split("\n")[:1])
    assert title.replace("\u200b", "").split() == plain(" ".join(name.split())).split()


def test_failures_come_first_and_are_left_out_last() -> None:
    runs = run_of(x86_run())
    whole = summary_markdown(runs, title="runs")
    headings = re.findall(r"(?:## |<summary>)(\S.*?) \(", whole)
    assert headings == ["What fails", "Declared", "chest", "Notes", "Runs", "Legend"]
    assert whole.index("What fails") < whole.index("<details>")
    first = whole[whole.index("- **claim fails**") :].split("\n- ")[0]
    for words in (
        "chest drq on litert (host) takes at most 1 of the reference's median time",
        "  - limit: at most 1, set by models/chest/model.toml:limits",
        "  - file: 0.json",
        "<code>pytest --benchmark --model chest --variant drq --runtime litert --device host",
    ):
        assert words in first
    assert "(and 2 more claims, for the same reason)" in whole
    short = summary_markdown(runs, title="runs", limit_bytes=LEAST)
    assert "What fails (2)" in short
    assert "- **claim fails**" in short
    assert re.search(r"\*\d+ more are left out: the limit of this page is reached", short)


def test_the_limits_are_githubs() -> None:
    many = [
        CaseFile(f"v{k}", "litert").claimed("size_ratio", "fail", value=2.0, reason="no " * 300)
        for k in range(200)
    ]
    text = summary_markdown(run_of(results(many)), title="many")
    assert 0.9 * COMMENT_BYTES < len(text.encode()) <= COMMENT_BYTES == 65_536
    assert re.search(r"\d+ more are left out: the limit of this page is reached", text)


def test_a_page_too_small_for_a_verdict_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"a summary of 100 bytes has no room for a verdict"):
        summary_markdown(run_of(x86_run()), title="x", limit_bytes=100)


def test_no_runs_and_no_findings_are_a_page_too() -> None:
    assert summary_markdown([], title="nothing") == "# nothing\n\n**? undecided: 0 claims: none**\n"


@LAWS
@given(st.lists(st.integers(0, 4_000), max_size=8), st.integers(LEAST, 12_000))
def test_whole_items_are_left_out(sizes: Sequence[int], limit: int) -> None:
    sections = [
        Section(heading=f"S{k}", items=["x" * n] * 3, rank=k, folded=bool(k % 2))
        for k, n in enumerate(sizes)
    ]
    text = fitted(["# head", ""], sections, limit)
    assert len(text.encode()) <= limit
    items = {"x" * n for n in sizes}
    assert all(line in items for line in text.split("\n") if line.startswith("x"))
    for k in range(len(sizes)):
        assert f"S{k} (3)" in text


@LAWS
@given(TEXTS, st.integers(20, 200))
def test_clipped_text_is_short_and_whole(text: str, most: int) -> None:
    short = clipped(text, most)
    assert len(short.encode()) <= most
    assert "&" not in ENTITY.sub("", short)


def test_a_gates_page_has_its_legs_and_what_to_do(gated: Gated, tmp_path: Path) -> None:
    gated.change("cart.json", fails)
    del gated.documents["tablet.json"]
    gated.end("--markdown", "out.md", "--title", "Gate <b>")
    text = (tmp_path / "out.md").read_text(encoding="utf-8")
    check_markup(text)
    assert text.startswith("# Gate &lt;b&gt;\n\n**✗ fail: 2 legs of gate.toml (1 fail, 1 missing)")
    assert text.index("- **claim fails**, leg cart") < text.index("- **missing leg**, leg tablet")
    assert "| cart | ✗ fail | measured | 2 of 2 | 1 fail, 10 pass | in/cart.json |" in text
    assert "| tablet | ✗ missing | measured | 0 of 2 | none | none |" in text
    assert "set by models/tiny/model.toml:limits.int8.size\\_ratio.limit" in text
    assert "<code>pytest --model tiny --variant int8 --runtime litert --device bench" in text
