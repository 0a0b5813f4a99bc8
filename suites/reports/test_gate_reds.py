"""Everything that makes a leg red, each with its own sentence and exit code."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from suites.meta.project import IN_A_YEAR
from suites.reports.gated import (
    DEVIATION,
    Document,
    Gated,
    fails,
    limit_of,
    record,
    sealed,
    unmeasured,
    unsure,
)

Change = Callable[[Document], object]
OTHER = "0123456789" * 4


def without(variant: str) -> Change:
    """All claims of a variant gone."""

    def change(document: Document) -> None:
        document["claims"] = [c for c in document["claims"] if c["case"]["variant"] != variant]

    return change


def without_claim(claim: str) -> Change:
    """One claim gone."""

    def change(document: Document) -> None:
        document["claims"] = [c for c in document["claims"] if c["claim"] != claim]

    return change


def sampled(document: Document) -> None:
    """Few of the images."""
    for case in document["cases"]:
        case["evaluated_images"] = 5


def kind(name: str) -> Change:
    """Numbers of another kind."""

    def change(document: Document) -> None:
        for one in (*document["claims"], *document["cases"]):
            one["kind"] = name

    return change


def limited(document: Document) -> None:
    """A limit that no file has."""
    one = record(document, "size_ratio")
    one["limit"] = limit_of(0.95)


def excused(document: Document) -> None:
    """A failure with an excuse that only its own file knows."""
    fails(document)
    one = record(document, "size_ratio")
    one |= {"deviation": "it is fine", "deviation_expires": "2099-12-31"}


def foreign(document: Document) -> None:
    """A claim that no limit makes."""
    new = json.loads(json.dumps(record(document, "size_ratio")))
    document["claims"].append(new | {"claim": "macs_ratio"})


def ran_on(architecture: str) -> Change:
    """Workers of another processor."""

    def change(document: Document) -> None:
        for case in document["cases"]:
            case["architecture"] = architecture

    return change


def another_file(document: Document) -> None:
    """Other bytes under the same name."""
    document["cases"][-1]["artifact_sha256"] = "f" * 64


def nameless_file(document: Document) -> None:
    """Bytes that nobody knows."""
    document["cases"][-1]["artifact_sha256"] = None


REDS = [
    (fails, 1, "claim fails", "tiny int8 on litert (bench) has at most 0.9 of"),
    (
        lambda d: fails(d, "latency_p95_ms"),
        *(1, "claim fails", "95 % of inferences take at most 10000 ms"),
    ),
    (excused, 1, "claim fails", "at this commit no deviation declares it today"),
    (without("int8"), 4, "missing case", "tiny int8 on litert (bench) is missing: in/cart.json"),
    (without_claim("min_auc"), 4, "missing claim", "in/cart.json lacks min_auc"),
    (unmeasured("mean_auc_drop"), 4, "unmeasured", "nobody was there"),
    (unmeasured("latency_ratio"), 4, "unmeasured", "nobody was there"),
    (unmeasured("min_auc", "incomparable"), 4, "incomparable", "nobody was there"),
    (lambda d: d.update(commit=OTHER), 4, "another commit", "is of commit 012345678901, and"),
    (lambda d: d.update(commit=None), 4, "another commit", "names no commit"),
    (lambda d: d.update(dirty=True), 4, "uncommitted changes", "no commit is what it measured"),
    (lambda d: d.update(complete=False), 4, "incomplete run", "was cut short before its end"),
    (
        sampled,
        4,
        "a sample",
        "is of a sample: 5 of the 40 images of tiny; gate.toml:leg[0] expects",
    ),
    (
        lambda d: d.update(command=["--benchmark", "--images", "5"]),
        *(4, "a sample", "was started with --images 5; gate.toml:leg[0] expects 40"),
    ),
    (lambda d: d.update(command=["--images=5"]), 4, "a sample", "was started with --images 5"),
    (kind("emulated"), 4, "another kind", "has numbers that are emulated, and gate.toml:leg[0]"),
    (ran_on("armv7l"), 4, "another machine", "was measured on armv7l, and gate.toml:leg[0]"),
    (limited, 4, "another limit", "held against 0.95, and models/tiny/model.toml:limits.int8"),
    (
        lambda d: record(d, "min_auc")["measurement"].update(confidence=0.01),
        *(4, "another limit", "its bounds have 1 % confidence, and its model wants 95 %"),
    ),
    (
        lambda d: record(d, "min_auc")["measurement"].update(confidence=None),
        *(4, "another limit", "its bounds have no confidence"),
    ),
    (foreign, 4, "another limit", "judges macs_ratio, and nothing at this commit limits it"),
    (another_file, 4, "different files", "tiny int8 isn't the same file on every leg"),
    (nameless_file, 4, "different files", "unknown on cart"),
    (lambda d: unsure(d, "min_auc"), 3, "inconclusive", "the limit lies between the bounds"),
]


@pytest.mark.parametrize(
    ("change", "code", "problem", "words"), REDS, ids=[f"{r[2]}-{n}" for n, r in enumerate(REDS)]
)
def test_each_red_goes_red(
    gated: Gated, change: Change, code: int, problem: str, words: str
) -> None:
    end = gated.change("cart.json", change).end()
    assert (end.code, set(end.problems)) == (code, {problem}), end.text
    assert words in end.sentence(problem)
    assert words.replace("in/cart.json", "")[:40] in end.text.replace("\n", " ")
    legs = {leg["leg"]: leg["outcome"] for leg in end.document["legs"]}
    gone = problem == "different files"  # of no leg alone
    assert legs["tablet"] == "pass"
    assert (legs["cart"] == "pass") == gone


def test_a_missing_leg_is_red_and_named(gated: Gated) -> None:
    del gated.documents["tablet.json"]
    end = gated.end()
    assert (end.code, end.problems) == (4, ("missing leg",))
    assert "the leg tablet is missing: no results came from device bench on aarch64" in end.text
    assert [leg["outcome"] for leg in end.document["legs"]] == ["pass", "missing"]


def test_what_nobody_knows_the_file_of_is_red_on_every_leg(gated: Gated) -> None:
    end = gated.change("cart.json", nameless_file).change("tablet.json", nameless_file).end()
    assert (end.code, end.problems) == (4, ("different files",))
    assert "unknown on cart (litert), tablet (litert)" in end.sentence("different files")


def scored(data: str) -> Change:
    """Scores of a data set."""

    def change(document: Document) -> None:
        document["scores"] = [
            {"case": one["case"], "sha256": "1" * 64, "data_sha256": data * 64}
            for one in document["cases"]
        ]

    return change


def test_other_data_on_another_leg_is_red(gated: Gated) -> None:
    gated.change("cart.json", scored("a"))
    assert gated.change("tablet.json", scored("a")).end().code == 0
    end = gated.change("tablet.json", scored("b")).end()
    assert (end.code, end.problems) == (4, ("different data",))
    told = "tiny was evaluated on data that differ between legs: aaaaaaaaaaaa on cart; bbbbbbbbbbbb"
    assert told in end.sentence("different data")


def test_two_files_for_one_case_are_red_even_if_they_agree(gated: Gated) -> None:
    gated.documents["again.json"] = gated.documents["cart.json"]
    end = gated.end("--markdown", "out.md", "--junit", "out.xml")
    assert (end.code, set(end.problems)) == (4, {"judged twice"})
    assert "in/again.json and in/cart.json all judge it" in end.sentence("judged twice")


def test_a_failure_in_either_of_two_files_counts(gated: Gated) -> None:
    gated.documents["again.json"] = json.loads(json.dumps(gated.documents["cart.json"]))
    end = gated.change("again.json", fails).end()
    assert end.code == 1
    assert set(end.problems) == {"claim fails", "judged twice"}


def test_a_leg_in_several_files_is_one_leg(gated: Gated) -> None:
    whole = gated.documents.pop("cart.json")
    for variant, other in (("fp32", "int8"), ("int8", "fp32")):
        part = json.loads(json.dumps(whole))
        without(other)(part)
        gated.documents[f"{variant}.json"] = sealed(part)
    end = gated.end()
    assert (end.code, end.problems) == (0, ()), end.text
    assert end.document["legs"][0]["files"] == ["in/fp32.json", "in/int8.json"]


def test_a_leg_that_nobody_expects_is_told(gated: Gated) -> None:
    def stranger(document: Document) -> None:
        document["machine"]["architecture"] = "riscv64"

    gated.documents["board.json"] = json.loads(json.dumps(gated.documents["cart.json"]))
    end = gated.change("board.json", stranger).change("board.json", fails).end()
    assert (end.code, end.problems) == (0, ())
    (note,) = end.document["notes"]
    assert "in/board.json is of a leg that nobody expects: device bench of a machine with" in note
    assert "1 of which fail" in note


def test_cases_beyond_what_is_expected_are_told(gated: Gated) -> None:
    def more(document: Document) -> None:
        new = json.loads(json.dumps(record(document, "size_ratio")))
        new["case"]["variant"] = "int16x8"
        document["claims"].append(new)
        document["cases"].append(document["cases"][-1] | {"case": new["case"]})

    end = gated.change("cart.json", more).end()
    assert (end.code, end.problems) == (0, ())
    assert "what decides nothing: tiny int16x8 on litert" in end.document["notes"][0]


def test_what_is_declared_is_no_failure_and_what_is_not_seen_is_never_excused(
    gated: Gated,
) -> None:
    gated.model += DEVIATION
    gated.declare()
    gated.commit_all()
    for name in gated.documents:
        gated.change(name, lambda d: d.update(commit=gated.commit))
        gated.change(name, fails)
    end = gated.end()
    assert (end.code, end.problems) == (0, ())
    assert end.document["legs"][0]["claims"]["declared"] == 1

    def crashes(document: Document) -> None:
        record(document, "size_ratio").update(measurement=None, reason="the worker died")

    end = gated.change("cart.json", crashes).end()
    assert (end.code, end.problems) == (1, ("claim fails",))


@pytest.mark.parametrize(
    ("expires", "failing", "words"),
    [
        (IN_A_YEAR, False, "matches nothing any more on this leg"),
        ("2020-01-31", False, "the deviation expired on 2020-01-31"),
        ("2020-01-31", True, "the deviation expired on 2020-01-31"),
    ],
)
def test_a_deviation_that_must_go_is_red(
    gated: Gated, expires: str, failing: bool, words: str
) -> None:
    gated.model += DEVIATION.replace(IN_A_YEAR, expires)
    gated.declare()
    gated.commit_all()
    for name in gated.documents:
        gated.change(name, lambda d: d.update(commit=gated.commit))
        if failing:
            gated.change(name, fails)
    end = gated.end()
    assert end.code == 1
    assert ("claim fails" in end.problems) == failing
    assert words in end.sentence("deviation to remove")
