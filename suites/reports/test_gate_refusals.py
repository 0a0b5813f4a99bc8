"""What the gate refuses to read: files that are no results, and results that nobody can trust."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from edgeassay.report.results import Results
from suites.reports.gated import (
    Document,
    Gated,
    fails,
    record,
    sealed,
)

Change = Callable[[Document], object]

REFUSALS = [
    (lambda d: d.pop("digest"), "has no digest"),
    (lambda d: d.update(complete=False), "isn't what its own digest is of"),
    (lambda d: d.update(sealed(d | {"schema": 0})), "has schema 0"),
    (lambda d: d.update(sealed(d | {"claims": 3})), "isn't as edgeassay writes it"),
    (lambda d: d.update(sealed(d | {"claims": d["claims"] * 2})), "twice"),
    (lambda d: d.update(sealed(d | {"cases": d["cases"] * 2})), "tells of a case twice"),
]


@pytest.mark.parametrize(("change", "words"), REFUSALS, ids=[words for _, words in REFUSALS])
def test_a_file_that_is_not_as_a_run_left_it_is_refused(
    gated: Gated, change: Change, words: str
) -> None:
    change(gated.documents["cart.json"])
    end = gated.end()
    assert end.code == 2
    assert set(end.problems) == {"refused file", "missing leg"}
    assert words in end.sentence("refused file")
    assert "in/cart.json" in end.sentence("refused file")
    assert words in end.text


def passes(document: Document) -> None:
    fails(document)
    record(document, "size_ratio")["verdict"] = "pass"


def passes_unmeasured(document: Document) -> None:
    record(document, "size_ratio")["measurement"] = None


def hides(document: Document) -> None:
    fails(document)
    record(document, "size_ratio")["verdict"] = "unmeasured"


def unlimited(document: Document) -> None:
    record(document, "size_ratio")["limit"] = None


def endless(document: Document) -> None:
    record(document, "size_ratio")["measurement"]["value"] = float("nan")


def fails_falsely(document: Document) -> None:
    record(document, "size_ratio")["verdict"] = "fail"


def without_facts(document: Document) -> None:
    document["cases"] = []


def of_another_kind(document: Document) -> None:
    document["cases"][0]["kind"] = "emulated"


def of_another_size(document: Document) -> None:
    document["cases"][1]["size_ratio"] = 0.5


def measured_as(**more: object) -> Change:
    return lambda document: record(document, "min_auc")["measurement"].update(more)


def drops_by(drop: float) -> Change:
    return lambda document: record(document, "mean_auc_drop")["measurement"].update(
        value=drop, low=drop, high=drop
    )


def takes(milliseconds: float) -> Change:
    return lambda document: record(document, "latency_p95_ms")["measurement"].update(
        value=milliseconds, low=milliseconds, high=milliseconds
    )


def of_five_processes(document: Document) -> None:
    record(document, "latency_p95_ms")["measurement"]["n"] = 5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_facts, "was measured, and nothing else is told of its case"),
        (of_another_kind, "is measured, and its case is said to be emulated"),
        (of_another_size, "is 0.9, and its case is said to be 0.5 of its reference"),
        (measured_as(low=None, high=None), "has no bounds, and is none of what is exact"),
        (measured_as(low=0.9, high=0.8), "has the bounds 0.9 and 0.8, which are no interval"),
        (measured_as(value=0.2), "has the value 0.2 far outside its own bounds [0.7, 0.7]"),
        (measured_as(n=0), "is of 0 samples"),
        (measured_as(unit="bananas"), "is in bananas, and is measured in AUC"),
        (measured_as(value=7.0, low=7.0, high=7.0), "has the number 7, and can lie between 0 and"),
        (drops_by(-3.0), "has the number -3, and can lie between -1 and 1"),
        (takes(-2.0), "has the number -2, and can lie between 0 and inf"),
        (of_five_processes, "has an upper bound over 5 processes, and there is none below 59"),
    ],
)
def test_a_file_that_does_not_agree_with_itself_is_refused(
    gated: Gated, change: Change, words: str
) -> None:
    end = gated.change("cart.json", change).end()
    assert end.code == 2
    assert words in end.sentence("refused file")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (passes, "is said to be pass, and the measured 0.95 and the limit 0.9 give fail"),
        (passes_unmeasured, "is said to pass, and nothing was measured for it"),
        (hides, "is said to be unmeasured"),
        (unlimited, "has no limit"),
        (endless, "has nan for a number"),
        (fails_falsely, "is said to be fail, and the measured 0.9 and the limit 0.9 give pass"),
    ],
)
def test_a_verdict_that_does_not_follow_is_refused(
    gated: Gated, change: Change, words: str
) -> None:
    end = gated.change("cart.json", change).end()
    assert end.code == 2
    assert words in end.sentence("refused file")


def test_files_that_are_no_results_are_refused_or_told(gated: Gated) -> None:
    folder = gated.folder / "in"
    folder.mkdir()
    (folder / "results-cut.json").write_text('{"schema": 1, "cl')
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "manifest.json").write_text('{"name": "tiny"}')
    (folder / "link.json").symlink_to("/etc/hostname")
    end = gated.end()
    assert (end.code, end.problems) == (2, ("refused file",) * 3), end.text
    assert "in/manifest.json is no results file, and left out" in end.document["notes"]
    assert "in/results-cut.json is no whole JSON" in end.text
    assert "in/deep.json is no whole JSON" in end.text
    assert "in/link.json is no plain file" in end.text


def test_what_a_file_says_is_no_command(gated: Gated) -> None:
    nasty = "\x1b[2J\n::error::##[error]$(touch owned)`touch owned`<b>@all"
    gated.documents["::error::x $(id) <b>.json"] = gated.documents.pop("cart.json")
    for name in list(gated.documents):
        gated.change(name, lambda d: d.update(commit=nasty, edgeassay=nasty))
        gated.change(name, lambda d: record(d, "min_auc").update(reason=nasty))
        gated.change(name, lambda d: fails(d, "min_auc"))
        gated.change(name, lambda d: record(d, "min_auc").update(reason=nasty))
    end = gated.end("--markdown", "out.md", "--junit", "out.xml")
    assert end.code == 1
    for line in end.text.split("\n"):
        assert "\x1b" not in line
        assert not line.strip().startswith("::")
        assert "##[" not in line
    text = (gated.folder / "out.md").read_text(encoding="utf-8")
    assert "<b>" not in text
    assert "\n::" not in text
    assert not (gated.folder / "owned").exists()


def test_a_huge_file_is_refused_unread(gated: Gated) -> None:
    (gated.folder / "in").mkdir()
    with (gated.folder / "in/results.json").open("wb") as file:
        file.truncate(64_000_001)
    end = gated.end()
    assert end.code == 2
    assert "64,000,001 bytes" in end.sentence("refused file")


def deep(document: Document) -> None:
    nested: Document = {}
    for _ in range(300):
        nested = {"in": nested}
    document["machine"]["more"] = nested


def wide(document: Document) -> None:
    document["machine"] |= {str(n): n for n in range(10_001)}


def enormous(document: Document) -> None:
    document["cases"][0]["size_bytes"] = 10**400


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (deep, "in/cart.json is nested too deeply to be a run's"),
        (wide, "has an object of 10,00"),
        (enormous, "has a number of 1,329 bits, which no run writes"),
    ],
)
def test_what_no_run_writes_is_refused(gated: Gated, change: Change, words: str) -> None:
    end = gated.change("cart.json", change).end()
    assert end.code == 2
    assert words in end.sentence("refused file")


def test_of_many_errors_the_first_alone_is_kept() -> None:
    wrongs: list[Document] = [{"claims": [{}] * 1000}, {"claims": [], "cases": [{}] * 1000}]
    for wrong in wrongs:
        with pytest.raises(ValidationError) as raised:
            Results.model_validate(wrong)
        assert raised.value.error_count() < 30


@pytest.mark.parametrize("option", [(), ("--ab", "in/pipe")])
def test_a_pipe_is_not_waited_for(gated: Gated, option: tuple[str, ...]) -> None:
    gated.end()
    os.mkfifo(gated.folder / "in/pipe")
    end = gated.end(*option, paths=("in",) if option else ("in/pipe",))
    assert end.code == 2
    assert "in/pipe can't be read: it is a pipe" in end.sentence("refused file")


def test_outputs_never_overwrite_what_is_read(gated: Gated) -> None:
    gated.end()
    end = gated.end("--junit", "in/cart.json", paths=("in/cart.json",))
    assert end.code == 2
    assert "is one of the inputs" in end.text


def test_too_many_files_are_refused(gated: Gated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeassay.merge_gate.arriving.MOST_FILES", 1)
    end = gated.end()
    assert end.code == 2
    assert "a gate reads 1 of" in end.text
