"""Each verdict by a real run of pytest, seen in the outcome, the table, JUnit and results.json."""

from __future__ import annotations

import pytest

from suites.meta.project import IN_A_YEAR, MODEL_TOML, Outcome, Project

INT8 = "tiny-int8-litert"
# What no artifact of 79 test patients can be shown to keep, nor to break.
TOO_NARROW = "sensitivity_drop = 0.0001\n"
LIMITS = MODEL_TOML.replace("[limits]\n", f"[limits]\n{TOO_NARROW}").replace(
    "min_auc = 0.7", "min_auc = { limit = 0.999, rationale = 'nobody reaches it' }"
)
DECLARED = f"""
[[deviation]]
claim = "sensitivity_drop"
verdict = "inconclusive"
reason = "too few patients to tell"
expires = {IN_A_YEAR}
"""


def verdict(outcome: Outcome, claim: str) -> str:
    """What results.json says of a claim about int8, which JUnit's properties must say too."""
    found = next(
        c
        for c in outcome.results["claims"]
        if c["claim"] == claim and c["case"]["variant"] == "int8"
    )
    said: str = found["verdict"]
    assert outcome.properties[f"test_{claim}[{INT8}]"]["edgeassay.verdict"] == said
    return said


def test_pass_fail_inconclusive_and_unmeasured_are_told_apart_everywhere(project: Project) -> None:
    project.model_toml = LIMITS
    project.write_declarations()
    outcome = project.run("--variant", "int8")
    assert outcome.code == 1
    expected = {
        "mean_auc_drop": ("pass", "passed"),
        "min_auc": ("fail", "failure"),
        "sensitivity_drop": ("inconclusive", "failure"),
        "latency_ratio": ("unmeasured", "skipped"),
    }
    for claim, (wanted, shown) in expected.items():
        assert verdict(outcome, claim) == wanted
        assert outcome.tests[f"test_{claim}[{INT8}]"] == shown
    assert "7 claims: 1 fail, 1 inconclusive, 1 unmeasured, 4 pass" in outcome.text
    assert "mean AUC (change) [bounds]" in outcome.text
    assert "fail, 1 of 7" in outcome.text
    said = outcome.messages[f"test_sensitivity_drop[{INT8}]"]
    assert "positive images would pass with a chance of 80 %" in said
    assert 'a [[deviation]] with verdict = "inconclusive"' in said
    assert (
        "inconclusive: sensitivity_drop of tiny int8 on litert: too little evidence" in outcome.text
    )
    assert "tiny int8 on litert: inconclusive, by sensitivity_drop" in outcome.text
    properties = outcome.properties[f"test_mean_auc_drop[{INT8}]"]
    low, value, high = (
        float(properties[f"edgeassay.measurement_{k}"]) for k in ("low", "value", "high")
    )
    assert low <= value <= high < 0.05
    assert properties["edgeassay.measurement_confidence"] == "0.95"
    case = next(c for c in outcome.results["cases"] if c["case"]["variant"] == "int8")
    assert case["co_primary"] == {
        "claims": {"mean_auc_drop": "pass", "sensitivity_drop": "inconclusive"},
        "unclaimed": ["specificity_drop"],
        "verdict": "inconclusive",
    }


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 1),
        (("--inconclusive=fail-untimed",), 1),
        (("--inconclusive=fail",), 1),
        (("--inconclusive=warn",), 0),
    ],
)
def test_what_is_inconclusive_blocks_a_gate_until_it_is_declared(
    project: Project, options: tuple[str, ...], code: int
) -> None:
    project.model_toml = MODEL_TOML.replace("[limits]\n", f"[limits]\n{TOO_NARROW}")
    project.write_declarations()
    chosen = ("--variant", "int8", *options, "-k", "size or sensitivity or deviation")
    undecided = project.run(*chosen)
    assert undecided.code == code
    assert " undecided, " in undecided.text
    last = undecided.text.rstrip().splitlines()[-1]
    assert last.startswith("edgeassay: undecided: ")
    said = "1 of them makes this run fail (--inconclusive=warn " if code else "none of them fails"
    assert said in last
    project.model_toml += DECLARED
    project.write_declarations()
    declared = project.run(*chosen)
    assert declared.code == 0, declared.text
    assert declared.tests[f"test_sensitivity_drop[{INT8}]"] == "xfailed"
    assert verdict(declared, "sensitivity_drop") == "inconclusive"
    assert f"declared until {IN_A_YEAR}: sensitivity_drop of tiny int8" in declared.text


def test_a_declared_lack_of_evidence_goes_stale_when_a_claim_is_decided(project: Project) -> None:
    project.model_toml = MODEL_TOML.replace("[limits]\n", "[limits]\nsensitivity_drop = 0.2\n")
    project.model_toml += DECLARED
    project.write_declarations()
    outcome = project.run("--variant", "int8", "-k", "deviation")
    assert outcome.code == 1
    (stale,) = outcome.named("failure")
    assert "matches nothing any more" in outcome.messages[stale]


def test_few_patients_are_inconclusive_however_well_they_look(project: Project) -> None:
    project.model_toml += "\n[statistics]\nmin_positives = 200\nconfidence = 0.9\n"
    project.write_declarations()
    outcome = project.run("--variant", "int8", "-k", "auc")
    assert outcome.code == 1
    for claim in ("mean_auc_drop", "min_auc"):
        assert verdict(outcome, claim) == "inconclusive"
        assert "too few patients: bright has" in outcome.messages[f"test_{claim}[{INT8}]"]
    assert "each one-sided 90 %" in outcome.messages[f"test_min_auc[{INT8}]"]


def test_the_products_threshold_and_the_one_of_the_validation_split(project: Project) -> None:
    limits = "min_sensitivity = 0.1\npositive_flip_rate = 0.2\nbrier_drift = 0.2\n"
    project.model_toml = MODEL_TOML.replace("[limits]\n", f"[limits]\n{limits}")
    project.write_declarations()
    chosen = ("--variant", "int8", "-k", "sensitivity or flip or brier", "-rs")
    fixed = project.run(*chosen)
    assert fixed.code == 0, fixed.text
    assert "validation split" in reason_of(fixed, "min_sensitivity")
    project.model_toml += '\n[operating_point]\nthreshold = 0.25\nrule = ">"\n'
    project.write_declarations()
    given = project.run(*chosen)
    assert "positive where score > 0.25, as the product has it" in reason_of(
        given, "min_sensitivity"
    )
    assert "within one quantization step (0.00391) of it" in reason_of(given, "min_sensitivity")


def reason_of(outcome: Outcome, claim: str) -> str:
    found = next(c for c in outcome.results["claims"] if c["claim"] == claim)
    return str(found["reason"])


def test_without_a_validation_split_there_is_no_threshold_to_judge_at(project: Project) -> None:
    limits = "[limits]\nsensitivity_drop = 0.2\n"
    project.model_toml = MODEL_TOML.replace("[limits]\n", limits)
    project.write_declarations()
    table = project.data / "spots/labels.csv"
    table.write_text(table.read_text().replace(",validation", ",other"))
    outcome = project.run("--variant", "int8", "-k", "sensitivity")
    assert verdict(outcome, "sensitivity_drop") == "unmeasured"
    words = outcome.messages[f"test_sensitivity_drop[{INT8}]"]
    assert "no validation split to fix the operating threshold on" in words


def test_subgroups_are_judged_by_the_worst(project: Project) -> None:
    project.model_toml = MODEL_TOML.replace(
        'patient = "patient"\n', 'patient = "patient"\nsubgroups = ["site"]\n'
    ).replace("[limits]\n", "[limits]\nsubgroup_auc_drop = 0.2\n[limits.int8]\n", 1)
    project.model_toml = project.model_toml.replace("\n[limits.int8]\nloads", "\nloads")
    project.write_declarations()
    table = project.data / "spots/labels.csv"
    header, *rows = table.read_text().splitlines()
    named = [f"{row},{'north' if number % 2 else 'south'}" for number, row in enumerate(rows)]
    table.write_text("\n".join([f"{header},site", *named]) + "\n")
    outcome = project.run("--variant", "int8", "-k", "subgroup")
    assert outcome.code == 0, outcome.text
    assert verdict(outcome, "subgroup_auc_drop") in ("pass", "inconclusive")
    assert "the worst of 2 subgroups is site = " in reason_of(outcome, "subgroup_auc_drop")


def test_an_operating_point_that_no_score_reaches_decides_nothing(project: Project) -> None:
    """Both models would call every image alike, and no drop would ever be seen."""
    project.model_toml = MODEL_TOML.replace("[limits]\n", "[limits]\nsensitivity_drop = 0.2\n")
    project.model_toml += "\n[operating_point]\nthreshold = 30\n"
    project.write_declarations()
    outcome = project.run("--variant", "int8", "-k", "sensitivity")
    assert verdict(outcome, "sensitivity_drop") == "inconclusive"
    words = outcome.messages[f"test_sensitivity_drop[{INT8}]"]
    assert "at the threshold 30 the reference calls no image 'bright'" in words


def test_failures_and_what_is_not_claimed_are_told_below_the_table(project: Project) -> None:
    project.model_toml = MODEL_TOML.replace("min_auc = 0.7", "min_auc = 0.999")
    project.write_declarations()
    text = project.run("--variant", "int8", "-k", "auc").text
    assert "fail: min_auc of tiny int8 on litert: 0.9" in text
    assert "not claimed: sensitivity_drop of tiny, specificity_drop of tiny" in text
