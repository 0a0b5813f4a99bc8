"""The closing table: a row a case, with what was measured and what can be said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from edgeassay.datasets.labels import positives_told
from edgeassay.report.decision import (
    DECLARED,
    Decision,
    counts,
    decided_case,
    standing,
)
from edgeassay.report.marks import legend, marked
from edgeassay.report.results import CaseRecord, DeviationRecord, Results
from edgeassay.report.sentences import name_of
from edgeassay.report.tones import about_tones
from edgeassay.report.unjudged import unjudged_files
from edgeassay.runs.records import CaseId, ClaimRecord, MeasurementRecord
from edgeassay.spec import TRAITS, ClaimName, Kind, Verdict

MOST_TOLD: Final = 10  # inconclusive claims, each a line
TENTH_MS: Final = 0.1  # below it, two decimals show nothing
UNDECIDED: Final = (Verdict.UNMEASURED, Verdict.INCOMPARABLE)
STYLES: Final = {
    Verdict.FAIL.value: "bold red",
    Verdict.INCONCLUSIVE.value: "yellow",
    Verdict.INCOMPARABLE.value: "yellow",
    Verdict.UNMEASURED.value: "yellow",
    Decision.UNDECIDED.value: "yellow",
    DECLARED: "magenta",
    Verdict.PASS.value: "green",
}


def _measured(records: Sequence[ClaimRecord], claim: ClaimName) -> MeasurementRecord | None:
    return next((r.measurement for r in records if r.claim is claim), None)


def _quality(facts: CaseRecord | None, records: Sequence[ClaimRecord]) -> str:
    """The mean AUC, or the mean Dice, which is labelled, and how far it is from the reference's."""
    if facts is None or (facts.mean_auc is None and facts.mean_dice is None):
        return ""
    value, drop, claim = facts.mean_auc, facts.mean_auc_drop, ClaimName.MEAN_AUC_DROP
    label = ""
    if value is None:
        value, drop, claim = facts.mean_dice, facts.mean_dice_drop, ClaimName.MEAN_DICE_DROP
        label = "Dice "
    claimed = _measured(records, claim)
    text = label + _marked(f"{value:.4f}", facts)
    if drop is not None:
        text += f" ({-drop:+z.4f})"
    if claimed is not None and claimed.low is not None and claimed.high is not None:
        text += f" [{-claimed.high:+.4f}, {-claimed.low:+.4f}]"
    return text


def _size(facts: CaseRecord | None) -> str:
    if facts is None or facts.size_bytes is None:
        return ""
    ratio = "" if facts.size_ratio is None else f" ({facts.size_ratio:.2f}x)"
    return f"{facts.size_bytes / 1000:,.0f} kB{ratio}"


def _latency(facts: CaseRecord | None) -> str:
    """p50 and p95, labelled where they aren't measured on what the case stands for."""
    if facts is None or facts.p50_ms is None or facts.p95_ms is None:
        return ""
    form = ".2f" if facts.p50_ms >= TENTH_MS else ".4f"
    return _marked(f"{facts.p50_ms:{form}} / {facts.p95_ms:{form}}", facts)


def _speed(facts: CaseRecord | None) -> str:
    if facts is None or not facts.latency_ratio:
        return ""
    return _marked(f"{1 / facts.latency_ratio:.2f}x", facts)


def _delegated(facts: CaseRecord | None) -> str:
    """How many of the graph's nodes the delegate took."""
    loaded = {} if facts is None else facts.loaded
    if facts is None or "nodes" not in loaded or "delegated" not in loaded:
        return ""
    return _marked(f"{loaded['delegated']} of {loaded['nodes']}", facts)


def _marked(text: str, facts: CaseRecord) -> str:
    return marked(text, facts.kind or Kind.MEASURED)


def _rows(claims: Sequence[ClaimRecord]) -> dict[CaseId, list[ClaimRecord]]:
    """The claims by case, in the order in which the cases were first judged."""
    rows: dict[CaseId, list[ClaimRecord]] = {}
    for record in claims:
        rows.setdefault(record.case, []).append(record)
    return rows


def closing_table(results: Results) -> Table:
    """One row a case, models apart; the last column has the decision on its claims."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("model", "variant", "runtime"):
        table.add_column(name, no_wrap=True)
    dice = any(record.mean_dice is not None for record in results.cases)
    quality = f"mean AUC{' or Dice' if dice else ''} (change) [bounds]"
    numbers = ("size (ratio)", quality, "p50 / p95 ms", "speed", "delegated")
    for name in numbers:
        table.add_column(Text(name), justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    facts = {record.case: record for record in results.cases}
    shown = None
    for case, records in _rows(results.claims).items():
        known = facts.get(case)
        if shown is not None and shown != case.model:
            table.add_section()
        found = decided_case(case, results)
        table.add_row(
            "" if case.model == shown else case.model,
            case.variant,
            case.runtime,
            _size(known),
            _quality(known, records),
            _latency(known),
            _speed(known),
            _delegated(known),
            Text(found.share, style=STYLES[found.decision]),
        )
        shown = case.model
    return table


def _about_references(claims: Sequence[ClaimRecord], cases: Sequence[CaseRecord]) -> list[str]:
    """What drops are taken against where it isn't another variant, and what they can't show."""
    found: dict[str, tuple[str, ClaimName, float]] = {}
    lines = []
    for case in cases:
        if case.mean_dice is not None and case.mean_dice_drop is not None:
            whole = case.mean_dice + case.mean_dice_drop
            found.setdefault(case.case.model, ("mean Dice", ClaimName.MIN_DICE, whole))
        if case.mean_auc is not None and case.mean_auc_drop is not None:
            model, words = case.case.model, case.auc_reference or ""
            if model not in found and words.startswith("predictions"):
                lines.append(
                    f"{model}: the change is from {words[:-52]}…, with a mean AUC of"
                    f" {case.mean_auc + case.mean_auc_drop:.4f}"
                )
            whole = case.mean_auc + case.mean_auc_drop
            found.setdefault(model, ("mean AUC", ClaimName.MIN_AUC, whole))
    bounded = {(record.case.model, record.claim) for record in claims}
    lines += [
        f"{model}: no limit {claim} is set, so nothing says that the reference's {measure},"
        f" {value:.4f}, is good enough"
        for model, (measure, claim, value) in found.items()
        if (model, claim) not in bounded
    ]
    return lines


def _about_failures(claims: Sequence[ClaimRecord], gone: Sequence[DeviationRecord]) -> list[str]:
    """What failed, each in a few words, and deviations that must go."""
    failed = [r for r in claims if standing(r) == Verdict.FAIL.value]
    lines = []
    for record in failed[:MOST_TOLD]:
        told = ""
        if record.measurement is not None and record.limit is not None:
            sense = TRAITS[record.claim].sense
            told = f": {record.measurement.value:.4g}, limit {sense} {record.limit.value:g}"
        lines.append(f"fail: {name_of(record)}{told}")
    if len(failed) > MOST_TOLD:
        lines.append(f"fail: {len(failed) - MOST_TOLD} more, in the results")
    return lines + [f"fail: {one.model}: {one.reason}" for one in gone]


def _about_evidence(claims: Sequence[ClaimRecord]) -> list[str]:
    """Why claims are inconclusive, and what evidence would do."""
    open_ones = [r for r in claims if standing(r) == Verdict.INCONCLUSIVE.value]
    shown = open_ones[:MOST_TOLD]
    lines = [f"inconclusive: {name_of(record)}: {record.reason}" for record in shown]
    if len(open_ones) > MOST_TOLD:
        lines.append(f"inconclusive: {len(open_ones) - MOST_TOLD} more, in the results")
    return lines


def _about_co_primaries(cases: Sequence[CaseRecord]) -> list[str]:
    """Whether what must hold together does."""
    judged = [(case.case, case.co_primary) for case in cases if case.co_primary is not None]
    if not judged:
        return []
    good = sum(co_primary.verdict is Verdict.PASS for _, co_primary in judged)
    names = dict.fromkeys(name for _, co_primary in judged for name in co_primary.claims)
    lines = [f"co-primary claims ({', '.join(names)}): all hold for {good} of {len(judged)} cases"]
    missing = dict.fromkeys(
        f"{name} of {case.model}" for case, co_primary in judged for name in co_primary.unclaimed
    )
    lines += [f"  not claimed: {', '.join(missing)}"] if missing else []
    for case, co_primary in judged:
        if co_primary.verdict is not Verdict.PASS:
            worst = [n for n, v in co_primary.claims.items() if v is co_primary.verdict]
            lines.append(
                f"  {case.model} {case.variant} on {case.runtime}: {co_primary.verdict}, by"
                f" {', '.join(worst)}"
            )
    return lines


def _about_health(cases: Sequence[CaseRecord]) -> list[str]:
    """That others disturbed the machine, and how badly, once for all timings."""
    disturbed = [w.excess for case in cases for w in case.health if w.excess is not None]
    if not disturbed:
        return []
    total = sum(len(case.health) for case in cases)
    return [f"the machine was disturbed in {len(disturbed)} of {total} timings: {disturbed[0]}"]


def _about_samples(cases: Sequence[CaseRecord]) -> list[str]:
    """Where quality was judged on less than the evaluation split."""
    found = {
        case.case.model: (case.evaluated_images, case.split_images)
        for case in cases
        if case.evaluated_images != case.split_images
    }
    return [
        f"{model}: quality was judged on a sample of {drawn:,} of {whole:,} evaluation images, in"
        " whole patients and with each class's share: what it leaves open the whole may decide"
        for model, (drawn, whole) in found.items()
    ]


def _about_labels(cases: Sequence[CaseRecord]) -> list[str]:
    """How many evaluation images count as positive, and how many as negative."""
    found = {c.case.model: c for c in cases if c.positives}
    return [
        f"{model}: {positives_told(c.positives or {}, c.evaluated_images or 0, c.negatives)}"
        for model, c in found.items()
    ]


def _about_copies(cases: Sequence[CaseRecord]) -> list[str]:
    """Evaluation images that show a picture which others show too."""
    found = {
        c.case.model: (c.evaluated_images or 0, c.copies or 0, c.near_copies or 0)
        for c in cases
        if c.copies or c.near_copies
    }
    return [
        f"{model}: {copies_told(*counts)}; `edgeassay check-data {model}` names them"
        for model, counts in found.items()
    ]


def copies_told(images: int, equal: int, near: int) -> str:
    """How many images are copies, byte for byte or nearly, and what becomes of them."""
    kinds = ((equal, "exact copies"), (near, "near copies"))
    told = " and ".join(f"{count:,} {words}" for count, words in kinds if count)
    return (
        f"{told} of {images:,} evaluation images; bounds count images of one picture as one"
        " patient's"
    )


def _about_kinds(claims: Sequence[ClaimRecord]) -> list[str]:
    """Which numbers weren't measured on a device, and how they came to be."""
    found = Counter(
        (record.kind, record.case.runtime) for record in claims if record.measurement is not None
    )
    return [
        f"{kind}, not measured on a device: {number} claims on {runtime}"
        for (kind, runtime), number in found.items()
        if kind is not Kind.MEASURED
    ]


def remarks(results: Results) -> list[str]:
    """What stands under the table: counts, why claims are unmeasured, what nobody can verify."""
    claims, cases = results.claims, results.cases
    total = ", ".join(f"{number} {name}" for name, number in counts(claims).items())
    lines = [f"{len(claims)} claims: {total}"]
    reasons = Counter((r.verdict, r.reason) for r in claims if r.verdict in UNDECIDED)
    lines += [f"{verdict}, {number}: {reason}" for (verdict, reason), number in reasons.items()]
    lines += _about_kinds(claims)
    lines += _about_failures(claims, results.to_remove)
    lines += _about_evidence(claims)
    lines += _about_co_primaries(cases)
    for record in claims:
        if standing(record) == DECLARED:
            lines.append(
                f"declared until {record.deviation_expires}: {name_of(record)}: {record.deviation}"
            )
    lines += _about_health(cases)
    lines += legend(case.kind for case in cases if case.kind is not None)
    reused = sum(c.reused_predictions or 0 for c in cases)
    if reused:
        lines.append(
            f"{reused:,} predictions were made by an earlier run with the same artifacts, images,"
            " settings, runtime and machine; --predict-again makes them anew"
        )
    lines += _about_samples(cases)
    lines += _about_labels(cases)
    lines += _about_copies(cases)
    lines += about_tones(cases)
    lines += unjudged_files(cases)
    bare = dict.fromkeys(f"{c.case.model}/{c.case.variant}" for c in cases if c.manifest is False)
    lines += [
        f"{name}: the artifact came without its manifest (.json), so nobody can verify what it was"
        " made from"
        for name in bare
    ]
    lines += _about_references(claims, cases)
    unsure = dict.fromkeys(c.case.model for c in cases if c.patients_separate is False)
    lines += [
        f"{model}: its data names no patients, so nobody can verify that calibration and"
        " evaluation have none in common, and bounds take each image for a patient"
        for model in unsure
    ]
    return lines
