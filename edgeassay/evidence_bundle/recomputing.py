"""Every number that can be computed again from what a bundle holds, and whether it is the one that
was judged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from edgeassay.evidence_bundle.kept_again import Scored
from edgeassay.evidence_bundle.numbers_again import AGAIN, NEAR
from edgeassay.gates import verdict_of
from edgeassay.report.results import Results
from edgeassay.runs.records import CaseId, ClaimRecord, MeasurementRecord
from edgeassay.spec import TRAITS, ClaimName, Measurement, Verdict
from edgeassay.stats import percentile_upper

# Claims about time, and the case's fact that has the same number.
TIMES: Final = {
    ClaimName.LATENCY_P95_MS: "p95_ms",
    ClaimName.LATENCY_RATIO: "latency_ratio",
}


@dataclass(kw_only=True)
class Recomputed:
    """How many numbers were computed again, how many verdicts follow from theirs, and a sentence
    for each that doesn't. `raw` counts the numbers that were computed from predictions or from
    single durations, and not from other numbers of the results. `missing` counts the claims whose
    predictions the bundle ought to hold, and `beyond` those whose numbers need more than a bundle
    ever holds, by name.
    """

    numbers: int = 0
    raw: int = 0
    verdicts: int = 0
    wrong: list[str] = field(default_factory=list)
    missing: dict[str, int] = field(default_factory=dict)
    beyond: dict[str, int] = field(default_factory=dict)

    def compare(
        self, what: str, said: float | None, found: float | None, *, raw: bool = False
    ) -> None:
        """One number."""
        if said is None or found is None:
            return
        self.numbers += 1
        self.raw += raw
        if not math.isclose(said, found, rel_tol=NEAR, abs_tol=NEAR):
            self.wrong.append(
                f"{what} is {found:.9g} by what the bundle holds, and {said:.9g} was judged"
            )


def recompute(results: Results, name: str, predictions: Path) -> Recomputed:
    """Compute a run's numbers again; what is damaged is wrong."""
    found = Recomputed()
    scored = Scored(results, predictions, name)
    for record in results.claims:
        _claim(record, scored, found, name)
    _sizes(results, found, name)
    for case in results.cases:
        if (compared := scored.alone(case.case)) is not None:
            drop = compared.aucs.mean()
            if drop is not None:
                what = _at(name, case.case, "mean_auc")
                found.compare(what, case.mean_auc, drop.candidate.value, raw=True)
        if (overlap := scored.overlap(case.case)) is not None and case.mean_dice is not None:
            what = _at(name, case.case, "mean_dice")
            found.compare(what, case.mean_dice, overlap.nearest(case.mean_dice), raw=True)
    found.wrong += scored.wrong
    return found


def _sizes(results: Results, found: Recomputed, name: str) -> None:
    """Each ratio of bytes, by the files' own sizes, where the reference's is among them."""
    sizes = {case.case: case.size_bytes for case in results.cases}
    for record in results.claims:
        size, measured = sizes.get(record.case), record.measurement
        if record.claim is not ClaimName.SIZE_RATIO or measured is None or size is None:
            continue
        if record.reference:  # its bytes
            what = _at(name, record.case, record.claim.value)
            found.compare(what, measured.value, size / record.reference)
            told = record.reference in sizes.values()
            if not told:
                found.wrong.append(
                    f"{what}: no case has the reference's {record.reference:g} bytes"
                )


def _claim(record: ClaimRecord, scored: Scored, found: Recomputed, name: str) -> None:
    """A claim's number, its bounds where a formula gives them, and its verdict."""
    measured = record.measurement
    if measured is None:
        return
    what = _at(name, record.case, record.claim.value, record.class_name)
    again = AGAIN.get(record.claim)
    bounds = None if again is None else again(record, measured, scored)
    if bounds is not None:
        found.compare(what, measured.value, bounds.value, raw=True)
        for side, said, bound in (
            ("lower", measured.low, bounds.low),
            ("upper", measured.high, bounds.high),
        ):
            if not math.isnan(bound) and said is None:
                found.wrong.append(f"{what}: its {side} bound is {bound:.9g}, and none was told")
            elif not math.isnan(bound):
                found.compare(f"{what}: its {side} bound", said, bound, raw=True)
    if bounds is None and TRAITS[record.claim].needs_data:
        lacks = again is not None and scored.lacks(record.case, record.class_name)
        counts = found.missing if lacks else found.beyond
        counts[record.claim.value] = counts.get(record.claim.value, 0) + 1
    if record.verdict in (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE):
        _verdict(record, measured, what, found)


def _verdict(
    record: ClaimRecord, measured: MeasurementRecord, what: str, found: Recomputed
) -> None:
    """Whether the verdict follows from the number and its limit."""
    if record.limit is None:
        return
    number = Measurement(**measured.model_dump())
    sense = TRAITS[record.claim].sense
    verdict = verdict_of(number, record.limit.value, sense, record.limit.tolerated)
    found.verdicts += 1
    if verdict is not record.verdict:
        found.wrong.append(
            f"{what}: {verdict} follows from its number, and it says {record.verdict}"
        )


def _at(name: str, case: CaseId, what: str, class_name: str | None = None) -> str:
    of_class = f" ({class_name})" if class_name else ""
    return f"{name}: {what}{of_class} of {case.model} {case.variant} on {case.runtime}"


def recompute_times(
    results: Results, name: str, rounds: Mapping[tuple[str, ...], list[list[int]]]
) -> Recomputed:
    """A run's p50 and p95 again, of all durations where those were kept, else of the quantiles."""
    found = Recomputed()
    facts = {case.case: case for case in results.cases}
    for record in results.claims:
        fact, measured = TIMES.get(record.claim), record.measurement
        if fact is not None and measured is not None and record.case in facts:
            what = _at(name, record.case, record.claim.value)
            found.compare(what, measured.value, getattr(facts[record.case], fact))
    for case in results.cases:
        ids = case.case
        times = None if case.curves is None else case.curves.times
        kept = rounds.get((ids.model, ids.variant, ids.runtime, ids.device))
        for said, share, what in ((case.p50_ms, 0.5, "p50_ms"), (case.p95_ms, 0.95, "p95_ms")):
            if said is None:
                continue
            if kept is not None:
                values = np.concatenate([np.asarray(row, np.float64) for row in kept])
                again = percentile_upper(values, share) / 1e6
                found.compare(_at(name, ids, what), said, again, raw=True)
            elif times is not None:
                rounded = times.quantiles_ms[round(100 * share)]
                near = rounded if not math.isclose(rounded, said, abs_tol=1e-5) else said
                found.compare(_at(name, ids, what), said, near)
    return found


def all_of(parts: Iterator[Recomputed]) -> Recomputed:
    """Several runs together."""
    whole = Recomputed()
    for part in parts:
        whole.numbers += part.numbers
        whole.raw += part.raw
        whole.verdicts += part.verdicts
        whole.wrong += part.wrong
        for mine, theirs in ((whole.missing, part.missing), (whole.beyond, part.beyond)):
            for name, count in theirs.items():
                mine[name] = mine.get(name, 0) + count
    return whole
