"""results.json: its shape (and so its JSON Schema), and how a run's judgements become records."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field

import edgeassay
from edgeassay.atomic import write_text
from edgeassay.checkout import State
from edgeassay.evidence import CaseFacts
from edgeassay.machine import Machine
from edgeassay.report.curves import Curves
from edgeassay.runs.estimates import EstimateRecord
from edgeassay.runs.records import (
    CaseId,
    ClaimRecord,
    LimitRecord,
    Many,
    MeasurementRecord,
    Plain,
    Record,
    ScoresRecord,
)
from edgeassay.spec import TRAITS, Case, Claim, ClaimName, Judgement, Kind, Verdict


class HealthRecord(Record):
    """The machine while `what` of a case was timed; null where the system doesn't tell, which
    `unknown` says. `excess` is what others did beyond the device profile's tolerance.
    """

    what: str
    seconds: float
    cpus: int
    waited_share: float | None
    foreign_cpus: float | None
    steal_share: float | None
    throttled_share: float | None
    swapped_mb: float | None
    mhz: tuple[float | None, float | None]
    celsius: tuple[float | None, float | None]
    unknown: str | None
    excess: str | None


class CoPrimary(Record):
    """What must hold together for a case to be good: those claims that were judged (of one about
    each class the worst), and the verdict on all of them, which is that of the worst.
    """

    claims: dict[ClaimName, Verdict]
    unclaimed: Many[ClaimName] = Field(default_factory=list)
    verdict: Verdict


class OperatingRecord(Record):
    """Where the product decides: an image is called positive where its score is `rule` (>= or >)
    its class's threshold; classes are in the order of the scores.
    """

    rule: Plain
    thresholds: Many[float]
    origin: Plain


class CaseRecord(Record):
    """What was found out about a case beyond its claims.

    `patients_separate` is false where the data names no patients, so that nobody can verify that
    calibration and evaluation have none in common. Where fewer `evaluated_images` than the
    evaluation split's `split_images` were evaluated, they are a sample of it; `copies` of them are
    equal to others, byte for byte, and `near_copies` more are nearly the same picture. Of these
    images `positives` has how many are positive, by class, and `negatives` the texts of the label
    that count as negative, null where it isn't a text; `dark_images` never reach a tenth of
    `white`, and `shallow_images` have 8 bits where others have 16. `kind` is how its numbers came
    to be, null in files of versions that didn't tell; `options` is what its runtime was told,
    `loaded` what that said of the artifact, and `delegated_share` how much of the graph its
    delegate took. Of what is segmented there is a `mean_dice` instead of a `mean_auc`. `intervals`
    has the facts with bounds, by name. `arena_bytes` is the smallest arena of a microcontroller's
    runtime, and `estimate` what a compiler for an accelerator says.
    """

    case: CaseId
    kind: Kind | None = None
    architecture: Plain | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    loaded: dict[str, Any] = Field(default_factory=dict)
    delegated_share: float | None = None
    size_bytes: int | None
    size_ratio: float | None
    artifact_sha256: str | None
    manifest: bool | None
    mean_auc: float | None
    mean_auc_drop: float | None
    auc_reference: str | None
    mean_dice: float | None = None
    mean_dice_drop: float | None = None
    dice_reference: str | None = None
    p50_ms: float | None
    p95_ms: float | None
    latency_ratio: float | None
    peak_memory_mb: float | None = None
    intervals: dict[str, MeasurementRecord] = Field(default_factory=dict)
    patients_separate: bool | None
    reused_predictions: int | None
    evaluated_images: int | None = None
    split_images: int | None = None
    copies: int | None = None
    near_copies: int | None = None
    positives: dict[str, int] | None = None
    negatives: dict[str, int] | None = None
    dark_images: int | None = None
    shallow_images: int | None = None
    worker: dict[str, Any]
    health: Many[HealthRecord] = Field(default_factory=list)
    arena_bytes: int | None = None
    estimate: EstimateRecord | None = None
    co_primary: CoPrimary | None = None
    operating: OperatingRecord | None = None
    curves: Curves | None = None


class SegmentsRecord(Record):
    """The Dice of every image of a case that is segmented, by the digest of the CSV file that is
    kept beside the results.
    """

    case: CaseId
    sha256: str


class UnaskedRecord(Record):
    """A claim that a limit makes of a case, and that the run wasn't asked for (`-k`, a part of the
    suites).
    """

    claim: ClaimName
    case: CaseId
    class_name: str | None = Field(alias="class")


class DeviationRecord(Record):
    """A deviation that has to be removed, with the reason: it has expired, or all that it covers
    holds. `cases` are those of the run that it covers.
    """

    source: Plain
    model: Plain
    reason: Plain
    cases: Many[CaseId] = Field(default_factory=list)


class Results(Record):
    """A whole run; `complete` is false where it ended before every chosen claim was judged, and
    `unasked` has those that weren't chosen of the cases that it is about. Deviations `to_remove`
    make the run red.

    It is `dirty` if the commit alone doesn't say what was judged: `uncommitted` names the files
    that aren't as it has them, and `elsewhere` the commits of models that another repository than
    the project's declares, by their ids. `command` has the words that pytest was started with.
    `scores` and `segments` have the digests of what each case gave for the evaluation images, which
    is kept beside the file (docs/reports.md). Names of images, paths, hosts and users are replaced
    by keyed digests, unless it is `identified`. `digest` is the SHA-256 of all else in the file:
    whoever changes it by hand is noticed.
    """

    schema_version: Literal[1] = Field(alias="schema", default=1)
    edgeassay: str
    commit: str | None
    elsewhere: dict[str, Plain] = Field(default_factory=dict)
    dirty: bool
    uncommitted: Many[Plain] = Field(default_factory=list)
    started: datetime
    machine: dict[str, Any]
    command: Many[Plain] = Field(default_factory=list)
    complete: bool
    claims: Many[ClaimRecord]
    cases: Many[CaseRecord] = Field(default_factory=list)
    scores: Many[ScoresRecord] = Field(default_factory=list)
    segments: Many[SegmentsRecord] = Field(default_factory=list)
    unasked: Many[UnaskedRecord] = Field(default_factory=list)
    to_remove: Many[DeviationRecord] = Field(default_factory=list)
    identified: bool = False
    digest: str | None = None


def case_id(case: Case) -> CaseId:
    """The record of a case's ids."""
    return CaseId(**asdict(case))


def claim_record(judgement: Judgement) -> ClaimRecord:
    """A judgement as results.json has it."""
    claim, measured, deviation = (
        judgement.claim,
        judgement.measurement,
        judgement.deviation,
    )
    return ClaimRecord(
        claim=claim.name,
        case=case_id(claim.case),
        class_name=claim.class_name,
        measurement=None if measured is None else MeasurementRecord(**asdict(measured)),
        reference=judgement.reference,
        limit=LimitRecord(**asdict(claim.limit)),
        verdict=judgement.verdict,
        deviation=None if deviation is None else deviation.reason,
        deviation_expires=None if deviation is None else deviation.expires,
        reason=judgement.reason,
        kind=judgement.kind,
    )


def case_record(case: Case, facts: CaseFacts) -> CaseRecord:
    """A case's facts as results.json has them."""
    health = [HealthRecord(what=w.what, excess=w.excess, **asdict(w.health)) for w in facts.health]
    intervals = {k: MeasurementRecord(**asdict(m)) for k, m in facts.intervals.items()}
    point, operating = facts.operating, None
    if point is not None:
        operating = OperatingRecord(
            rule=point.rule, thresholds=point.thresholds.tolist(), origin=point.origin
        )
    others = vars(facts) | {"health": health, "intervals": intervals, "operating": operating}
    return CaseRecord(case=case_id(case), **others)


# Of claims that must all hold, the verdict on all is the first of these that any has.
WORST_FIRST: Final = (
    Verdict.FAIL,
    Verdict.INCONCLUSIVE,
    Verdict.INCOMPARABLE,
    Verdict.UNMEASURED,
    Verdict.PASS,
)


def co_primary(
    claims: Iterable[ClaimRecord], case: CaseId, names: Collection[ClaimName]
) -> CoPrimary | None:
    """The verdict on a case's co-primary claims; None where none of them is claimed.

    All must hold, so each is tested as if it were alone (intersection-union: Berger 1982).
    """
    found: dict[ClaimName, Verdict] = {}
    for record in claims:
        if record.case == case and record.claim in names:
            before = found.get(record.claim, record.verdict)  # of another class
            found[record.claim] = min(before, record.verdict, key=WORST_FIRST.index)
    if not found:
        return None
    return CoPrimary(
        claims=found,
        unclaimed=[name for name in names if name not in found],
        verdict=min(found.values(), key=WORST_FIRST.index),
    )


def assemble(
    state: State,
    started: datetime,
    machine: Machine,
    claims: list[ClaimRecord],
    cases: list[CaseRecord],
    *,
    co_primaries: Mapping[str, Collection[ClaimName]],
    complete: bool,
    planned: Iterable[Claim] = (),
    to_remove: Sequence[DeviationRecord] = (),
    command: Sequence[str] = (),
) -> Results:
    """The record of a run that `pytest` began with the words of `command`; `co_primaries` names
    each model's co-primary claims, and `planned` has all that limits make, chosen or not. `state`
    is that of the project.
    """
    for record in cases:
        record.co_primary = co_primary(claims, record.case, co_primaries[record.case.model])
    return Results(
        edgeassay=edgeassay.__version__,
        commit=state.commit,
        elsewhere=dict(state.elsewhere),
        dirty=bool(state.changed),
        uncommitted=list(state.changed),
        started=started,
        machine=asdict(machine),
        command=list(command),
        complete=complete,
        claims=claims,
        cases=cases,
        unasked=_unasked(planned, claims, cases),
        to_remove=list(to_remove),
    )


def _unasked(
    planned: Iterable[Claim], claims: Sequence[ClaimRecord], cases: Sequence[CaseRecord]
) -> list[UnaskedRecord]:
    """The planned claims about these cases that there is no record of; those against a baseline
    are asked for by an option.
    """
    judged = {(record.claim, record.case, record.class_name) for record in claims}
    about = {record.case for record in cases}
    found = []
    for claim in planned:
        name, case = claim.name, case_id(claim.case)
        known = (name, case, claim.class_name) in judged or TRAITS[name].of_baseline
        if case in about and not known:
            found.append(UnaskedRecord(claim=name, case=case, class_name=claim.class_name))
    return found


def digest_of(document: Mapping[str, Any]) -> str:
    """The SHA-256 of a results file's content, without the digest that it names itself."""
    content = {name: value for name, value in document.items() if name != "digest"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def sealed(results: Results) -> dict[str, Any]:
    """The document with its digest."""
    document: dict[str, Any] = json.loads(results.model_dump_json(by_alias=True))
    return document | {"digest": digest_of(document)}


def write_results(path: Path, results: Results) -> None:
    """Write results.json with its digest, whole or not at all."""
    write_document(path, sealed(results))


def write_document(path: Path, document: Mapping[str, Any]) -> None:
    """Write what `sealed` gave, whole or not at all: a line for each value, but of curves, which
    nobody reads, one for each case.
    """
    mark = secrets.token_hex()
    cases, drawn = [], []
    for case in document["cases"]:
        drawn.append(json.dumps(case["curves"], separators=(",", ":")))
        cases.append(case | {"curves": f"{mark}{len(drawn) - 1}{mark}"})
    text = json.dumps({**document, "cases": cases}, indent=2)
    for number, curves in enumerate(drawn):
        text = text.replace(f'"{mark}{number}{mark}"', curves)
    write_text(path, text + "\n")


def json_schema() -> str:
    """The JSON Schema of results.json, as text."""
    return json.dumps(Results.model_json_schema(by_alias=True), indent=2) + "\n"
