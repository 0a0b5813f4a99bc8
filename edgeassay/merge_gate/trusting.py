"""What arrives is data of strangers: results are taken only where their verdicts follow from their
own measurements and limits.
"""

from __future__ import annotations

from typing import Final

from edgeassay.errors import DataError
from edgeassay.gates import verdict_of
from edgeassay.merge_gate.agreeing import disagreements, oddities
from edgeassay.report.results import Results
from edgeassay.runs.records import ClaimRecord, MeasurementRecord, measurement_of
from edgeassay.spec import TRAITS, Kind, Verdict

REMEDY: Final = "run it again, and leave what it writes as it is"
# What can be said of a claim that nothing was measured for.
WITHOUT: Final = (
    Verdict.FAIL,
    Verdict.INCONCLUSIVE,
    Verdict.UNMEASURED,
    Verdict.INCOMPARABLE,
)


def check_trusted(where: str, results: Results) -> None:
    """DataError where a results file has no digest, says anything twice, has a verdict that
    doesn't follow from what it measured, or doesn't agree with itself.
    """
    if results.digest is None:
        raise DataError(
            f"{where} has no digest, so nobody can tell whether it is as the run left it; run it"
            " again with this version of edgeassay"
        )
    seen = set()
    for record in results.claims:
        key = (record.claim, record.case, record.class_name)
        if key in seen:
            raise DataError(f"{where} judges {_named(record)} twice; {REMEDY}")
        seen.add(key)
        _check(where, record)
    facts = [case.case for case in results.cases]
    if len(set(facts)) < len(facts):
        raise DataError(f"{where} tells of a case twice; {REMEDY}")
    for record, words in disagreements(results):
        raise DataError(f"{where}: {_named(record)} {words}; {REMEDY}")


def derived(record: ClaimRecord) -> Verdict | None:
    """The verdict that a record's measurement and limit give; None where there is no measurement,
    or no limit.
    """
    measurement, limit = measurement_of(record), record.limit
    if measurement is None or limit is None:
        return None
    return verdict_of(measurement, limit.value, TRAITS[record.claim].sense, limit.tolerated)


def _check(where: str, record: ClaimRecord) -> None:
    for words in oddities(record):
        raise DataError(f"{where}: {_named(record)} {words}; {REMEDY}")
    if record.limit is None:
        raise DataError(f"{where}: {_named(record)} has no limit; {REMEDY}")
    found = derived(record)
    if found is None:
        if record.verdict not in WITHOUT:
            raise DataError(
                f"{where}: {_named(record)} is said to {record.verdict}, and nothing was measured"
                f" for it; {REMEDY}"
            )
    elif record.verdict is not found and not _software(record):
        raise DataError(
            f"{where}: {_named(record)} is said to be {record.verdict}, and {_words(record)} give"
            f" {found}; {REMEDY}"
        )


def _software(record: ClaimRecord) -> bool:
    """Whether it is a time of software that stands in for an accelerator: measured, and undecided
    all the same.
    """
    return (
        record.kind is Kind.SOFTWARE
        and TRAITS[record.claim].timed
        and record.verdict is Verdict.UNMEASURED
    )


def _words(record: ClaimRecord) -> str:
    measured, limit = record.measurement, record.limit
    assert measured is not None, "only what was measured gives a verdict"
    assert limit is not None, "likewise"
    return f"{_value(measured)} and the limit {limit.value:g}"


def _value(measured: MeasurementRecord) -> str:
    bounds = [b for b in (measured.low, measured.high) if b is not None]
    told = f" [{', '.join(f'{b:.4g}' for b in bounds)}]" if bounds else ""
    return f"the measured {measured.value:.4g}{told}"


def _named(record: ClaimRecord) -> str:
    of_class = f" ({record.class_name})" if record.class_name else ""
    case = record.case
    return f"{record.claim}{of_class} of {case.model} {case.variant} on {case.runtime}"
