"""compare.toml: which limit holds of a benchmark, who set it, and what is said of one that can't be
followed.
"""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from edgeassay.config.comparison import SCOPES, load_comparison
from edgeassay.errors import ConfigError
from edgeassay.spec import Allowed, Case, Comparison, Gate, Noise, Spans
from suites.meta.project import ROOT

CASE = Case(model="chest", variant="int8", runtime="litert", device="host")
TEXT = """
[limits]
tolerated = 0.02

[[limit]]
model = "chest"
unacceptable = 0.1
rationale = "it is a large one"

[[limit]]
variant = "int8*"
device = "host"
tolerated = 0.04

[[limit]]
benchmark = "tests/*"
tolerated = 0.005
floor_ms = 0.5

[noise]
process_cv = 0.08

[renamed]
old = "new"
"""

MISTAKES = [
    ("[limit]\ntolerated = 1", "limit"),
    ("limits = 3", "limits"),
    ("[noise]\nprocess_cv = 0", "noise.process_cv = 0 is not valid: it must be more than 0"),
    ("[noise]\nprocess_cv = nan", "noise.process_cv = nan is not valid: it must be more than 0"),
    ('[noise]\nprocess_cv = "5%"', "noise.process_cv"),
    ("[noise]\nprocess = 0.1", "unknown key 'noise.process'"),
    ("[noise]\nsummary_slowdown = -1", "noise.summary_slowdown = -1 is not valid: it must be"),
    ("[noise]\nfalse_alarms = 0", "noise.false_alarms = 0 must lie above 0 and at most at 0.2"),
    ("[noise]\nfalse_passes = 0.3", "noise.false_passes = 0.3 must lie above 0"),
    ("[gate]\nfalse_passes = 1", "gate.false_passes = 1 must lie above 0"),
    ("[gate]\nlooks = 0", "gate.looks = 0 must be more than 0"),
    ("[gate]\nlooks = 2.5", "gate.looks"),
    ("[gate]\nmax_time_s = inf", "gate.max_time_s = inf must be more than 0, and possible"),
    ("[spans]\nspan_ms = 0", "spans.span_ms = 0 must be more than 0"),
    ("[spans]\nleast = 31", "spans.most = 30 is less than spans.least = 31"),
    ("spans = 3", "spans"),
    ("[limits]\nauc_drop = 10", "limits.auc_drop = 10 is not valid: it must be 0 or more"),
    ("[limits]\nfloor_ms = nan", "limits.floor_ms = nan is not valid: it must be 0 or more"),
    ("[limits]\nfloor_ms = true", "limits.floor_ms = True must be a number"),
    ("[limits]\nsize_grow = 0.1", "'limits.size_grow'; did you mean 'size_growth'?"),
    ('[[limit]]\nmodle = "a"\ntolerated = 0', "unknown key 'limit[0].modle'; did you mean 'model'"),
    ('[[limit]]\nmodel = "a"\nrationale = "b"', "limit[0] sets no limit"),
    ("[[limit]]\ndevice = 3\ntolerated = 0", "limit[0].device = 3 must be a name or a pattern"),
    ('[[limit]]\nmodel = "a"\ntolerated = 0.2', "limit[0].tolerated = 0.2 is more than"),
    ("[renamed]\na = 3", "renamed"),
    ('[renamed]\na = "c"\nb = "c"', "[renamed] gives two benchmarks one new name"),
    ("[limits", "compare.toml"),
]


def loaded(folder: Path, text: str) -> Comparison:
    (folder / "compare.toml").write_text(text, encoding="utf-8")
    return load_comparison(None, folder)


def test_the_last_rule_that_matches_sets_a_limit(tmp_path: Path) -> None:
    found = loaded(tmp_path, TEXT)
    allowed = found.allowed(CASE.id, CASE)
    assert (allowed.tolerated.value, allowed.tolerated.source) == (
        0.04,
        "compare.toml:limit[1].tolerated",
    )
    assert allowed.unacceptable.value == 0.1
    assert allowed.unacceptable.rationale == "it is a large one"
    assert allowed.auc_drop.source.endswith("defaults.toml:compare.limits.auc_drop")
    other = Case(model="skin", variant="fp32", runtime="litert", device="host")
    assert found.allowed(other.id, other).tolerated.value == 0.02
    assert found.noise.process_cv == 0.08
    assert found.noise.false_alarms == load_comparison(None, tmp_path / "none").noise.false_alarms
    assert found.renamed == {"old": "new"}


def test_foreign_tests_have_no_floor_unless_one_is_set(tmp_path: Path) -> None:
    bare = load_comparison(None, tmp_path)
    assert bare.allowed("tests/a.py::test_b", None).floor_ms.value == 0.0
    assert bare.allowed(CASE.id, CASE).floor_ms.value > 0.0
    found = loaded(tmp_path, TEXT).allowed("tests/a.py::test_b", None)
    assert (found.floor_ms.value, found.tolerated.value) == (0.5, 0.005)
    # What is about models or devices is about no foreign test.
    assert found.unacceptable.value == bare.allowed("a::b", None).unacceptable.value


def test_a_file_that_is_given_goes_before_the_project_s(tmp_path: Path) -> None:
    loaded(tmp_path, TEXT)
    other = tmp_path / "other.toml"
    other.write_text("[limits]\ntolerated = 0.03\n", encoding="utf-8")
    allowed = load_comparison(other, tmp_path).allowed(CASE.id, CASE)
    assert (allowed.tolerated.value, allowed.unacceptable.value) == (0.03, 0.05)
    with pytest.raises(ConfigError, match=r"gone\.toml"):
        load_comparison(tmp_path / "gone.toml", tmp_path)


@pytest.mark.parametrize(("text", "words"), MISTAKES)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as told:
        loaded(tmp_path, text)
    assert "compare.toml" in str(told.value)
    assert words in str(told.value)


def test_the_documentation_has_every_key_and_its_sample_is_followed(tmp_path: Path) -> None:
    text = (ROOT / "docs/comparing.md").read_text(encoding="utf-8")
    (sample,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    case = Case(model="chest-a", variant="int8", runtime="litert", device="raspberry-pi-5")
    assert loaded(tmp_path, sample).allowed(case.id, case).unacceptable.value == 0.08
    told = set(re.findall(r"`(\w+)`", text))
    known = {field.name for shape in (Gate, Noise, Spans, Allowed) for field in fields(shape)}
    assert known | set(SCOPES) <= told
