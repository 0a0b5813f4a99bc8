"""Two builds in turn, as a leg of the gate expects them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from suites.reports.gated import GATE_TOML, Document, Gated, file_of, sealed

AB_TOML = GATE_TOML.replace('id = "cart"', 'id = "cart"\nab = true')


def pair(variant: str, **more: Any) -> Document:
    """A case in which head is as fast as base."""
    side = {"sha256": "9" * 64, "size_bytes": 1000, "runtime": "litert"}
    timing = {
        "ratio": 1.0,
        "low": 0.995,
        "high": 1.005,
        "pairs": 20,
        "base_ms": 50.0,
        "head_ms": 50.0,
        "tolerated": 0.01,
        "unacceptable": 0.05,
    }
    return {
        "case": {"model": "tiny", "variant": variant, "runtime": "litert", "device": "bench"},
        "name": f"tiny-{variant}-litert",
        "verdict": "pass",
        "stopped": "decided",
        "reason": f"tiny-{variant}-litert: timed",
        "timing": timing | more,
        "limits": {"tolerated": {"value": 0.01, "source": "edgeassay/config/defaults.toml"}},
        "base": side,
        "head": side | {"sha256": file_of(variant)},
    }


@pytest.fixture
def compared(gated: Gated) -> Gated:
    """A green gate whose cart compares builds."""
    gated.gate = AB_TOML
    gated.declare()
    gated.commit_all()
    for name in list(gated.documents):
        gated.change(name, lambda d: d.update(commit=gated.commit))
    gated.documents["ab-cart.json"] = sealed(
        {
            "schema": 1,
            "edgeassay": "0.1.0",
            "base": "main",
            "head": ".",
            "commit": gated.commit,
            "dirty": False,
            "machine": gated.documents["cart.json"]["machine"],
            "verdict": "pass",
            "missing": [],
            "new": [],
            "head_files": {f"tiny/{name}": file_of(name) for name in ("fp32", "int8")},
            "cases": [pair("fp32"), pair("int8")],
        }
    )
    return gated


def test_a_comparison_without_a_slowdown_is_green_and_shown(compared: Gated) -> None:
    end = compared.end("--markdown", "out.md")
    assert (end.code, end.problems) == (0, ()), end.text
    text = (compared.folder / "out.md").read_text(encoding="utf-8")
    row = "| tiny-int8-litert (cart) | head/base in turn | 1 ratio \\[0.995, 1.005\\] |"
    assert f"{row} 1.01 tolerated, 1.05 not, set by edgeassay/config/defaults.toml" in text


def slower(document: Document) -> None:
    """Head is slower beyond what is tolerated."""
    document["cases"][1] |= {"verdict": "fail"}
    document["cases"][1]["timing"] |= {"ratio": 1.2, "low": 1.1, "high": 1.3}
    document["verdict"] = "fail"


def nearly(document: Document) -> None:
    """Nothing is shown either way."""
    document["cases"][1] |= {"verdict": "inconclusive"}
    document["cases"][1]["timing"] |= {"low": 0.9, "high": 1.3}
    document["verdict"] = "inconclusive"


def lacking(document: Document) -> None:
    """The head lacks what the base has."""
    document |= {"missing": ["tiny/int8"], "verdict": "unmeasured", "cases": [pair("fp32")]}


def lenient(document: Document) -> None:
    """A tolerance that no file has."""
    slower(document)
    document["cases"][1] |= {"verdict": "pass"}
    document["cases"][1]["timing"] |= {"tolerated": 0.5, "unacceptable": 0.6}
    document["verdict"] = "pass"


def new(document: Document) -> None:
    """The base hasn't one of them."""
    document["cases"].pop()
    document["new"] = ["tiny/int8"]


def all_new(document: Document) -> None:
    """The base has one that nobody knows, and it is unchanged."""
    one = pair("fp32") | {"timing": None}
    one["base"] = one["head"] = one["head"] | {"sha256": "f" * 64}
    document |= {"cases": [one], "new": ["tiny/int8"], "head_files": {}}


def new_of(**files: str) -> Callable[[Document], None]:
    """What is new is of these files."""

    def change(document: Document) -> None:
        new(document)
        document["head_files"] = {f"tiny/{name}": sha for name, sha in files.items()}

    return change


def of_base(document: Document) -> None:
    """The base takes its own, slower runtime."""
    document["cases"][0]["base"] |= {"runtime": "litert-builtin"}


REDS: list[tuple[Callable[[Document], object], int, str, str]] = [
    (slower, 1, "slower than the base", "in/ab-cart.json: tiny-int8-litert: timed"),
    (lacking, 4, "unmeasured", "found tiny/int8 in the base, and not in the head"),
    (lenient, 4, "another limit", "50 % tolerated and 60 % unacceptable"),
    (lambda d: d.update(commit="f" * 40), 4, "another commit", "is of commit ffffffffffff"),
    (lambda d: d.update(dirty=True), 4, "uncommitted changes", "with uncommitted changes"),
    (lambda d: d["cases"].pop(), 4, "missing comparison", "no comparison of base and head has it"),
    (lambda d: d["cases"][0]["case"].update(device="host"), 4, "missing comparison", "has it"),
    (
        lambda d: d["cases"][1]["head"].update(sha256="f" * 64),
        *(4, "different files", "head's file is ffffffffffff, and the results of this leg judge"),
    ),
    (all_new, 4, "different files", "tiny-fp32-litert: the head's file is ffffffffffff"),
    (new_of(), 4, "different files", "tiny/int8 is new, and the head's file is unknown"),
    (new_of(int8="f" * 64), 4, "different files", "tiny/int8 is new, and the head's file is f"),
    (of_base, 4, "incomparable", "tiny-fp32-litert sets litert-builtin against litert"),
    (lambda d: d.update(verdict="fail"), 2, "refused file", "says fail, and its cases together"),
    (lambda d: d["cases"][0].update(verdict="fail"), 2, "refused file", "its numbers give pass"),
    (lambda d: d["cases"][0].update(timing=None), 2, "refused file", "its numbers give unmeasured"),
]


@pytest.mark.parametrize(
    ("change", "code", "problem", "words"), REDS, ids=[f"{r[2]}-{n}" for n, r in enumerate(REDS)]
)
def test_each_red_of_a_comparison_goes_red(
    compared: Gated, change: Callable[[Document], object], code: int, problem: str, words: str
) -> None:
    end = compared.change("ab-cart.json", change).end()
    assert end.code == code, end.text
    assert problem in end.problems
    assert words in end.sentence(problem)


def test_an_expected_comparison_that_is_missing_is_red(compared: Gated) -> None:
    found = compared.documents.pop("ab-cart.json")
    end = compared.end()
    assert (end.code, end.problems) == (4, ("missing comparison",))
    assert "run `edgeassay ab BASE HEAD --json PATH` there" in end.text
    (compared.folder / "in/pair.json").write_text(json.dumps(found))
    assert compared.end("--ab", "in/pair.json", paths=("in/cart.json", "in/tablet.json")).code == 0


def test_what_it_leaves_open_is_red_where_the_leg_says_so(compared: Gated) -> None:
    assert compared.change("ab-cart.json", nearly).end().code == 0
    compared.gate = AB_TOML.replace("ab = true", 'ab = true\ninconclusive = "fail"')
    compared.declare()
    compared.commit_all()
    for name in compared.documents:
        compared.change(name, lambda d: d.update(commit=compared.commit))
    end = compared.end()
    assert (end.code, end.problems) == (3, ("inconclusive",))


def test_a_new_case_needs_no_base(compared: Gated) -> None:
    end = compared.change("ab-cart.json", new).end()
    assert (end.code, end.problems, end.document["notes"]) == (0, (), []), end.text


def test_equal_files_in_every_case_are_told(compared: Gated) -> None:
    def change(document: Document) -> None:
        for case in document["cases"]:
            case |= {"timing": None, "base": case["head"]}

    end = compared.change("ab-cart.json", change).end()
    assert (end.code, end.problems) == (0, ())
    assert "every base is the same file as its head" in end.document["notes"][0]


def test_results_are_no_comparison(compared: Gated) -> None:
    paths = ("in/ab-cart.json", "in/tablet.json")
    end = compared.end("--ab", "in/cart.json", paths=paths)
    assert end.code == 2
    assert "in/cart.json is no file of `edgeassay ab --json`" in end.text
