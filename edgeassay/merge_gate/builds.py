"""Whether the head that a comparison timed is what the leg's results judge: the same bytes, on the
same runtime.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from edgeassay.ab.reading import AbRecord
from edgeassay.merge_gate.commits import SHORT
from edgeassay.merge_gate.matching import Part
from edgeassay.runs.records import CaseId
from edgeassay.summary.outcome import Problem


def judged_files(parts: Sequence[Part]) -> dict[CaseId, str | None]:
    """The digest of the artifact of each case that a leg's results judge; None where they don't
    tell it.
    """
    found: dict[CaseId, str | None] = {}
    for part in parts:
        facts = {record.case: record.artifact_sha256 for record in part.run.results.cases}
        found |= {case: facts.get(case) for case in part.cases}
    return found


def about_builds(
    file: AbRecord, judged: Mapping[CaseId, str | None]
) -> Iterator[tuple[Problem, CaseId, str]]:
    """What a comparison has of other bytes, or on other runtimes, than the results of its leg."""
    for case in file.cases:
        if case.case in judged and case.head.sha256 != judged[case.case]:
            words = _other(f"{case.name}:", case.head.sha256, judged[case.case])
            yield Problem.OTHER_FILE, case.case, words
        runtimes = dict.fromkeys((case.base.runtime, case.head.runtime, case.case.runtime))
        if len(runtimes) > 1:
            words = f"{case.name} sets {' against '.join(runtimes)}: a runtime isn't a build"
            yield Problem.INCOMPARABLE, case.case, f"{words}; compare base and head on one"
    for case_id, sha256 in judged.items():
        name, found = new_name(case_id, file), file.head_files.get(artifact_name(case_id))
        if name is not None and (found is None or found != sha256):
            yield Problem.OTHER_FILE, case_id, _other(f"{name} is new, and", found, sha256)


def artifact_name(case: CaseId) -> str:
    """How comparisons name an artifact."""
    return f"{case.model}/{case.variant}"


def new_name(case: CaseId, file: AbRecord) -> str | None:
    """How a comparison says that the base hasn't this case; None where it doesn't say so."""
    name = artifact_name(case)
    return next((n for n in (name, f"{name} on {case.runtime}") if n in file.new), None)


def unchanged(file: AbRecord) -> bool:
    """Whether base and head are the same bytes in every case."""
    return bool(file.cases) and all(c.base.sha256 == c.head.sha256 for c in file.cases)


def _other(about: str, found: str | None, judged: str | None) -> str:
    told, wanted = ((sha or "unknown")[:SHORT] for sha in (found, judged))
    return (
        f"{about} the head's file is {told}, and the results of this leg judge {wanted}; build"
        " once, and give the same artifacts to `pytest --artifacts` and `edgeassay ab`"
    )
