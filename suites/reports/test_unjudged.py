"""Which graphs of a file weren't judged is said wherever a run's results are shown."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from edgeassay.html_report import html_page
from edgeassay.matrix_report.rows import Run
from edgeassay.report.results import Results
from edgeassay.report.table import remarks
from edgeassay.summary.markdown import summary_markdown
from suites.meta.matrix_files import HOSTILE, CaseFile, results

SAID = "chest/fp32: only its signature 'a' is judged; signature 'b' of the file isn't"


def run_of(*others: str) -> Run:
    loaded = {"signatures": {"judged": "a", "others": list(others), "subgraphs": []}}
    cases = [
        CaseFile("fp32", runtime, loaded=loaded).claimed("loads") for runtime in ("one", "two")
    ]
    return Run(where="results.json", results=Results.model_validate(results(cases)))


def test_it_is_said_once_in_each_report() -> None:
    run = run_of("b")
    assert remarks(run.results).count(SAID) == 1
    assert summary_markdown([run], title="runs").count(f"- {SAID}") == 1
    page = html_page([run], title="runs")
    assert page.count(SAID.replace("'", "&#39;")) == 1


def test_nothing_is_said_of_files_that_were_judged_whole() -> None:
    run = run_of()
    assert not any("is judged" in line for line in remarks(run.results))
    assert "About the files" not in summary_markdown([run], title="runs")


@pytest.mark.parametrize("name", [HOSTILE, "x" * 5000])
def test_a_name_is_text(name: str) -> None:
    run = run_of(name, *(f"s{k}" for k in range(20)))
    (line,) = [line for line in remarks(run.results) if "is judged" in line]
    assert "and 13 more" in line
    console = Console(file=io.StringIO(), force_terminal=True)
    console.print(line, markup=False)
    assert "\x1b[31m" not in line
    assert "<script>" not in summary_markdown([run], title="runs")
    assert "<script>" not in html_page([run], title="runs")
