"""What claims about AUCs make of two models' scores, and what holds of several claims together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from edgeassay.errors import Absent, NoEvidence
from edgeassay.measure.compared import Compared
from edgeassay.report.results import case_id, claim_record, co_primary
from edgeassay.runs.records import ClaimRecord
from edgeassay.spec import (
    ClaimName,
    Judgement,
    Verdict,
)
from suites.meta.compared import CASE, REFERENCE, claim, evidence, judged, of, scores


def record(name: ClaimName, verdict: Verdict, class_name: str | None = None) -> ClaimRecord:
    return claim_record(Judgement(claim=claim(name, 0.1, class_name), verdict=verdict, reason=""))


def test_of_a_claim_about_each_class_the_worst_counts_among_the_co_primary_ones() -> None:
    name = ClaimName.CLASS_AUC_DROP
    verdicts = (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
    records = [record(name, verdict, f"c{k}") for k, verdict in enumerate(verdicts)]
    records.append(record(ClaimName.MEAN_AUC_DROP, Verdict.PASS))
    found = co_primary(records, case_id(CASE), [name, ClaimName.MEAN_AUC_DROP])
    assert found is not None
    assert found.claims == {name: Verdict.FAIL, ClaimName.MEAN_AUC_DROP: Verdict.PASS}
    assert found.verdict is Verdict.FAIL
    assert co_primary(records, case_id(REFERENCE), [name]) is None


def test_one_subgroup_that_drops_fails_the_claim_though_the_mean_hardly_moves() -> None:
    rng = np.random.default_rng(1)
    labels = (rng.random((2000, 1)) < 0.5).astype(np.int8)
    reference, candidate = scores(rng, labels, 0.0)
    site = np.array(["north"] * 1800 + ["south"] * 200)
    candidate[site == "south"] = rng.random((200, 1))
    compared = of(labels, reference, candidate, subgroups={"site": site.tolist()})
    asked = evidence(compared)
    found = judged(asked, claim(ClaimName.SUBGROUP_AUC_DROP, 0.1))
    assert found.verdict is Verdict.FAIL
    assert "the worst of 2 subgroups is site = south" in found.reason
    assert judged(asked, claim(ClaimName.MEAN_AUC_DROP, 0.1)).verdict is Verdict.PASS
    alone = of(labels[1800:], reference[1800:], candidate[1800:]).aucs.drops[0]
    assert alone is not None
    assert found.measurement is not None
    assert found.measurement.value == pytest.approx(alone.value, abs=1e-12)
    # Of two, each is looked at with half the error; the upper one may be anybody's.
    assert found.measurement.low == pytest.approx(alone.bounds(0.975).low, abs=1e-9)
    assert found.measurement.high == pytest.approx(alone.bounds(0.95).high, abs=1e-9)


def test_a_subgroup_of_one_kind_is_compared_with_all_of_the_other() -> None:
    rng = np.random.default_rng(2)
    labels = np.repeat([0, 1, 1], 100).reshape(-1, 1).astype(np.int8)
    cause = np.repeat(["normal", "bacteria", "virus"], 100)
    reference, candidate = scores(rng, labels, 0.0)
    candidate[cause == "virus"] = rng.random((100, 1))
    compared = of(labels, reference, candidate, subgroups={"etiology": cause.tolist()})
    found = judged(evidence(compared), claim(ClaimName.SUBGROUP_AUC_DROP, 0.1))
    # All normal ones against all positives are everybody, and no subgroup.
    assert "the worst of 2 subgroups is etiology = virus" in found.reason
    rows = cause != "bacteria"
    alone = of(labels[rows], reference[rows], candidate[rows]).aucs.drops[0]
    assert alone is not None
    assert found.measurement is not None
    assert found.measurement.value == pytest.approx(alone.value, abs=1e-12)


def test_thousands_of_values_are_no_subgroups_and_are_told_in_a_line() -> None:
    rng = np.random.default_rng(3)
    labels = (rng.random((4000, 3)) < 0.2).astype(np.int8)
    reference, candidate = scores(rng, labels, 0.0)
    ages = [str(age) for age in rng.integers(0, 2000, len(labels))]
    compared = of(labels, reference, candidate, subgroups={"age": ages, "sex": ["f"] * 4000})
    found = judged(evidence(compared), claim(ClaimName.SUBGROUP_AUC_DROP, 0.1))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "the worst of 3 subgroups is sex = f" in found.reason
    assert "too few patients to judge age = 0 (c0), age = 0 (c1), age = 0 (c2) and" in found.reason
    assert len(found.reason) < 500
    with pytest.raises(NoEvidence, match="too few patients to judge age = 0 "):
        judged(
            evidence(replace(compared, subgroups={"age": ages})),
            claim(ClaimName.SUBGROUP_AUC_DROP, 0.1),
        )
    with pytest.raises(Absent, match="names no `subgroups`"):
        judged(evidence(replace(compared, subgroups={})), claim(ClaimName.SUBGROUP_AUC_DROP, 0.1))


def test_a_planning_figure_has_the_patients_that_a_class_needs() -> None:
    rng = np.random.default_rng(4)
    labels = np.repeat([1, 0], [10, 990]).reshape(-1, 1).astype(np.int8)
    reference = rng.random((1000, 1)) + 2 * labels
    candidate = reference.copy()
    candidate[0] = candidate[10:].max()  # one pair less surely in order: next to no spread
    asked = evidence(of(labels, reference / 3, candidate / 3))
    found = judged(asked, claim(ClaimName.MEAN_AUC_DROP, 0.5))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "c0 has 10 positive and 990 negative patients" in found.reason
    assert (
        "about 2,000 images, with 20 positives and 1,980 negatives of the rarest class"
        in found.reason
    )
    assert "no licence to add data until it passes" in found.reason


def dropping(rng: np.random.Generator, shifts: Sequence[float]) -> Compared:
    """A class for each shift, of which the positives' scores lose as much."""
    labels = (rng.random((1500, len(shifts))) < 0.3).astype(np.int8)
    pairs = [scores(rng, labels[:, [k]], shift) for k, shift in enumerate(shifts)]
    reference, candidate = (np.hstack(columns) for columns in zip(*pairs, strict=True))
    return of(labels, reference, candidate)


def p_values(compared: Compared, margins: Sequence[float]) -> list[float]:
    drops = zip(compared.aucs.drops, margins, strict=True)
    return [drop.p_above(margin) for drop, margin in drops if drop is not None]


def test_a_class_fails_only_where_it_stands_out_among_all_that_are_claimed() -> None:
    compared = dropping(np.random.default_rng(5), [0.3, 0.1, 0.0, 0.0, 0.0])
    value = compared.aucs.drops[1]
    assert value is not None
    # A limit for the second class at which it fails alone, at a tenth of what Holm needs.
    margin = next(m for m in np.linspace(value.value, 0.0, 1000) if value.p_above(m) < 0.03)
    margins = [0.001, float(margin), *[0.05] * 3]
    claims = [claim(ClaimName.CLASS_AUC_DROP, margin, f"c{k}") for k, margin in enumerate(margins)]
    first, second = p_values(compared, margins)[:2]
    assert first < 0.05 / 5
    assert 0.05 / 4 < second < 0.05
    asked = evidence(compared, claims=claims)
    assert judged(asked, claims[0]).verdict is Verdict.FAIL
    found = judged(asked, claims[1])
    assert found.verdict is Verdict.INCONCLUSIVE
    assert f"alone it would fail (p = {second:.3g}), but not among 5 classes" in found.reason
    # With one other that stands out, nothing else is looked at: it stands. Other cases' claims are
    # other families.
    elsewhere = [replace(c, case=replace(CASE, runtime="other")) for c in claims]
    alone = evidence(compared, claims=[*claims[:2], *elsewhere])
    assert judged(alone, claims[1]).verdict is Verdict.FAIL
    assert judged(asked, claims[2]).verdict is Verdict.PASS


def test_a_class_without_positives_is_no_evidence_and_takes_nothing_from_the_others() -> None:
    compared = dropping(np.random.default_rng(6), [0.3, 0.0])
    compared.labels[:, 1] = 0
    claims = [claim(ClaimName.CLASS_AUC_DROP, 0.001, f"c{k}") for k in range(2)]
    asked = evidence(compared, claims=claims)
    assert judged(asked, claims[0]).verdict is Verdict.FAIL
    with pytest.raises(NoEvidence, match="c1: all 1,500 images are alike"):
        judged(asked, claims[1])
    found = judged(asked, claim(ClaimName.MEAN_AUC_DROP, 0.001))
    assert found.verdict is Verdict.FAIL
    assert "without c1: all images alike" in found.reason


def test_no_subgroup_passes_on_the_evidence_of_another() -> None:
    rng = np.random.default_rng(9)
    labels = (rng.random((2060, 1)) < 0.5).astype(np.int8)
    reference, candidate = scores(rng, labels, 0.0)
    candidate[:2000] = reference[:2000] - 0.02 * labels[:2000]
    for kind in (0, 1):  # patients change places, and nothing drops
        rows = 2000 + np.flatnonzero(labels[2000:, 0] == kind)
        candidate[rows] = reference[rng.permutation(rows)]
    site = ["north"] * 2000 + ["south"] * 60
    found = judged(
        evidence(of(labels, reference, candidate, subgroups={"site": site})),
        claim(ClaimName.SUBGROUP_AUC_DROP, 0.05),
    )
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "the worst of 2 subgroups is site = north" in found.reason
    assert "; site = south: if the true drop were 0, about " in found.reason


@pytest.mark.parametrize("kind", [0, 1])
def test_many_images_of_few_patients_of_either_kind_are_few(kind: int) -> None:
    rng = np.random.default_rng(10)
    labels = np.repeat([kind, 1 - kind], [1900, 2000]).reshape(-1, 1).astype(np.int8)
    reference, candidate = scores(rng, labels, 0.0)
    codes = np.concatenate([np.arange(1900) // 100, 19 + np.arange(2000)])
    found = judged(
        evidence(of(labels, reference, candidate, codes)), claim(ClaimName.MEAN_AUC_DROP, 0.5)
    )
    assert found.verdict is Verdict.INCONCLUSIVE
    patients = "19 positive and 2000" if kind else "2000 positive and 19"
    assert f"too few patients: c0 has {patients} negative patients" in found.reason
