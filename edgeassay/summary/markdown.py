"""What several runs and their gate found, as Markdown for a pull request's comment or a step's
summary: what fails first, then what changed, then the rest, folded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from edgeassay.matrix_report.markdown import table
from edgeassay.matrix_report.overview import overview
from edgeassay.matrix_report.rows import Run
from edgeassay.matrix_report.signs import SIGNS
from edgeassay.report.decision import DECLARED, decided_runs, standing
from edgeassay.report.markdown import code
from edgeassay.report.marks import marked
from edgeassay.report.reproducing import command_of_claim
from edgeassay.report.sentences import subject, told
from edgeassay.runs.records import ClaimRecord
from edgeassay.spec import TRAITS, Kind, Verdict
from edgeassay.summary.fitting import Section, clipped, fitted
from edgeassay.summary.outcome import WAIVED, Finding, Judged, Outcome, Problem
from edgeassay.summary.wording import CHANGES, ENDS, counted, headline, of_waiver, sign_of

# A comment of GitHub's has at most 65,536 characters ("Body is too long (maximum is 65536
# characters)"); a character is at least a byte, so as many bytes are never too many.
COMMENT_BYTES: Final = 65_536
# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands: "Job
# summaries are isolated between steps and each step is restricted to a maximum size of 1MiB."
STEP_SUMMARY_BYTES: Final = 1_048_576
TEXT: Final = 1_500  # bytes of a sentence: longer ones are read in the results
NAME: Final = 300  # of a title or a name

Said = tuple[ClaimRecord, str, str, bool]  # a claim, how it stands, why, and whether it is let pass


def summary_markdown(
    runs: Sequence[Run],
    *,
    title: str,
    outcome: Outcome | None = None,
    limit_bytes: int = COMMENT_BYTES,
) -> str:
    """The page of these runs, with the gate's outcome where there is one; of at most `limit_bytes`
    in UTF-8: whole parts are left out and counted, failures last.
    """
    claims = _claims(runs, outcome)
    findings = outcome.findings if outcome is not None else list(_failures(runs))
    red = [finding for finding in findings if finding.waiver is None]
    waived = [finding for finding in findings if finding.waiver is not None]
    head = [f"# {clipped(title, NAME)}", "", f"**{_verdict(outcome, claims, runs)}**", ""]
    sections = [
        *([_judge(outcome)] if outcome is not None else []),
        Section(heading="What fails", items=list(_grouped(red)), rank=0, folded=False),
        *([_legs(outcome)] if outcome is not None else []),
        _changes(claims, outcome),
        Section(heading="Waived", items=[*map(_waived, waived)], rank=3, folded=False),
        _listed("Not decided", claims, _UNDECIDED, rank=4),
        _listed("Declared", claims, (DECLARED,), rank=5),
        *_tables(runs),
    ]
    if outcome is not None:
        notes = [f"- {clipped(note, TEXT)}" for note in outcome.notes]
        sections.insert(5, Section(heading="To be known", items=notes, rank=3, folded=False))
    return fitted(head, sections, limit_bytes)


_UNDECIDED: Final = (
    Verdict.INCONCLUSIVE.value,
    Verdict.INCOMPARABLE.value,
    Verdict.UNMEASURED.value,
)


def _judge(outcome: Outcome) -> Section:
    """What the commit changes in that which judges it, before all else."""
    items = [f"- {clipped(change.words, TEXT)}" for change in outcome.changes]
    return Section(heading=CHANGES.rstrip(":"), items=items, rank=0, folded=False)


def _claims(runs: Sequence[Run], outcome: Outcome | None) -> list[Said]:
    """Every claim as it stands: at the gate, or by its own run."""
    if outcome is not None:
        return [_said(judged) for leg in outcome.legs for judged in leg.claims]
    return [
        (record, standing(record), record.reason, False)
        for run in runs
        for record in run.results.claims
    ]


def _said(judged: Judged) -> Said:
    return judged.record, judged.stands, judged.reason, judged.tolerated


def _failures(runs: Sequence[Run]) -> Iterator[Finding]:
    """What fails in runs that nobody gates."""
    for run in runs:
        for one in run.results.to_remove:
            words = f"{one.model}: {one.reason}"
            yield Finding(problem=Problem.DEVIATION, sentence=words, where=run.where)
        for record in run.results.claims:
            if standing(record) == Verdict.FAIL.value:
                yield Finding(
                    problem=Problem.FAILS,
                    sentence=told(record),
                    case=record.case,
                    claim=record,
                    where=run.where,
                    command=command_of_claim(record, run.results.command),
                )


def _verdict(outcome: Outcome | None, claims: Sequence[Said], runs: Sequence[Run]) -> str:
    if outcome is not None:
        return f"{sign_of(outcome.word)} {clipped(headline(outcome), NAME)}"
    stands = [stand for _, stand, _, _ in claims]
    counts = {name: stands.count(name) for name in dict.fromkeys(stands)}
    found = decided_runs(run.results for run in runs)
    told_ = f"{len(claims)} claims: {counted(counts) or 'none'}"
    return clipped(f"{SIGNS[found.decision]} {found.word}: {told_}", NAME)


def _grouped(findings: Sequence[Finding]) -> Iterator[str]:
    """Each finding as an item; claims of a case that fail for one reason (a file that doesn't load
    fails them all) as one.
    """
    groups: dict[object, list[Finding]] = {}
    for number, finding in enumerate(findings):
        record = finding.claim
        alone: object = number
        if record is not None and record.measurement is None:
            alone = (finding.problem, finding.leg, record.case.model_dump_json(), record.reason)
        groups.setdefault(alone, []).append(finding)
    for group in groups.values():
        yield _item(group[0], len(group) - 1)


def _item(finding: Finding, others: int) -> str:
    of_leg = "" if finding.leg is None else f", leg {clipped(finding.leg, NAME)}"
    more = f" (and {others:,} more claims, for the same reason)" if others else ""
    lines = [f"- **{finding.problem}**{of_leg}: {clipped(finding.sentence, TEXT)}{more}"]
    record = finding.claim
    if record is not None and record.limit is not None:
        limit = f"{TRAITS[record.claim].sense} {record.limit.value:g}"
        lines.append(f"  - limit: {limit}, set by {clipped(record.limit.source, NAME)}")
    if finding.where is not None:
        lines.append(f"  - file: {clipped(finding.where, NAME)}")
    if finding.command is not None and len(finding.command) <= TEXT:
        lines.append(f"  - again: {code(finding.command)}")
    return "\n".join(lines)


def _waived(finding: Finding) -> str:
    words = f"{of_waiver(finding)}: {finding.problem}: {finding.sentence}"
    return f"- **{WAIVED}** {clipped(words, TEXT)}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _head(columns: Sequence[str]) -> list[str]:
    return [_row(columns), _row(["---"] * len(columns))]


def _legs(outcome: Outcome) -> Section:
    rows = []
    for leg in outcome.legs:
        kind = str(leg.leg.kind)
        words = [
            leg.leg.id,
            f"{sign_of(leg.word)} {leg.word}",
            marked(kind, leg.leg.kind) if leg.leg.kind is not Kind.MEASURED else kind,
            f"{leg.cases_found} of {leg.cases}",
            counted(leg.counts) or "none",
            ", ".join(leg.files) or "none",
        ]
        rows.append(_row([clipped(word, NAME) for word in words]))
    columns = ("leg", "outcome", "kind", "cases", "claims", "files")
    return Section(heading="Legs", items=rows, rank=1, folded=False, before=_head(columns))


def _changes(claims: Sequence[Said], outcome: Outcome | None) -> Section:
    """What changed against baselines, and from base to head in turn; the worst first."""
    order = list(SIGNS)
    rows: list[tuple[int, list[str]]] = []
    for record, stand, _, _ in claims:
        if TRAITS[record.claim].of_baseline and record.measurement is not None:
            measured, limit = record.measurement, record.limit
            found = f"{measured.value:.4g} {measured.unit} {_bounds(measured.low, measured.high)}"
            sense = TRAITS[record.claim].sense
            most = "" if limit is None else f"{sense} {limit.value:g}, set by {limit.source}"
            rows.append(
                (_place(order, stand), [subject(record), record.claim.value, found, most, stand])
            )
    for leg in outcome.legs if outcome is not None else ():
        for case in leg.compared:
            same = "unchanged" if case.verdict is Verdict.PASS else "not timed"
            ratio = same if case.ratio is None else f"{case.ratio:.4g} ratio"
            words = f"{ratio} {_bounds(case.low, case.high)}"
            cells = [f"{case.name} ({leg.leg.id})", "head/base in turn", words, case.limit]
            stand = case.verdict.value
            rows.append((_place(order, stand), [*cells, stand]))
    items = [
        _row([*(clipped(word, NAME) for word in words[:-1]), _signed(words[-1])])
        for _, words in sorted(rows, key=lambda row: row[0])
    ]
    columns = ("case", "change", "measured", "limit", "verdict")
    return Section(heading="Changes", items=items, rank=2, folded=False, before=_head(columns))


def _place(order: Sequence[str], stand: str) -> int:
    return order.index(stand) if stand in order else len(order)


def _signed(stand: str) -> str:
    return f"{ENDS.get(stand, SIGNS[DECLARED])} {stand}"


def _bounds(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    return "[" + ", ".join("?" if bound is None else f"{bound:.4g}" for bound in (low, high)) + "]"


def _listed(heading: str, claims: Sequence[Said], stands: Sequence[str], *, rank: int) -> Section:
    """Claims that stand so, those with the same reason in one item."""
    reasons: dict[tuple[str, str], list[ClaimRecord]] = {}
    for record, stand, reason, _ in claims:
        if stand in stands:
            same = reason if record.measurement is None else f"{reason} {id(record)}"
            reasons.setdefault((stand, same), []).append(record)
    items = []
    for (stand, _), records in reasons.items():
        first = records[0]
        more = f" (and {len(records) - 1:,} more claims)" if records[1:] else ""
        reason = next(r for c, s, r, _ in claims if c is first and s == stand)
        words = f"{first.claim} of {subject(first)}{more}: {reason}"
        items.append(f"- **{stand}**: {clipped(words, TEXT)}")
    return Section(heading=heading, items=items, rank=rank)


def _tables(runs: Sequence[Run]) -> Iterator[Section]:
    """Each model's cases, their notes, and where they come from."""
    if not runs:
        return
    found = overview(runs, "")
    for model, lines in found.models.items():
        first, rule, *rows = table(found.columns, lines)
        yield Section(heading=clipped(model, NAME), items=rows, rank=6, before=[first, rule])
    files = [f"- {clipped(line, TEXT)}" for line in found.remarks]
    yield Section(heading="About the files", items=files, rank=3, folded=False)
    notes = [f"- note {n}: {clipped(note, TEXT)}" for n, note in enumerate(found.notes, start=1)]
    yield Section(heading="Notes", items=notes, rank=7)
    facts = [
        f"- **{clipped(where, NAME)}**: {clipped('; '.join(map(': '.join, told_.items())), TEXT)}"
        for where, told_ in found.runs
    ]
    yield Section(heading="Runs", items=facts, rank=8)
    legend = [f"- {clipped(line, TEXT)}" for line in found.legend]
    yield Section(heading="Legend", items=legend, rank=9)
