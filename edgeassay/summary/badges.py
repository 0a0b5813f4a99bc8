"""Badges: a run's verdict, and each model's, as small SVG pictures for a README."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edgeassay.errors import DataError
from edgeassay.matrix_report.numbers import number, signed
from edgeassay.matrix_report.rows import Row, Run, merge
from edgeassay.matrix_report.signs import SIGNS
from edgeassay.report.decision import (
    Decided,
    Decision,
    counts,
    decided,
    decided_model,
    decided_runs,
    in_words,
)
from edgeassay.report.marks import marked
from edgeassay.runs.records import ClaimRecord, MeasurementRecord, plain
from edgeassay.spec import ClaimName, Kind

OVERALL: Final = "edgeassay.svg"
# White text on each has a contrast of 4.5 or more, and each stands off a white and a black page.
COLOURS: Final[Mapping[str, str]] = {
    Decision.FAIL: "#b3261e",
    Decision.UNDECIDED: "#8a5a00",
    Decision.DECLARED: "#7b4397",
    Decision.PASS: "#1a7440",
}
LABEL: Final = "#4b545e"
# Characters of a label and of a message; all of it is in the title.
MOST_SHOWN: Final = 48
MOST_SAID: Final = 96
NARROW: Final = frozenset("ijlt.,:;|!'()[]fI1 ")
WIDE: Final = frozenset("mwMW@%")
FULL: Final = 0x1100  # from here on characters may be as wide as they are high
# What XML 1.0 has no way to write: section 2.2, "Characters".
UNWRITABLE: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, kw_only=True)
class Badge:
    """A label and what is said of it; `standing` gives the colour, and `title` the whole of it."""

    label: str
    message: str
    standing: str
    title: str


def badges(runs: Sequence[Run]) -> dict[str, str]:
    """The SVG of each badge by its file's name: one for all runs, three for each model.

    DataError where there is nothing to say; ConfigError where two runs judged the same case.
    """
    rows = merge(runs)
    if not rows:
        raise DataError("these results have no cases: there is nothing to make badges of")
    results = [run.results for run in runs]
    found = {OVERALL: svg(_verdict("edgeassay", rows, runs, decided_runs(results)))}
    models: dict[str, list[Row]] = {}
    for row in rows:
        models.setdefault(row.case.model, []).append(row)
    for model, of_model in models.items():
        stem = file_stem(model)
        theirs = list({id(row.run): row.run for row in of_model}.values())
        decision = decided_model(model, results)
        found[f"{stem}-verdict.svg"] = svg(_verdict(model, of_model, theirs, decision))
        found[f"{stem}-size.svg"] = svg(_size(model, of_model))
        found[f"{stem}-quality.svg"] = svg(_quality(model, of_model))
    return found


def file_stem(model: str) -> str:
    """A model's id as the beginning of a file's name, whatever is in it."""
    kept = re.sub(r"[^A-Za-z0-9_-]+", "-", model).strip("-")[:MOST_SHOWN]
    if kept == model:
        return kept
    return f"{kept or 'model'}-{hashlib.sha256(model.encode('utf-8', 'replace')).hexdigest()[:8]}"


def svg(badge: Badge) -> str:
    """The picture; what stands in it is text, and it loads nothing."""
    label = _shown(badge.label, MOST_SHOWN)
    message = f"{SIGNS.get(badge.standing, '')} {_shown(badge.message, MOST_SAID)}".strip()
    left, right = _width(label) + 12, _width(message) + 12
    title = html.escape(_writable(badge.title))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img"'
        f' aria-labelledby="t" viewBox="0 0 {left + right} 20">'
        f'<title id="t">{title}</title>'
        f'<rect width="{left + right}" height="20" rx="3" fill="{COLOURS[badge.standing]}"/>'
        f'<path d="M3 0h{left - 3}v20h-{left - 3}a3 3 0 0 1-3-3v-14a3 3 0 0 1 3-3z"'
        f' fill="{LABEL}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11"'
        ' text-rendering="geometricPrecision">'
        f"{_text(label, 6, left - 12)}{_text(message, left + 6, right - 12)}</g></svg>\n"
    )


def _text(text: str, x: int, width: int) -> str:
    # The length is given, so that a font that differs changes no layout.
    return (
        f'<text x="{x}" y="14" textLength="{width}" lengthAdjust="spacingAndGlyphs"'
        f' xml:space="preserve">{html.escape(text)}</text>'
    )


def _width(text: str) -> int:
    """Pixels that a text takes at 11 px, roughly."""
    steps = (4 if c in NARROW else 11 if c in WIDE or ord(c) >= FULL else 7 for c in text)
    return max(sum(steps), 7)


def _shown(text: str, most: int) -> str:
    text = _writable(text).strip() or "no name"
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _writable(text: str) -> str:
    return UNWRITABLE.sub("\ufffd", plain(text))


def _verdict(name: str, rows: Sequence[Row], runs: Iterable[Run], found: Decided) -> Badge:
    """The decision on these rows and how claims stand; no kind of doubt goes unsaid."""
    claims = [claim for row in rows for claim in row.claims]
    message = told = in_words(found, claims)
    if _kinds(rows) != [Kind.MEASURED]:
        message += f" ({', '.join(_kinds(rows))})"
    if any(not run.results.complete for run in runs):
        message = f"incomplete run: {message}"
    title = "; ".join([f"{name}, {len(claims)} claims: {told}", *_doubts(rows, runs)])
    return Badge(label=name, message=message, standing=found.decision.value, title=title)


def _kinds(rows: Sequence[Row]) -> list[Kind]:
    found = {row.kind for row in rows}
    return [kind for kind in Kind if kind in found]


def _doubts(rows: Sequence[Row], runs: Iterable[Run]) -> list[str]:
    """What a reader must know beside the counts."""
    told = [f"{kind} cases are among them" for kind in _kinds(rows) if kind is not Kind.MEASURED]
    commits = dict.fromkeys(run.results.commit or "no commit" for run in runs)
    told.append(f"of {', '.join(commit[:12] for commit in commits)}")
    if any(run.results.dirty for run in runs):
        told.append("with uncommitted changes")
    return told


def _size(model: str, rows: Sequence[Row]) -> Badge:
    """The bytes of each variant by the reference's: the range over variants."""
    label = f"{model} size"
    ratios = {
        row.case.variant: row.facts.size_ratio
        for row in rows
        if row.facts is not None and row.facts.size_ratio is not None
    }
    variants = {row.case.variant for row in rows if not row.is_reference}
    if not ratios:
        return _absent(label, rows, (ClaimName.SIZE_RATIO,), "no variant has a reference")
    claims = _of(rows, (ClaimName.SIZE_RATIO,))
    least, most = min(ratios.values()), max(ratios.values())
    span = number(least) if least == most else f"{number(least)} to {number(most)}"
    return Badge(
        label=label,
        message=f"{span} of the reference{_missing(variants - set(ratios))}",
        standing=_standing(claims),
        title=f"{label}, bytes / the reference's: "
        + ", ".join(f"{variant} {number(ratio)}" for variant, ratio in ratios.items())
        + _judged(claims),
    )


def _quality(model: str, rows: Sequence[Row]) -> Badge:
    """The largest drop of any variant, of those measured on a device where there are any."""
    names = (ClaimName.MEAN_AUC_DROP, ClaimName.MEAN_DICE_DROP)
    found = [(row, drop, word) for row in rows for drop, word in _drops(row)]
    measured = [one for one in found if one[0].kind is Kind.MEASURED]
    found = measured or found
    if not found:
        return _absent(f"{model} AUC drop", rows, names, "no limit asks for it")
    row, drop, word = max(found, key=lambda one: one[1])
    about = [one for one, _, _ in found]
    claims = _of(about, names)
    variants = {row.case.variant for row in rows if not row.is_reference}
    told = [
        f"{one.case.variant} on {one.case.runtime} {marked(signed(value), one.kind)}"
        f"{_interval(_measured(one, names))}"
        for one, value, _ in found
    ]
    message = f"{marked(signed(drop), row.kind)}{_interval(_measured(row, names))}"
    missing = _missing(variants - {one.case.variant for one in about})
    return Badge(
        label=f"{model} {word} drop",
        message=f"{message} {row.case.variant}{missing}",
        standing=_standing(claims),
        title=f"{model} mean {word} drop, the worst of: {', '.join(told)}{_judged(claims)}",
    )


def _drops(row: Row) -> Iterable[tuple[float, str]]:
    if row.facts is not None:
        for value, word in ((row.facts.mean_auc_drop, "AUC"), (row.facts.mean_dice_drop, "Dice")):
            if value is not None:
                yield value, word


def _of(rows: Iterable[Row], names: Sequence[ClaimName]) -> list[ClaimRecord]:
    return [claim for row in rows for claim in row.claims if claim.claim in names]


def _measured(row: Row, names: Sequence[ClaimName]) -> MeasurementRecord | None:
    return next((c.measurement for c in _of([row], names) if c.measurement is not None), None)


def _interval(found: MeasurementRecord | None) -> str:
    if found is None or found.low is None or found.high is None:
        return ""
    return f" [{signed(found.low)}, {signed(found.high)}]"


def _standing(claims: Sequence[ClaimRecord]) -> str:
    """The worst of them; a number that no limit judges is no pass."""
    return decided(claims).decision.value


def _judged(claims: Sequence[ClaimRecord]) -> str:
    told = ", ".join(f"{n} {standing}" for standing, n in counts(claims).items())
    return f"; claims: {told}" if told else "; no limit judges it"


def _missing(variants: set[str]) -> str:
    return f", {len(variants)} unmeasured" if variants else ""


def _absent(label: str, rows: Sequence[Row], names: Sequence[ClaimName], otherwise: str) -> Badge:
    """Nothing was measured, and why."""
    claims = _of(rows, names)
    reason = next((c.reason for c in claims if c.measurement is None), otherwise)
    found = decided(claims)
    return Badge(
        label=label,
        message=found.word,
        standing=found.decision.value,
        title=f"{label}: {reason}",
    )
