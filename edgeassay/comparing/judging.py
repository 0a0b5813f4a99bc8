"""Two sides, benchmark by benchmark, and the verdict on all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from edgeassay.changes import (
    Change,
    LostClaim,
    Pair,
    Quantity,
    judge_aucs,
    judge_size,
    judge_times,
    lost_claims,
    match,
    not_compared,
)
from edgeassay.comparing.acceptance import NOTHING_ACCEPTED, Acceptance
from edgeassay.comparing.pooling import machine_parts
from edgeassay.comparing.scoring import ScoreStore
from edgeassay.comparing.sides import Side
from edgeassay.runs.records import CaseId
from edgeassay.runs.saved import Timed
from edgeassay.spec import Case, Comparison, Statistics, Verdict

# Worst first, each with the exit code that it ends with.
EXITS: Final[Mapping[Verdict, int]] = {
    Verdict.FAIL: 1,
    Verdict.INCOMPARABLE: 4,
    Verdict.UNMEASURED: 4,
    Verdict.INCONCLUSIVE: 3,
    Verdict.PASS: 0,
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One benchmark of both sides: what became of its time, size and mean AUC.

    `labels` say what else is different: the name, the stack. `accepted` are failures from a
    baseline that somebody answers for.
    """

    name: str
    base: Timed
    head: Timed
    changes: Sequence[Change]
    labels: Sequence[str]
    accepted: Collection[Quantity] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of its changes', but for failures that are accepted."""
        open_ones = [c.verdict for c in self.changes if not self.excuses(c)]
        return min(open_ones, key=list(EXITS).index, default=Verdict.PASS)

    def excuses(self, change: Change) -> bool:
        """Whether a change of it is an accepted failure."""
        return change.verdict is Verdict.FAIL and change.quantity in self.accepted

    @property
    def unchanged(self) -> bool:
        """Whether nothing at all changed."""
        return all(change.unchanged for change in self.changes)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A whole comparison. `machines` has what differs between the two, part by part; `across` says
    that they are compared nevertheless, for people: then nothing is gated. `acceptance` tells what
    became of each accepted regression.
    """

    base: Side
    head: Side
    settings: Comparison
    rows: Sequence[Row]
    missing: Sequence[Timed]
    new: Sequence[Timed]
    lost: Sequence[LostClaim]
    machines: Sequence[str]
    across: bool
    acceptance: Sequence[str] = ()

    @cached_property
    def worst_first(self) -> list[Row]:
        """The rows, by verdict, then by how much slower they are."""
        order = list(EXITS)
        return sorted(self.rows, key=lambda row: (order.index(row.verdict), -_slowdown(row)))

    @property
    def verdict(self) -> Verdict:
        """The verdict on all of it: what BASE has and HEAD lacks is unmeasured there."""
        found = {row.verdict for row in self.rows}
        if any(lost.fails for lost in self.lost):
            found.add(Verdict.FAIL)
        if self.missing or not self.rows:
            found.add(Verdict.UNMEASURED)
        return min(found, key=list(EXITS).index)

    @property
    def exit_code(self) -> int:
        """What the command ends with; across machines nothing is gated."""
        return 0 if self.across else EXITS[self.verdict]


def compare(
    base: Side,
    head: Side,
    settings: Comparison,
    need: Statistics,
    store: ScoreStore,
    *,
    across: bool,
    acceptance: Acceptance = NOTHING_ACCEPTED,
) -> Found:
    """Match the benchmarks of both sides, and judge every pair; `acceptance` is of regressions from
    a baseline.
    """
    matched = match(base.benchmarks, head.benchmarks, settings.renamed)
    machines = _machines(base, head)
    pairs = [
        Pair(base=old, head=new, allowed=settings.allowed(new.name, _case(new.case)))
        for old, new in matched.pairs
    ]
    times = _times(pairs, settings, machines)
    aucs = judge_aucs([store.scored(pair, base, head) for pair in pairs], need)
    why = {old.key: why for old, _, why in matched.renamed}
    rows = [
        Row(
            name=pair.head.name,
            base=pair.base,
            head=pair.head,
            changes=[c for c in (time, judge_size(pair), auc) if c is not None],
            labels=_labels(pair, why.get(pair.base.key)),
            accepted=acceptance.quantities(_case(pair.head.case)),
        )
        for pair, time, auc in zip(pairs, times, aucs, strict=True)
    ]
    renamed = dict(_renamed_cases(matched.pairs))
    return Found(
        base=base,
        head=head,
        settings=settings,
        rows=rows,
        missing=matched.missing,
        new=matched.new,
        lost=lost_claims(base.claims, head.claims, renamed=renamed, timed=not machines),
        machines=machines,
        across=across,
        acceptance=acceptance.told(
            [(_case(row.head.case), change) for row in rows for change in row.changes]
        ),
    )


def _machines(base: Side, head: Side) -> list[str]:
    """What differs between the machines of both sides; nothing where they are alike."""
    one, two = base.latest, head.latest
    if one.hardware == two.hardware:
        return []
    return machine_parts(one.machine, two.machine) or [f"{one.hardware} -> {two.hardware}"]


def _times(pairs: Sequence[Pair], settings: Comparison, machines: Sequence[str]) -> list[Change]:
    if not machines:
        return judge_times(pairs, settings.noise)
    reason = f"another machine: {', '.join(machines)}"
    return [not_compared(pair, Verdict.INCOMPARABLE, reason) for pair in pairs]


def _case(record: CaseId | None) -> Case | None:
    return None if record is None else Case(**record.model_dump())


def _labels(pair: Pair, renamed: str | None) -> list[str]:
    labels = [] if renamed is None else [f"was {pair.base.name} ({renamed})"]
    if pair.base.stack and pair.head.stack:
        labels += machine_parts(pair.base.stack, pair.head.stack)
    before, now = pair.base.mean_dice, pair.head.mean_dice
    if before is not None and now is not None:  # a saved run has no masks to take bounds from
        labels.append(f"Dice {before:.4f} -> {now:.4f}, not judged")
    return labels


def _renamed_cases(pairs: Iterable[tuple[Timed, Timed]]) -> Iterable[tuple[CaseId, CaseId]]:
    for old, new in pairs:
        if old.case is not None and new.case is not None:
            yield old.case, new.case


def _slowdown(row: Row) -> float:
    effect = row.changes[0].effect
    return 0.0 if effect is None else effect.value
