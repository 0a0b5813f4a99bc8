"""Waivers: shown, never green, and red when they must go."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from edgeassay.report.markdown import escaped
from suites.reports.gated import (
    Gated,
    expecting,
    fails,
)

TODAY = date.today()
# It still holds where the tests go on past midnight.
TOMORROW = TODAY + timedelta(days=1)
WAIVER = """
[[waiver]]
leg = "tablet"
reason = "it hangs when it is warm"
owner = "firmware lead"
expires = {expires}
"""


def test_a_waived_leg_is_shown_and_never_green(gated: Gated) -> None:
    expecting(gated, WAIVER.format(expires=TOMORROW))
    del gated.documents["tablet.json"]
    end = gated.end("--markdown", "out.md", "--junit", "out.xml")
    assert (end.code, end.problems) == (0, ())
    assert [leg["outcome"] for leg in end.document["legs"]] == ["pass", "waived"]
    told = f"until {TOMORROW} (firmware lead: it hangs when it is warm)"
    assert told in end.text.replace("\n", " ")
    assert f"waived** {told}" in (gated.folder / "out.md").read_text()
    assert "waived until" in (gated.folder / "out.xml").read_text()


@pytest.mark.parametrize("part", ["", 'variant = "int8"\n'])
def test_with_anything_waived_nobody_says_pass_or_shows_its_sign(gated: Gated, part: str) -> None:
    expecting(gated, WAIVER.format(expires=TOMORROW) + part)
    end = gated.change("tablet.json", fails).end("--markdown", "out.md", "--junit", "out.xml")
    assert (end.code, end.document["verdict"]) == (0, "passes but for waivers")
    line = "◇ passes but for waivers: 2 legs of gate.toml (1 pass, 1 waived)"
    assert line in end.text
    text = (gated.folder / "out.md").read_text(encoding="utf-8")
    assert text.splitlines()[2].startswith(f"**{escaped(line)} at ")
    assert "| tablet | ◇ waived |" in text
    told = (gated.folder / "out.xml").read_text(encoding="utf-8")
    assert '<skipped message="passes but for waivers: 2 legs' in told


def test_a_waived_leg_that_fails_is_waived_and_its_claims_are_no_passes(gated: Gated) -> None:
    expecting(gated, WAIVER.format(expires=TOMORROW))
    end = gated.change("tablet.json", fails).end()
    assert (end.code, end.problems) == (0, ())
    leg = end.document["legs"][1]
    assert (leg["outcome"], set(leg["claims"])) == ("waived", {"waived"})


def test_a_waiver_of_a_part_waives_nothing_else(gated: Gated) -> None:
    expecting(gated, WAIVER.format(expires=TOMORROW) + 'variant = "int8"\n')
    gated.change("tablet.json", fails)
    assert gated.end().code == 0
    end = gated.change("tablet.json", lambda d: fails(d, "min_auc", "fp32")).end()
    assert (end.code, end.problems) == (1, ("claim fails",))


def test_a_waiver_never_waives_a_refused_file(gated: Gated) -> None:
    expecting(gated, WAIVER.format(expires=TOMORROW))
    gated.documents["tablet.json"]["complete"] = False
    end = gated.end()
    assert (end.code, end.problems) == (2, ("refused file",))


def test_waivers_alone_let_nothing_pass(gated: Gated) -> None:
    text = WAIVER.format(expires=TOMORROW)
    expecting(gated, text + text.replace("tablet", "cart"))
    gated.documents = {}
    end = gated.end()
    assert (end.code, end.problems) == (4, ("nothing decided",))
    assert [leg["outcome"] for leg in end.document["legs"]] == ["waived", "waived"]


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
    end = expecting(gated, WAIVER.format(expires=TOMORROW)).end()
    assert (end.code, end.problems) == (1, ("waiver waives nothing",))
    assert "remove it" in end.sentence("waiver waives nothing")
    assert end.document["legs"][1]["outcome"] == "fail"
