"""gate.toml: what can't be followed is said in one sentence that names file and key."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from edgeassay.config.legs import load_expected
from edgeassay.errors import ConfigError
from edgeassay.spec import Kind
from edgeassay.summary.outcome import Problem
from suites.meta.project import ROOT
from suites.reports.gated import GATE_TOML, Gated

TODAY = date(2026, 11, 21)
LEG = '[[leg]]\nid = "a"\narchitecture = "x86_64"\nmodels = "all"\n'
WAIVER = '[[waiver]]\nleg = "a"\nreason = "it is away"\nowner = "o"\nexpires = 2026-12-31\n'

MISTAKES = [
    ("", "gate.toml: the key 'leg' is missing"),
    ("[[leg]", "gate.toml is no valid TOML"),
    (LEG + "arch = 1\n", "gate.toml: unknown key 'leg.0.arch'; known: ab, architecture"),
    (LEG.replace('"all"', '"tiny"'), "leg.0.models is not valid: write names in brackets"),
    (LEG.replace('"all"', "[]"), 'leg[0].models names none; name some, or write models = "all"'),
    (LEG.replace('"all"', '["a", "a"]'), "leg[0].models names one twice"),
    (LEG.replace('models = "all"\n', ""), "the key 'leg.0.models' is missing"),
    (LEG.replace("x86_64", "x86-64"), "leg[0].architecture = 'x86-64' is unknown; did you mean"),
    (LEG.replace('"a"', '"A B"'), "gate.toml: leg.0.id = 'A B' is not valid"),
    (LEG + LEG, "gate.toml:leg[1]: gate.toml:leg[0] is 'a' too; rename one"),
    (LEG + 'kind = "emulate"\n', "leg[0].kind = 'emulate' is unknown; did you mean 'emulated'?"),
    (LEG + 'kind = "emulated"\nab = true\n', "leg[0].ab = true, and its numbers are emulated"),
    (LEG + 'kind = "software"\ntimed = true\n', "leg[0].timed = true, and its numbers are"),
    (LEG + 'inconclusive = "pass"\n', "leg.0.inconclusive = 'pass' is not valid"),
    (LEG + WAIVER.replace('"a"', '"b"'), "gate.toml:waiver[0].leg = 'b' is no leg; known: a"),
    (LEG + WAIVER.replace("2026-12-31", '"soon"'), "gate.toml: waiver.0.expires = 'soon'"),
    (LEG + WAIVER.replace('owner = "o"\n', ""), "the key 'waiver.0.owner' is missing"),
    (LEG + WAIVER.replace('"it is away"', '" "'), "gate.toml: waiver.0.reason"),
    (
        LEG + WAIVER.replace("it is away", "."),
        "waiver[0].reason = '.' tells nobody why; say it in 3",
    ),
    (
        LEG + WAIVER.replace("2026-12-31", "2027-11-23"),
        "waiver[0].expires = 2027-11-23 is more than 366 days ahead; choose 2027-11-22 or earlier",
    ),
    (LEG + WAIVER.replace("2026-12-31", "9999-12-31"), "is more than 366 days ahead"),
    (LEG + WAIVER + "claim = 1\n", "gate.toml: unknown key 'waiver.0.claim'"),
]


@pytest.mark.parametrize(("text", "words"), MISTAKES, ids=[w[:40] for _, w in MISTAKES])
def test_a_mistake_is_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "gate.toml").write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_expected(None, tmp_path, TODAY)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


DISAGREEMENTS = [
    ('models = ["tiny"]', 'models = ["tine"]', "unknown model; did you mean 'tiny'?"),
    ('models = ["tiny"]', 'models = "all"\ndevice = "host"', "unknown device; known: bench"),
    ('models = ["tiny"]', 'models = "all"\nvariants = ["int4"]', "unknown variant; did you mean"),
    ('models = ["tiny"]', 'models = "all"\nruntimes = ["lite"]', "unknown runtime; did you mean"),
    (
        'models = ["tiny"]',
        'models = "all"\nkind = "emulated"',
        "gate.toml:leg[0].kind = 'emulated', and numbers of litert on bench are measured",
    ),
    (
        'models = ["tiny"]',
        'models = "all"\nruntimes = ["ethos-u"]',
        "numbers of ethos-u on bench are estimated",
    ),
    (
        'models = ["tiny"]',
        'models = "all"\n[[waiver]]\nleg = "cart"\nreason = "it is away"\nowner = "o"\n'
        'expires = 2026-12-31\nvariant = "int9"',
        "gate.toml:waiver[0] is about no case that the leg 'cart' expects (variant 'int9')",
    ),
]


@pytest.mark.parametrize(("old", "new", "words"), DISAGREEMENTS)
def test_what_nothing_declares_is_said(gated: Gated, old: str, new: str, words: str) -> None:
    (gated.folder / "gate.toml").write_text(GATE_TOML.replace(old, new))
    end = gated.end()
    assert (end.code, end.document) == (2, None)
    assert words in end.text.replace("\n", " ")


def test_without_a_file_it_says_how_to_begin(gated: Gated) -> None:
    (gated.folder / "gate.toml").unlink()
    end = gated.end()
    assert end.code == 2
    assert "gate.toml doesn't exist, and nothing else says which legs are expected" in end.text


@pytest.mark.parametrize("word", ["in/none.json", "car=in/cart.json", "--ab=in/none.json"])
def test_what_is_not_there_is_said(gated: Gated, word: str) -> None:
    gated.end()
    end = gated.end(
        *([word] if "--ab" in word else []), paths=("in",) if "--ab" in word else (word,)
    )
    assert end.code == 2
    assert (
        "no such file or folder" in end.text or "'car' is no leg; did you mean 'cart'" in end.text
    )


def test_the_page_about_it_shows_a_gate_that_can_be_read(tmp_path: Path) -> None:
    text = (ROOT / "docs/gate.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "gate.toml").write_text(shown)
    found = load_expected(None, tmp_path, TODAY)
    assert found.legs["cart-tablet"].ab
    assert found.waivers[0].owner == "firmware lead"
    for problem in Problem:
        assert problem.value in text, f"{problem} isn't explained"


def test_the_projects_own_gate_expects_both_architectures() -> None:
    legs = load_expected(None, ROOT, TODAY).legs
    assert [leg.architecture for leg in legs.values()] == ["x86_64", "aarch64"]
    assert all(leg.kind is Kind.MEASURED and leg.timed for leg in legs.values())
