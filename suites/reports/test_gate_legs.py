"""What a leg's options, baselines and the checkout itself do to a gate."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from edgeassay.checkout import DECLARATIONS
from suites.reports.gated import (
    DEVIATION,
    GATE_TOML,
    Document,
    Gated,
    dict_of,
    expecting,
    fails,
    limit_of,
    record,
    unmeasured,
    unsure,
)

OTHER = "0123456789" * 4
TODAY = date.today()


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


def no_upper_bound(document: Document) -> None:
    """As five processes leave a p95: the value far below its limit, and nothing above it known."""
    one = record(document, "latency_p95_ms")
    one["measurement"] |= {"value": 0.23, "low": 0.2, "high": None, "n": 5}
    one |= {"verdict": "inconclusive", "reason": "59 fresh processes are needed to show it"}


@pytest.mark.parametrize(("option", "code"), [("fail", 3), ("fail-untimed", 3), ("warn", 0)])
def test_a_budget_that_too_few_processes_were_timed_for_never_passes(
    gated: Gated, option: str, code: int
) -> None:
    """A disturbed time may pass; this one would be undecided in every run like it."""
    leg = f'id = "cart"\ninconclusive = "{option}"'
    expecting(gated, GATE_TOML.replace('id = "cart"', leg))
    end = gated.change("cart.json", no_upper_bound).end()
    assert (end.code, end.problems) == (code, ("inconclusive",) * bool(code))
    assert end.document["verdict"] == "undecided"
    assert end.text.rstrip().splitlines()[-1].startswith("? undecided: ")
    assert "59 fresh processes are needed" in end.text


def test_a_leg_that_is_not_timed_needs_no_times_and_still_fails_by_them(gated: Gated) -> None:
    expecting(gated, GATE_TOML.replace('id = "cart"', 'id = "cart"\ntimed = false'))
    gated.change("cart.json", unmeasured("latency_ratio"))
    assert gated.end().code == 0
    end = gated.change("cart.json", lambda d: fails(d, "latency_p95_ms")).end()
    assert (end.code, end.problems) == (1, ("claim fails",))


@pytest.mark.parametrize(("images", "code"), [(5, 0), (6, 4)])
def test_a_sample_suffices_where_the_leg_or_the_profile_says_so(
    gated: Gated, images: int, code: int
) -> None:
    for name in gated.documents:
        gated.change(name, lambda d: d.update(command=["--images", "5"]))
        gated.change(name, lambda d: [c.update(evaluated_images=5) for c in d["cases"]])
    expecting(gated, GATE_TOML.replace('"aarch64"', f'"aarch64"\nimages = {images}'))
    end = gated.end(paths=("in/tablet.json",))
    assert ("a sample" in end.problems) == bool(code), end.text
    gated.device += f"\n[evaluation]\nimages = {images}\n"
    end = expecting(gated, GATE_TOML).end()
    assert (end.code, set(end.problems)) == (code, {"a sample"} if code else set())


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
    model.write_text(gated.model.replace("min_auc = 0.7", "min_auc = 0.6"))
    end = gated.end()
    assert (end.code, set(end.problems)) == (4, {"uncommitted changes", "another limit"})
    assert "models/tiny/model.toml" in end.sentence("uncommitted changes")


def test_the_commit_that_is_asked_for_must_be_checked_out(gated: Gated) -> None:
    assert gated.end("--commit", "HEAD").code == 0
    before = gated.commit
    gated.git("commit", "-q", "--allow-empty", "-m", "another")
    end = gated.end("--commit", before)
    assert end.code == 2
    assert "limits would be another commit's; check that commit out" in end.text
    assert "no revision" in gated.end("--commit", "nonsense").text
    assert gated.end().problems[0] == "another commit"


def test_a_commit_that_the_checkout_does_not_know_is_refused(gated: Gated) -> None:
    for name in gated.documents:
        gated.change(name, lambda d: d.update(commit=OTHER))
    end = gated.end("--commit", OTHER)
    assert (end.code, end.document) == (2, None)
    assert f"--commit {OTHER}: no revision of" in end.text
    shutil.rmtree(gated.folder / ".git")
    end = gated.end("--commit", OTHER)
    assert (end.code, end.problems) == (0, ())
    assert "its limits are those that stand there" in end.document["notes"][0]


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


@pytest.mark.parametrize(
    ("day", "code"), [(TODAY + timedelta(days=1), 0), (TODAY - timedelta(days=1), 1)]
)
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
    assert "gate.toml" in DECLARATIONS


def test_a_green_gate_holds(gated: Gated) -> None:
    end = gated.end()
    assert (end.code, end.problems) == (0, ()), end.text


AMX = {"cpu_vendor": "GenuineIntel", "cores": ["2 x 6/143"], "isa": ["avx2", "amx_int8"]}
ZEN = {"cpu_vendor": "AuthenticAMD", "cores": ["2 x 26/2"], "isa": ["avx2"]}


def on_cpu(gated: Gated, name: str, cpu: Document) -> None:
    gated.change(name, lambda d: d["machine"].update(cpu))


@pytest.mark.parametrize(
    ("cpu", "failing", "problems"),
    [
        (AMX, True, ()),
        (ZEN, True, ("claim fails",)),
        ({}, True, ("claim fails",)),
        ({"isa": "amx_int8", "cores": 7}, True, ("claim fails",)),  # no list of texts
        (AMX, False, ("deviation to remove",)),
        (ZEN, False, ()),
    ],
)
def test_a_deviation_about_a_cpu_holds_by_what_the_file_says_of_its_machine(
    gated: Gated, cpu: Document, failing: bool, problems: tuple[str, ...]
) -> None:
    gated.model += DEVIATION + 'isa = "amx_int8"\n'
    expecting(gated, GATE_TOML)
    on_cpu(gated, "cart.json", cpu)
    if failing:
        gated.change("cart.json", fails)
    end = gated.end()
    assert end.problems == problems, end.text


def test_a_limit_about_a_cpu_is_that_of_each_files_machine(gated: Gated) -> None:
    entry = '\n[[limit]]\nclaim = "size_ratio"\nvariant = "int8"\nlimit = 0.95\n'
    gated.model += entry + 'isa = "amx_int8"\n'
    expecting(gated, GATE_TOML)
    assert gated.end().code == 0  # nobody says that it has AMX
    on_cpu(gated, "cart.json", AMX)
    end = gated.end()
    assert end.problems == ("another limit",)
    assert "models/tiny/model.toml:limit[0].limit says 0.95" in end.sentence("another limit")
    gated.change("cart.json", lambda d: record(d, "size_ratio").update(limit=limit_of(0.95)))
    assert gated.end().code == 0
    on_cpu(gated, "cart.json", ZEN)
    assert gated.end().problems == ("another limit",)


def test_two_files_of_a_leg_may_be_of_different_cpus(gated: Gated) -> None:
    """Each case is judged as on the machine of its file."""
    gated.model += DEVIATION + 'isa = "amx_int8"\n'
    expecting(gated, GATE_TOML)
    gated.change("cart.json", fails)
    whole = gated.documents.pop("cart.json")
    for variant, cpu in (("fp32", ZEN), ("int8", AMX)):
        part = json.loads(json.dumps(whole))
        for key in ("claims", "cases"):
            part[key] = [one for one in part[key] if one["case"]["variant"] == variant]
        gated.documents[f"cart-{variant}.json"] = part
        on_cpu(gated, f"cart-{variant}.json", cpu)
    assert gated.end().code == 0
    on_cpu(gated, "cart-int8.json", ZEN)
    assert gated.end().problems == ("claim fails",)


def test_a_run_that_says_no_command_asked_for_no_sample(gated: Gated) -> None:
    end = gated.change("cart.json", lambda d: d.update(command=[])).end()
    assert (end.code, end.problems) == (0, ()), end.text
