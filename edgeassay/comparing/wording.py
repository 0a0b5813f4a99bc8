"""What a comparison says to people, line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from edgeassay.changes import Change, Effect, LostClaim, Quantity
from edgeassay.changes.change import percent
from edgeassay.comparing.judging import EXITS, Found, Row
from edgeassay.errors import some
from edgeassay.spec import Verdict

COLUMNS: Final = ("benchmark", "base ms", "head ms", "change", "bounds", "why", "verdict")
MOST_TOLD: Final = 10  # reasons, each a line
MOST_NAMED: Final = 5
# A change in a word or two, by what it is of.
WORDS: Final[Mapping[Quantity, Mapping[Verdict, str]]] = {
    Quantity.TIME: {
        Verdict.FAIL: "slower",
        Verdict.INCONCLUSIVE: "time undecided",
        Verdict.INCOMPARABLE: "another machine",
    },
    Quantity.SIZE: {Verdict.FAIL: "larger", Verdict.UNMEASURED: "size unknown"},
    Quantity.MEAN_AUC: {
        Verdict.FAIL: "AUC lost",
        Verdict.INCONCLUSIVE: "AUC undecided",
        Verdict.INCOMPARABLE: "other data",
        Verdict.UNMEASURED: "no AUC",
    },
}
BETTER: Final = {
    Quantity.TIME: "faster",
    Quantity.SIZE: "smaller",
    Quantity.MEAN_AUC: "AUC gained",
}


def cells(row: Row) -> list[str]:
    """A row of the table, as `COLUMNS`."""
    time = row.changes[0]
    effect = time.effect
    values = ["" if v is None else f"{v:.4g}" for v in (time.base, time.head)]
    return [
        row.name,
        *values,
        "" if effect is None else percent(effect.value),
        "" if effect is None else _bounds(effect),
        "; ".join([*filter(None, map(_word, row.changes)), *row.labels]),
        standing(row),
    ]


def standing(row: Row) -> str:
    """The verdict as the table shows it: what didn't change, and what is accepted, apart."""
    if row.unchanged:
        return "unchanged"
    excused = row.verdict is Verdict.PASS and any(map(row.excuses, row.changes))
    return "accepted" if excused else row.verdict.value


def _bounds(effect: Effect) -> str:
    if effect.low is None or effect.high is None:
        return ""
    return f"[{percent(effect.low)}, {percent(effect.high)}]"


def _word(change: Change) -> str:
    if change.unchanged:
        return ""
    word = BETTER[change.quantity] if change.improved else ""
    word = WORDS[change.quantity].get(change.verdict, word)
    if not word or change.effect is None or change.quantity is Quantity.TIME:
        return word
    value = change.effect.value
    return f"{word} {percent(value) if change.quantity is Quantity.SIZE else f'{-value:+.4f}'}"


def lines(found: Found) -> list[str]:
    """What stands below the table; the last line is the summary."""
    return [
        *_about_machines(found),
        *_reasons(found),
        *_about_claims(found.lost),
        *found.acceptance,
        *_about_names(found),
        *found.base.remarks,
        *found.head.remarks,
        *_about_rates(found),
        _summary(found),
    ]


def _reasons(found: Found) -> list[str]:
    """Why benchmarks stand as they do; what is incomparable by its machine has been told."""
    told = [
        f"{'accepted' if row.excuses(change) else change.verdict}: {row.name}: {change.reason}"
        for row in found.worst_first
        for change in row.changes
        if change.verdict is not Verdict.PASS
        and not (found.machines and change.quantity is Quantity.TIME)
    ]
    more = [f"{len(told) - MOST_TOLD} more reasons, in --json"] if len(told) > MOST_TOLD else []
    return told[:MOST_TOLD] + more


def _about_machines(found: Found) -> Iterator[str]:
    if found.machines:
        end = (
            "ratios are shown, and decide nothing"
            if found.across
            else "their times can't be compared (--across-machines shows ratios)"
        )
        yield f"the machines differ in {', '.join(found.machines)}: {end}"


def _about_claims(lost: Sequence[LostClaim]) -> Iterator[str]:
    for one in lost:
        if one.head is None or not one.failed:
            continue
        case = one.head.case
        of_class = "" if one.base.class_name is None else f" ({one.base.class_name})"
        name = f"{one.base.claim}{of_class} of {case.model} {case.variant} on {case.runtime}"
        if one.declared is not None:
            yield f"declared: {name} held in BASE: {one.declared}"
        else:
            yield f"fail: {name} held in BASE: {one.head.reason}"
    gone = [one.base for one in lost if not one.failed]
    if gone:
        names = dict.fromkeys(f"{r.claim} of {r.case.model} {r.case.variant}" for r in gone)
        yield f"{len(gone)} claims held in BASE and weren't judged in HEAD: {some(list(names))}"


def _about_names(found: Found) -> Iterator[str]:
    if found.missing:
        names = some([timed.name for timed in found.missing], MOST_NAMED)
        yield f"missing, {len(found.missing)} that BASE has and HEAD hasn't: {names}"
    if found.new:
        names = some([timed.name for timed in found.new], MOST_NAMED)
        yield f"new in HEAD, {len(found.new)}, compared with nothing: {names}"


def _about_rates(found: Found) -> Iterator[str]:
    """How often such a comparison is wrong about time, and what sees more."""
    times = [row.changes[0] for row in found.rows]
    noise = found.settings.noise
    if any(time.effect is not None and time.effect.low is not None for time in times):
        yield (
            "by what processes differ by, at most"
            f" {100 * noise.false_alarms:g} % of comparisons without a slowdown beyond what is"
            f" tolerated fail, and {100 * noise.false_passes:g} % of those with an unacceptable one"
            " pass; what one occasion differs by from the next isn't in that"
        )
    undecided = (Verdict.FAIL, Verdict.INCONCLUSIVE)
    ours = [row for row in found.rows if row.head.case is not None]
    if any(row.changes[0].verdict in undecided for row in ours):
        yield "`edgeassay ab BASE HEAD` times both in turn, and so sees more than two saved runs"


def _summary(found: Found) -> str:
    counts = Counter(row.verdict for row in found.rows)
    parts = [f"{counts[verdict]} {verdict}" for verdict in EXITS if counts[verdict]]
    parts += [f"{len(found.missing)} missing"] if found.missing else []
    unchanged = sum(row.unchanged for row in found.rows)
    verdict = "not gated" if found.across else found.verdict
    return (
        f"{verdict}: {found.base.title} -> {found.head.title}: {len(found.rows)} benchmarks:"
        f" {', '.join(parts) or 'none to compare'} ({unchanged} unchanged)"
    )
