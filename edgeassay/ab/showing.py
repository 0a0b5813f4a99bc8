"""What `edgeassay ab` shows, and the files it writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

import edgeassay
from edgeassay.ab.cases import Matched
from edgeassay.ab.gate import Timing
from edgeassay.ab.judging import EXITS, Judged
from edgeassay.ab.sides import Origin
from edgeassay.machine import Machine
from edgeassay.privacy import Redactor
from edgeassay.report.markdown import escaped
from edgeassay.report.table import STYLES
from edgeassay.spec import Gate, Verdict

COLUMNS: Final = ("case", "base ms", "head ms", "change", "bounds", "pairs", "size", "verdict")


def changed(ratio: float) -> str:
    """A ratio as a change in percent."""
    return f"{100.0 * (ratio - 1.0):+z.1f} %"


def bounds(timing: Timing) -> str:
    """Both bounds of the change."""
    low, high = ("?" if b is None else changed(b) for b in (timing.low, timing.high))
    return f"[{low}, {high}]"


def cells(one: Judged) -> list[str]:
    """A case's row."""
    timing, sizes = one.outcome.timing, (one.contest.base.size_bytes, one.contest.head.size_bytes)
    size = "" if sizes[0] == sizes[1] else changed(sizes[1] / sizes[0])
    measured = [""] * 5
    if timing is not None:
        pairs = f"{timing.pairs} in {timing.seconds:.0f} s"
        base, head = f"{timing.base_ms:.3g}", f"{timing.head_ms:.3g}"
        measured = [base, head, changed(timing.ratio), bounds(timing), pairs]
    return [one.contest.name, *measured, size, str(one.outcome.verdict)]


def sentence(one: Judged) -> str | None:
    """Why a case doesn't pass, with the limit and the file that set it; and of one that passes that
    it is slower all the same.
    """
    timing, verdict = one.outcome.timing, one.outcome.verdict
    if verdict is Verdict.PASS:
        return _slower_all_the_same(one)
    said = one.outcome.reason
    if verdict is Verdict.FAIL and timing is not None and timing.low is not None:
        floor = timing.tolerated > one.allowed.tolerated.value
        limit = one.allowed.floor_ms if floor else one.allowed.tolerated
        words = f"{limit.value:g} ms, or a tenth," if floor else f"{100 * limit.value:g} %"
        said = (
            f"HEAD is slower by {percent(timing.ratio)}, by {percent(timing.low)} at least, and"
            f" {words} is tolerated ({limit.source})"
        )
        if limit.rationale:
            said += f" ({limit.rationale})"
    return f"{one.contest.name}: {said}"


def _slower_all_the_same(one: Judged) -> str | None:
    timing, allowed = one.outcome.timing, one.allowed
    if timing is None or timing.low is None or timing.low <= 1.0 + allowed.tolerated.value:
        return None
    floor = allowed.floor_ms
    return (
        f"{one.contest.name}: HEAD is slower by {percent(timing.ratio)}, and passes because less"
        f" than {floor.value:g} ms, and than a tenth of the time, doesn't count ({floor.source})"
    )


def percent(ratio: float) -> str:
    """How far above 1 a ratio is."""
    return f"{100.0 * (ratio - 1.0):.1f} %"


def worst_first(judged: Sequence[Judged]) -> list[Judged]:
    """Failures first, what is unchanged last."""
    order = list(EXITS)
    return sorted(judged, key=lambda one: (order.index(one.outcome.verdict), one.contest.name))


def summary(judged: Sequence[Judged], matched: Matched, verdict: Verdict, gate: Gate) -> list[str]:
    """The closing lines."""
    counts = {v: sum(one.outcome.verdict is v for one in judged) for v in EXITS}
    parts = [f"{count} {v}" for v, count in counts.items() if count]
    timed = sum(one.outcome.timing is not None for one in judged)
    unchanged = len([one for one in judged if one.contest.unchanged])
    lines = [said for one in worst_first(judged) if (said := sentence(one)) is not None]
    lines += [
        f"{one.contest.name} is run otherwise: {one.contest.run_otherwise}"
        for one in worst_first(judged)
        if one.contest.run_otherwise
    ]
    lines += [
        f"{one.contest.name}: {one.contest.uncompared}"
        for one in worst_first(judged)
        if one.contest.uncompared is not None
    ]
    if matched.missing:
        lines.append(f"BASE has, and HEAD has not: {', '.join(matched.missing)}")
    if matched.new:
        lines.append(f"new in HEAD, compared with nothing: {', '.join(matched.new)}")
    lines.append(
        f"{verdict}: {len(judged)} case{'' if len(judged) == 1 else 's'}:"
        f" {', '.join(parts) or 'none to compare'}"
        f" ({timed} timed, {unchanged} unchanged)"
    )
    if timed:
        lines.append(
            "change: the median over pairs of what head took by what base took in turn, from which"
            " goes out what slowed both; the ms are medians over all pairs"
        )
        lines.append(
            f"without a slowdown beyond what is tolerated, {100 * gate.false_alarms:g} % of such"
            f" comparisons fail at most; one with an unacceptable slowdown passes in"
            f" {100 * gate.false_passes:g} % at most"
        )
    return lines


def show(judged: Sequence[Judged], lines: Sequence[str], console: Console) -> None:
    """The table and the closing lines."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in COLUMNS:
        right = name in ("base ms", "head ms", "change", "pairs", "size")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for one in worst_first(judged):
        *words, verdict = cells(one)
        if one.contest.unchanged:
            verdict = "pass, unchanged"
        style = STYLES[one.outcome.verdict.value]
        table.add_row(*(Text(word) for word in words), Text(verdict, style=style))
    if judged:
        console.print(table)
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def markdown(judged: Sequence[Judged], lines: Sequence[str], title: str, eraser: Redactor) -> str:
    """The same for a pull request, without names."""

    def said(text: str) -> str:
        return escaped(eraser.text(text))

    def row(words: Sequence[str]) -> str:
        return "| " + " | ".join(map(said, words)) + " |"

    rows = [row(COLUMNS), row(["---"] * len(COLUMNS))]
    rows += [row(cells(one)) for one in worst_first(judged)]
    told = [f"- {said(line)}" for line in lines]
    return "\n".join([f"### {said(title)}", "", *rows, "", *told, ""])


def document(
    judged: Sequence[Judged],
    matched: Matched,
    verdict: Verdict,
    *,
    origins: tuple[Origin, Origin],
    gate: Gate,
    machine: Machine,
    seed: int,
    state: tuple[str | None, bool],
) -> dict[str, Any]:
    """The same for a program; ratios are head/base, slowdowns shares of the base's time. `state` is
    the head's commit, and whether it has uncommitted changes.
    """
    return {
        "schema": 1,
        "edgeassay": edgeassay.__version__,
        "base": origins[0].title,
        "head": origins[1].title,
        "commit": state[0],
        "dirty": state[1],
        "machine": asdict(machine),
        "seed": seed,
        "gate": asdict(gate),
        "verdict": verdict,
        "missing": list(matched.missing),
        "new": list(matched.new),
        "head_files": {"/".join(key): one.sha256 for key, one in origins[1].artifacts.items()},
        "cases": [_case(one) for one in judged],
    }


def _case(one: Judged) -> dict[str, Any]:
    contest, outcome = one.contest, one.outcome
    sides = {
        "base": (contest.base, contest.base_runtime, contest.base_spec),
        "head": (contest.head, contest.head_runtime, contest.head_spec),
    }
    return {
        "case": asdict(contest.case),
        "name": contest.name,
        "verdict": outcome.verdict,
        "stopped": outcome.stopped,
        "reason": sentence(one) or outcome.reason,
        "signature": contest.base.signature,
        "uncompared": contest.uncompared,
        "timing": None if outcome.timing is None else asdict(outcome.timing),
        "limits": {k: asdict(v) for k, v in vars(one.allowed).items()},
        **{
            name: {
                "path": str(artifact.path),
                "sha256": artifact.sha256,
                "size_bytes": artifact.size_bytes,
                "runtime": runtime,
                **asdict(spec),
            }
            for name, (artifact, runtime, spec) in sides.items()
        },
    }
