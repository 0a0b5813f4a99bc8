"""Everything that makes a gate red, each with its own sentence and exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from edgeassay.merge_gate import command
from suites.reports.gated import (
    DEVIATION,
    GATE_TOML,
    Document,
    Gated,
    dict_of,
    fails,
    limit_of,
    record,
    sealed,
    unsure,
)

Change = Callable[[Document], object]
OTHER = "0123456789" * 4
TODAY = date.today()


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


def unmeasured(claim: str, verdict: str = "unmeasured") -> Change:
    """A claim that nothing was measured for."""

    def change(document: Document) -> None:
        one = record(document, claim)
        one |= {"measurement": None, "verdict": verdict, "reason": "nobody was there"}

    return change


def kind(name: str) -> Change:
    """Numbers of another kind."""

    def change(document: Document) -> None:
        for one in document["claims"]:
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
    (kind("emulated"), 4, "another kind", "has numbers that are emulated, and gate.toml:leg[0]"),
    (ran_on("armv7l"), 4, "another machine", "was measured on armv7l, and gate.toml:leg[0]"),
    (limited, 4, "another limit", "held against 0.95, and models/tiny/model.toml:limits.int8"),
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


def test_a_huge_file_is_refused_unread(gated: Gated) -> None:
    (gated.folder / "in").mkdir()
    with (gated.folder / "in/results.json").open("wb") as file:
        file.truncate(256_000_001)
    end = gated.end()
    assert end.code == 2
    assert "256,000,001 bytes" in end.sentence("refused file")


def test_a_missing_leg_is_red_and_named(gated: Gated) -> None:
    del gated.documents["tablet.json"]
    end = gated.end()
    assert (end.code, end.problems) == (4, ("missing leg",))
    assert "the leg tablet is missing: no results came from device bench on aarch64" in end.text
    assert [leg["outcome"] for leg in end.document["legs"]] == ["pass", "missing"]


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
        ("2099-12-31", False, "matches nothing any more on this leg"),
        ("2020-01-31", False, "the deviation expired on 2020-01-31"),
        ("2020-01-31", True, "the deviation expired on 2020-01-31"),
    ],
)
def test_a_deviation_that_must_go_is_red(
    gated: Gated, expires: str, failing: bool, words: str
) -> None:
    gated.model += DEVIATION.replace("2099-12-31", expires)
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


def expecting(gated: Gated, text: str) -> Gated:
    """The same with more in its gate.toml, and runs of the new commit."""
    gated.gate = text if "[[leg]]" in text else GATE_TOML + text
    gated.declare()
    gated.commit_all()
    for name in gated.documents:
        gated.change(name, lambda d: d.update(commit=gated.commit))
    return gated


WAIVER = """
[[waiver]]
leg = "tablet"
reason = "it hangs when it is warm"
owner = "firmware lead"
expires = {expires}
"""


def test_a_waived_leg_is_shown_and_never_green(gated: Gated) -> None:
    expecting(gated, WAIVER.format(expires=TODAY))
    del gated.documents["tablet.json"]
    end = gated.end("--markdown", "out.md", "--junit", "out.xml")
    assert (end.code, end.problems) == (0, ())
    assert [leg["outcome"] for leg in end.document["legs"]] == ["pass", "waived"]
    told = f"until {TODAY} (firmware lead: it hangs when it is warm)"
    assert told in end.text.replace("\n", " ")
    assert f"waived** {told}" in (gated.folder / "out.md").read_text()
    assert "waived until" in (gated.folder / "out.xml").read_text()


def test_a_waived_leg_that_fails_is_waived_and_its_claims_are_no_passes(gated: Gated) -> None:
    expecting(gated, WAIVER.format(expires=TODAY))
    end = gated.change("tablet.json", fails).end()
    assert (end.code, end.problems) == (0, ())
    leg = end.document["legs"][1]
    assert (leg["outcome"], set(leg["claims"])) == ("waived", {"waived"})


def test_a_waiver_of_a_part_waives_nothing_else(gated: Gated) -> None:
    expecting(gated, WAIVER.format(expires=TODAY) + 'variant = "int8"\n')
    gated.change("tablet.json", fails)
    assert gated.end().code == 0
    end = gated.change("tablet.json", lambda d: fails(d, "min_auc", "fp32")).end()
    assert (end.code, end.problems) == (1, ("claim fails",))


def test_a_waiver_never_waives_a_refused_file(gated: Gated) -> None:
    expecting(gated, WAIVER.format(expires=TODAY))
    gated.documents["tablet.json"]["complete"] = False
    end = gated.end()
    assert (end.code, end.problems) == (2, ("refused file",))


@pytest.mark.parametrize("gone", [True, False])
def test_an_expired_waiver_is_red_and_waives_nothing(gated: Gated, gone: bool) -> None:
    yesterday = TODAY - timedelta(days=1)
    expecting(gated, WAIVER.format(expires=yesterday))
    if gone:
        del gated.documents["tablet.json"]
    end = gated.end()
    assert end.code == 1
    assert set(end.problems) == {"waiver expired"} | ({"missing leg"} if gone else set())
    assert f"gate.toml:waiver[0] expired on {yesterday}" in end.sentence("waiver expired")


def test_a_waiver_that_waives_nothing_any_more_is_red(gated: Gated) -> None:
    end = expecting(gated, WAIVER.format(expires=TODAY)).end()
    assert (end.code, end.problems) == (1, ("waiver waives nothing",))
    assert "remove it" in end.sentence("waiver waives nothing")
    assert end.document["legs"][1]["outcome"] == "fail"


@pytest.mark.parametrize(
    ("option", "claim", "code"),
    [
        ("fail", "latency_ratio", 3),
        ("fail", "min_auc", 3),
        ("fail-untimed", "latency_ratio", 0),
        ("fail-untimed", "min_auc", 3),
        ("warn", "min_auc", 0),
    ],
)
def test_what_is_inconclusive_is_as_the_leg_has_it(
    gated: Gated, option: str, claim: str, code: int
) -> None:
    leg = f'id = "cart"\ninconclusive = "{option}"'
    expecting(gated, GATE_TOML.replace('id = "cart"', leg))
    end = gated.change("cart.json", lambda d: unsure(d, claim)).end()
    assert (end.code, end.problems) == (code, ("inconclusive",) * bool(code))
    assert end.document["legs"][0]["claims"]["inconclusive"] == 1


def test_a_leg_that_is_not_timed_needs_no_times_and_still_fails_by_them(gated: Gated) -> None:
    expecting(gated, GATE_TOML.replace('id = "cart"', 'id = "cart"\ntimed = false'))
    gated.change("cart.json", unmeasured("latency_ratio"))
    assert gated.end().code == 0
    end = gated.change("cart.json", lambda d: fails(d, "latency_p95_ms")).end()
    assert (end.code, end.problems) == (1, ("claim fails",))


def test_a_machine_is_told_by_its_fingerprint(gated: Gated) -> None:
    leg = 'id = "cart"\nfingerprint = "another00000"'
    expecting(gated, GATE_TOML.replace('id = "cart"', leg))
    end = gated.end()
    assert (end.code, end.problems) == (4, ("missing leg",))
    assert "in/cart.json is of a leg that nobody expects" in end.document["notes"][0]
    end = gated.end(paths=("cart=in/cart.json", "in/tablet.json"))
    assert (end.code, end.problems) == (4, ("another machine",))
    assert "is of the machine cart00000000, and gate.toml:leg[0]" in end.text


TWIN = """
[[leg]]
id = "spare"
architecture = "x86_64"
models = ["tiny"]
"""


def test_legs_that_can_not_be_told_apart_need_to_be_said(gated: Gated) -> None:
    expecting(gated, GATE_TOML + TWIN)
    end = gated.end()
    assert end.code == 2
    assert "in/cart.json can be of the legs cart and spare; say which with cart=" in end.text
    gated.documents["spare.json"] = json.loads(json.dumps(gated.documents["cart.json"]))
    end = gated.end(paths=("cart=in/cart.json", "spare=in/spare.json", "in/tablet.json"))
    assert (end.code, end.problems) == (0, ()), end.text


def test_results_of_another_device_given_for_a_leg_are_red(gated: Gated) -> None:
    end = gated.end(paths=("cart=in/tablet.json", "tablet=in/cart.json"))
    assert (end.code, set(end.problems)) == (4, {"another machine"})


def test_declarations_that_are_not_committed_are_red(gated: Gated) -> None:
    model = gated.folder / "models/tiny/model.toml"
    model.write_text(gated.model.replace("min_auc = 0.7", "min_auc = 0.1"))
    end = gated.end()
    assert (end.code, set(end.problems)) == (4, {"uncommitted changes", "another limit"})
    assert "models/tiny/model.toml" in end.sentence("uncommitted changes")


def test_the_commit_that_is_asked_for_must_be_checked_out(gated: Gated) -> None:
    assert gated.end("--commit", "HEAD").code == 0
    before = gated.commit
    gated.commit_all()
    end = gated.end("--commit", before)
    assert end.code == 2
    assert "limits would be another commit's; check that commit out" in end.text
    assert "no revision" in gated.end("--commit", "nonsense").text
    assert gated.end().problems[0] == "another commit"
    assert gated.end("--commit", OTHER).problems[0] == "another commit"


COMPARE = """
[limits]
size_growth = 0.02
"""


def baseline(document: Document, **more: Any) -> None:
    """A claim against a baseline."""
    new = json.loads(json.dumps(record(document, "size_ratio")))
    new |= {"claim": "baseline_size_ratio", "limit": limit_of(1.02)}
    new["measurement"]["value"] = 1.0
    document["claims"].append(new | more)


def test_claims_against_baselines_are_held_against_compare_toml(gated: Gated) -> None:
    gated.compare = COMPARE
    expecting(gated, GATE_TOML)
    assert gated.change("cart.json", baseline).end().code == 0
    record(gated.documents["cart.json"], "baseline_size_ratio")["limit"] = limit_of(2.0)
    end = gated.change("cart.json", dict_of).end()
    assert (end.code, end.problems) == (4, ("another limit",))
    assert "compare.toml:limits.size_growth says 1.02" in end.sentence("another limit")


ACCEPTED = """
[[accepted]]
claim = "baseline_size_ratio"
model = "tiny"
reason = "a new input layer"
owner = "model lead"
expires = {expires}
"""


@pytest.mark.parametrize(("day", "code"), [(TODAY, 0), (TODAY - timedelta(days=1), 1)])
def test_an_accepted_regression_is_declared_until_it_expires(
    gated: Gated, day: date, code: int
) -> None:
    gated.compare = COMPARE
    (gated.folder / "baselines").mkdir()
    accepted = gated.folder / "baselines/accepted.toml"
    accepted.write_text(ACCEPTED.format(expires=day))
    expecting(gated, GATE_TOML)
    gated.change("cart.json", baseline)
    one = record(gated.documents["cart.json"], "baseline_size_ratio")
    one["verdict"] = "fail"
    dict_of(one["measurement"])["value"] = 1.5
    end = gated.change("cart.json", dict_of).end()
    assert end.code == code, end.text


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


def test_a_first_gate_expects_what_is_there(gated: Gated, tmp_path: Path) -> None:
    gated.end()
    (gated.folder / "gate.toml").unlink()
    assert "made" in gated.end("--init").text
    assert gated.end().document["exit_code"] == 4  # it isn't committed yet
    gated.gate = (gated.folder / "gate.toml").read_text()
    expecting(gated, gated.gate)
    end = gated.end()
    assert (end.code, end.problems) == (0, ()), end.text
    assert [leg["leg"] for leg in end.document["legs"]] == ["x86-64", "arm64"]
    assert "exists, and is left as it is" in gated.end("--init").text


def test_only_declarations_of_the_project_must_be_committed(gated: Gated) -> None:
    (gated.folder / "notes.txt").write_text("beside")
    assert gated.end().code == 0
    assert "gate.toml" in command.DECLARATIONS
