"""The page and the command: what files say is shown as text, and nothing else is loaded."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from typer.testing import CliRunner

from edgeassay.cli import app
from edgeassay.errors import ConfigError, DataError
from edgeassay.matrix_report.markdown import markdown
from edgeassay.matrix_report.overview import overview
from edgeassay.matrix_report.page import page
from suites.meta.matrix_files import HOSTILE, hostile, others, write, x86_run
from suites.meta.test_matrix_report import runs_of

VOID = {"meta", "br", "img"}


class Checked(HTMLParser):
    """Notes tags, and whether each that is opened is closed in turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def test_the_page_needs_nothing_but_itself(tmp_path: Path) -> None:
    text = page(overview(runs_of(tmp_path, x86_run(), others()), "chest & co"))
    checked = Checked(text)
    assert "<h1>chest &amp; co</h1>" in text
    assert checked.tags.count("tr") == 1 + 12
    assert checked.tags.count("svg") == 3
    assert not {"script", "link", "img", "iframe", "object"} & set(checked.tags)
    assert checked.links
    assert all(re.fullmatch(r"#note-\d+", link) for link in checked.links)
    assert "http" not in text
    assert "url(" not in text


def test_footnotes_lead_somewhere(tmp_path: Path) -> None:
    text = page(overview(runs_of(tmp_path, x86_run(), others()), "chest"))
    for number in set(re.findall(r'href="#(note-\d+)"', text)):
        assert text.count(f'id="{number}"') == 1


def test_each_row_covers_every_column(tmp_path: Path) -> None:
    text = page(overview(runs_of(tmp_path, x86_run(), others()), "chest"))
    head, *rows = re.findall(r"<tr.*?</tr>", text, flags=re.DOTALL)
    columns = head.count("<th")
    for row in rows:
        spans = [int(span) for span in re.findall(r'colspan="(\d+)"', row)]
        assert len(re.findall(r"<t[hd]\b", row)) + sum(spans) - len(spans) == columns


def test_what_files_say_is_never_markup_in_the_page(tmp_path: Path) -> None:
    text = page(overview(runs_of(tmp_path, hostile()), HOSTILE))
    checked = Checked(text)
    assert "script" not in checked.tags
    assert "<script" not in text
    assert "\x1b" not in text
    assert checked.tags.count("tr") == 2


def test_what_files_say_is_never_markup_in_markdown(tmp_path: Path) -> None:
    text = markdown(overview(runs_of(tmp_path, hostile()), HOSTILE))
    assert "<script" not in text
    assert "\x1b" not in text
    assert not re.search(r"(?<!\\)\[x", text)
    assert not re.search(r"(?<!\\)`", text)
    table = [line for line in text.splitlines() if line.startswith("| ")]
    bars = {len(re.findall(r"(?<!\\)\|", line)) for line in table}
    assert len(bars) == 1


def test_the_command_writes_both_pages_and_prints_one(tmp_path: Path) -> None:
    one, two = write(tmp_path / "a.json", x86_run()), write(tmp_path / "b.json", others())
    words = ["matrix", str(one), str(two), "--title", "Ours"]
    page_path = tmp_path / "made" / "page.html"
    done = CliRunner().invoke(app, [*words, "--markdown", "-", "--html", str(page_path)])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("# Ours\n")
    assert "<h1>Ours</h1>" in page_path.read_text(encoding="utf-8")
    shown = CliRunner().invoke(app, ["matrix", str(one)])
    assert shown.exit_code == 0
    assert "latency_ratio ≤ 1 of chest int8 (the same file):" in shown.output


def test_places_are_looked_at_before_anything_is_written(tmp_path: Path) -> None:
    one, page_path = write(tmp_path / "a.json", x86_run()), tmp_path / "page.html"
    for words, message in (
        (["--markdown", str(one)], "is one of the results; choose another place"),
        (["--markdown", str(tmp_path)], "can't be written: Is a directory"),
        (["--markdown", "-", "--html", "-"], "can't both be printed"),
    ):
        done = CliRunner().invoke(app, ["matrix", str(one), "--html", str(page_path), *words])
        assert isinstance(done.exception, ConfigError)
        assert message in str(done.exception)
        assert not page_path.exists()


def test_one_bad_file_stops_it(tmp_path: Path) -> None:
    one, bad = write(tmp_path / "a.json", x86_run()), tmp_path / "bad.json"
    bad.write_text("no JSON")
    done = CliRunner().invoke(
        app, ["matrix", str(one), str(bad), "--markdown", str(tmp_path / "m")]
    )
    assert isinstance(done.exception, DataError)
    assert not (tmp_path / "m").exists()
