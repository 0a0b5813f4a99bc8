"""Which rows stand in one picture: those of one runtime, device, machine and kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgeassay.matrix_report.rows import Row
from edgeassay.report.decision import standing
from edgeassay.report.marks import MEANINGS
from edgeassay.runs.records import ClaimRecord
from edgeassay.spec import TRAITS, ClaimName, Kind, Verdict

DROPS = (ClaimName.MEAN_AUC_DROP, ClaimName.MEAN_DICE_DROP)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A model's variants as one runtime of one device ran them."""

    runtime: str
    place: str
    fingerprint: str
    kind: Kind
    rows: tuple[Row, ...]

    @property
    def name(self) -> str:
        """The runtime and where it ran, with the kind where that isn't measured."""
        kind = "" if self.kind is Kind.MEASURED else f", {MEANINGS[self.kind].partition(':')[0]}"
        return f"{self.runtime} ({self.place}{kind})"

    @property
    def reference(self) -> Row | None:
        """The variant that the others are taken against."""
        return next((row for row in self.rows if row.is_reference), None)

    @property
    def variants(self) -> tuple[Row, ...]:
        """The others."""
        return tuple(row for row in self.rows if not row.is_reference)


def told_kind(kind: Kind) -> str:
    """What a heading says of numbers that no device gave."""
    return "" if kind is Kind.MEASURED else f", {kind}"


def stages_of(rows: Iterable[Row]) -> list[Stage]:
    """A model's rows by where they ran, what was measured first."""
    found: dict[tuple[str, str, str, Kind], list[Row]] = {}
    for row in rows:
        key = (row.case.runtime, row.place, row.run.fingerprint, row.kind)
        found.setdefault(key, []).append(row)
    order = list(Kind)
    stages = [
        Stage(runtime=runtime, place=place, fingerprint=machine, kind=kind, rows=tuple(together))
        for (runtime, place, machine, kind), together in found.items()
    ]
    return sorted(stages, key=lambda stage: order.index(stage.kind))


def worst_stage(stages: Sequence[Stage], about: Sequence[Stage]) -> Stage | None:
    """Of those that a picture can be `about`, the one whose quality is worst: what holds there
    holds elsewhere; what was measured goes before what was not.
    """
    kinds = [stage.kind for stage in about]
    if not kinds:
        return None
    best = min(kinds, key=list(Kind).index)
    return max((stage for stage in stages if stage in about and stage.kind is best), key=_badness)


def _badness(stage: Stage) -> tuple[int, int, float]:
    failing = sum(
        standing(record) == Verdict.FAIL.value and TRAITS[record.claim].needs_data
        for row in stage.rows
        for record in row.claims
    )
    drops = [found for row in stage.rows if (found := drop_of(row)) is not None]
    return failing, len(stage.variants), max(drops, default=0.0)


def drop_of(row: Row) -> float | None:
    """By how much the mean AUC or the mean Dice drops."""
    if row.facts is None:
        return None
    found = row.facts.mean_auc_drop
    return row.facts.mean_dice_drop if found is None else found


def claimed(row: Row, names: Iterable[ClaimName]) -> ClaimRecord | None:
    """The first of these claims that was made of a row."""
    wanted = list(names)
    return next((record for record in row.claims if record.claim in wanted), None)


def order_of(rows: Sequence[Row]) -> dict[str, int]:
    """Each variant's number among a model's, the same in all its pictures; without references."""
    names = dict.fromkeys(row.case.variant for row in rows if not row.is_reference)
    references = {row.case.variant for row in rows if row.is_reference}
    return {name: k for k, name in enumerate(name for name in names if name not in references)}
