"""Several runs as one list of rows: a case on the machine where it was run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from edgeassay.errors import ConfigError
from edgeassay.privacy import Redactor
from edgeassay.report.decision import Decided, decided_case
from edgeassay.report.redaction import redacted, told_of
from edgeassay.report.results import CaseRecord, Results
from edgeassay.runs.records import CaseId, ClaimRecord, plain
from edgeassay.spec import ClaimName, Kind, Verdict

UNKNOWN: Final = "unknown"
UNDECIDED: Final = (Verdict.UNMEASURED, Verdict.INCOMPARABLE)


@dataclass(frozen=True, kw_only=True)
class Run:
    """A results file: where it was, and what it says."""

    where: str
    results: Results

    @property
    def fingerprint(self) -> str:
        """Of the machine that the run was on."""
        return said(self.results.machine.get("fingerprint"))


def for_others(runs: Sequence[Run], eraser: Redactor) -> list[Run]:
    """The runs without names, each other's among them; of a file outside the project only its own
    name is told.
    """
    for run in runs:
        eraser = told_of(eraser, run.results.model_dump(mode="json", by_alias=True))
    return [
        Run(where=eraser.file(run.where), results=redacted(run.results, eraser)) for run in runs
    ]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A case of a run; `facts` is None where nothing was found out."""

    case: CaseId
    run: Run
    facts: CaseRecord | None
    claims: tuple[ClaimRecord, ...]

    @property
    def kind(self) -> Kind:
        """How its numbers came to be."""
        if self.facts is not None and self.facts.kind is not None:
            return self.facts.kind
        return self.claims[0].kind if self.claims else Kind.MEASURED

    @property
    def architecture(self) -> str:
        """Of the device; of what is only compiled that which it is compiled for."""
        if self.facts is None:
            return UNKNOWN
        loaded = self.facts.loaded
        if self.kind is Kind.ESTIMATED and (
            target := loaded.get("accelerator") or loaded.get("target")
        ):
            return said(target)
        return said(self.facts.architecture or self.facts.worker.get("architecture"))

    @property
    def place(self) -> str:
        """The device, and its architecture."""
        return f"{self.case.device}, {self.architecture}"

    @cached_property
    def refusal(self) -> ClaimRecord | None:
        """That its artifact doesn't load, where that was seen."""
        found = (c for c in self.claims if c.claim is ClaimName.LOADS)
        return next((c for c in found if c.verdict is Verdict.FAIL), None)

    @cached_property
    def decided(self) -> Decided:
        """The decision on its claims."""
        return decided_case(self.case, self.run.results)

    @property
    def unmeasured(self) -> bool:
        """Whether nothing of it could be decided."""
        return bool(self.claims) and all(c.verdict in UNDECIDED for c in self.claims)

    @property
    def disturbed(self) -> str | None:
        """What others did to the machine while it was timed, beyond tolerance."""
        watched = self.facts.health if self.facts is not None else []
        return next((w.excess for w in watched if w.excess is not None), None)

    @property
    def sha256(self) -> str | None:
        """Of its artifact."""
        return None if self.facts is None else self.facts.artifact_sha256

    @property
    def is_reference(self) -> bool:
        """Whether sizes and times of other variants are taken against it."""
        facts = self.facts
        return facts is not None and facts.size_bytes is not None and facts.size_ratio is None


Key = tuple[CaseId, str]


def merge(runs: Sequence[Run]) -> list[Row]:
    """A row for each case on each machine: variants of a model together, as the runs have them.

    ConfigError where two runs judged the same case on the same machine: which of them counts isn't
    this report's to choose. What a run only found out in passing (a reference that wasn't chosen)
    gives way to a run that judged it, and to a later one.
    """
    found: dict[Key, Row] = {}
    for run in sorted(runs, key=lambda run: run.results.started):
        for row in _rows_of(run):
            known = found.get((row.case, run.fingerprint))
            if known is not None and known.claims and row.claims:
                raise ConfigError(_twice(known, row))
            if known is None or not known.claims:
                found[row.case, run.fingerprint] = row

    def order(*parts: str) -> dict[tuple[str, ...], int]:
        """Of the first appearance of each combination."""
        seen = dict.fromkeys(_parts(row.case, parts) for row in found.values())
        return {value: k for k, value in enumerate(seen)}

    keys = (("model",), ("model", "variant"), ("runtime",), ("device",))
    orders = [(parts, order(*parts)) for parts in keys]
    references = {_parts(row.case, keys[1]) for row in found.values() if row.is_reference}

    def place(row: Row) -> tuple[int, bool, list[int]]:
        """By model, its reference before the other variants."""
        first, *others = (known[_parts(row.case, parts)] for parts, known in orders)
        return first, _parts(row.case, keys[1]) not in references, others

    return sorted(found.values(), key=place)


def _parts(case: CaseId, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(getattr(case, name) for name in names)


def _rows_of(run: Run) -> Iterable[Row]:
    """A run's cases, those that it judged and those that it knows something of."""
    facts = {record.case: record for record in run.results.cases}
    claims: dict[CaseId, list[ClaimRecord]] = {case: [] for case in facts}
    for record in run.results.claims:
        claims.setdefault(record.case, []).append(record)
    for case, records in claims.items():
        yield Row(case=case, run=run, facts=facts.get(case), claims=tuple(records))


def _twice(first: Row, second: Row) -> str:
    case = first.case
    if first.run.where == second.run.where:
        return f"{first.run.where} is given twice; give it once"
    return (
        f"{first.run.where} and {second.run.where} both judge {case.model} {case.variant} on"
        f" {case.runtime}, device {case.device}, on the machine {first.run.fingerprint}; leave one"
        " of them out, or choose their cases apart when you run them"
    )


def said(value: Any) -> str:
    """What a file has under a free key, as a line that can be shown."""
    return UNKNOWN if value is None or value == "" else plain(str(value))
