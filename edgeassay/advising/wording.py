"""Advice in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from edgeassay.advising.candidates import Candidate, LeftOut, Standing
from edgeassay.advising.choosing import Advice, Outcome
from edgeassay.advising.measuring import Found
from edgeassay.spec import ClaimName, Kind, Limit, Prefer

ADVICE: Final = (
    "This is advice, not a verdict: it was chosen on the validation split, and the test split,"
    " which judges it, wasn't opened."
)
MOST_UNSHOWN: Final = 3
SHOWN: Final = 0.00005  # what four digits can show of an AUC


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked: the model (or file) and the device, as people call them, the runtime, how
    much AUC may be lost, on how many images of how many it was measured (None where on none), and
    what kind of times they are.
    """

    model: str
    device: str
    runtime: str
    margin: Limit
    images: int | None
    whole: int | None
    kind: Kind = Kind.MEASURED


def sentences(asked: Asked, found: Found, advice: Advice) -> list[str]:
    """What follows from what was found, the choice first."""
    reference = next(c for c in found.candidates if c.is_reference)
    lines = [*_choice(asked, found, advice, reference)]
    if advice.chosen is not None and advice.runner_up is not None:
        lines.append(_runner_up(advice.chosen, advice.runner_up, reference))
    lines += _others(found, advice)
    if asked.images is not None:
        of = "" if asked.images == asked.whole else f" of {asked.whole:,}"
        lines.append(f"Quality is that of {asked.images:,}{of} images of the validation split.")
    if asked.kind is not Kind.MEASURED:
        lines.append(f"Every time here is labelled {asked.kind}: it is no device's.")
    return lines


def _choice(asked: Asked, found: Found, advice: Advice, reference: Candidate) -> Iterator[str]:
    """What is advised, or why nothing is."""
    place = f"on {asked.device} with {asked.runtime}"
    chosen = advice.chosen
    if advice.outcome is Outcome.ADVISED:
        assert chosen is not None, "that is what advised means"
        yield f"Ship {chosen.name} {place}: {_because(advice, chosen, reference)}."
        if chosen.drop is not None:
            yield f"{_loss(chosen, asked.margin)}."
        if chosen.unshown:
            yield _unshown(chosen)
        loud = [c.ratio.insufficient for c in found.candidates if c.ratio and c.ratio.insufficient]
        if loud:
            yield f"Sizes decide here; the times can't be relied on: {loud[0]}."
        return
    if advice.outcome is Outcome.NOTHING_HOLDS:
        yield f"Ship nothing but {reference.name} {place}: {_closest(found, asked.margin)}."
        return
    what = "No advice" if advice.outcome is Outcome.UNMEASURED else "Inconclusive"
    yield f"{what} {place}: {advice.why}{_missing(found, advice)}."
    if chosen is not None:
        by = "size and speed" if found.no_times is None else "size"
        if any(c.drop is not None for c in found.candidates):
            yield f"As measured, {chosen.name} leads: {_because(advice, chosen, reference)}."
        else:
            yield (
                f"By {by} alone {chosen.name} leads: {_because(advice, chosen, reference)}; whether"
                f" it still finds what {reference.name} finds, nobody knows."
            )
    if advice.outcome is Outcome.INCONCLUSIVE and chosen is not None:
        yield "Ask again on a quiet machine, or for the smallest (`--prefer size`)."


def _missing(found: Found, advice: Advice) -> str:
    """What isn't there, in its own words."""
    if advice.outcome is not Outcome.UNMEASURED:
        return ""
    if all(c.drop is None for c in found.candidates):
        return "" if found.no_quality is None else f": {found.no_quality}"
    times = "" if found.no_times is None else f": {found.no_times}"
    return f"{times}; `--prefer size` chooses without it"


def _because(advice: Advice, chosen: Candidate, reference: Candidate) -> str:
    """Why it is the one."""
    fast = advice.prefer is Prefer.LATENCY
    alike = [name for name in advice.alike if name != chosen.name]
    best = "the fastest" if fast else "the smallest"
    if not alike:
        words = f"it is {best}"
    elif fast:
        words = (
            f"{_listed(alike)} can't be told apart from it in speed, and it is the smallest of them"
        )
    else:
        words = f"{_listed(alike)} {_are(alike)} about as small, and it is the fastest of them"
    if chosen.is_reference:
        return f"{words}, so compressing doesn't pay here"
    share = chosen.size_bytes / reference.size_bytes
    return (
        f"{words}, with {chosen.size_bytes:,} bytes ({share:.0%} of {reference.name}'s)"
        f"{_time(chosen)}"
    )


def _time(chosen: Candidate) -> str:
    if chosen.ratio is None:
        return ", its speed unknown"
    bounds = ""
    if chosen.ratio.low is not None and chosen.ratio.high is not None:
        bounds = f" ({chosen.ratio.low:.2f} to {chosen.ratio.high:.2f})"
    return f" and {chosen.ratio.value:.2f}{bounds} of its time"


def _loss(chosen: Candidate, margin: Limit) -> str:
    assert chosen.drop is not None, "asked only where it was measured"
    drop = chosen.drop
    change = f"{'drops' if drop.value > 0.0 else 'rises'} by {abs(drop.value):.4f}"
    if abs(drop.value) < SHOWN:
        change = "stays what it was"
    most = "an unknown amount" if drop.high is None else f"{max(0.0, drop.high):.4f}"
    sure = "" if drop.confidence is None else f" ({100 * drop.confidence:g} % confidence)"
    return (
        f"Its mean AUC {change}; at most {most} is lost{sure}, and"
        f" {margin.value:g} may be ({margin.source})"
    )


def _unshown(chosen: Candidate) -> str:
    """Which of its further limits this many images can't decide."""
    shown, more = chosen.unshown[:MOST_UNSHOWN], len(chosen.unshown) - MOST_UNSHOWN
    rest = f" and {more} more" if more > 0 else ""
    return f"Neither kept nor broken for sure by so little evidence: {'; '.join(shown)}{rest}."


def _closest(found: Found, margin: Limit) -> str:
    """How close the best came."""
    others = [c for c in found.candidates if not c.is_reference]
    if not others:
        return "no other variant could be tried"
    best = min(
        others,
        key=lambda c: c.drop.high if c.drop is not None and c.drop.high is not None else 1.0,
    )
    close = ""
    if best.drop is not None:
        most = "more" if best.drop.high is None else f"{best.drop.high:.4f}"
        close = (
            f" closest comes {best.name}, whose mean AUC drops by {best.drop.value:.4f} and perhaps"
            f" by {most}, with {margin.value:g} allowed ({margin.source});"
        )
    return f"nothing else holds;{close} it breaks {'; '.join(best.broken[:MOST_UNSHOWN])}"


def _runner_up(chosen: Candidate, other: Candidate, reference: Candidate) -> str:
    """The second best, and what it costs against the first."""
    parts = [f"{other.size_bytes - chosen.size_bytes:+,} bytes"]
    if chosen.time is not None and other.time is not None:
        slower = other.time - chosen.time
        ms = f"{slower * reference.p50_ms:+.3g} ms" if reference.p50_ms else f"{slower:+.2f}"
        of = f"{other.time:.2f} instead of {chosen.time:.2f} of {reference.name}'s time"
        parts.append(f"{ms} an inference ({of})")
    if chosen.loss is not None and other.loss is not None:
        parts.append(f"{chosen.loss - other.loss:+z.4f} AUC")
    return f"Runner-up: {other.name}, which against {chosen.name} has {', '.join(parts)}."


def _others(found: Found, advice: Advice) -> Iterator[str]:
    """What was dropped, and why."""
    if advice.beaten:
        pairs = ", ".join(f"{name} by {by}" for name, by in advice.beaten.items())
        yield f"Beaten in size, time and AUC together: {pairs}."
    for candidate in found.candidates:
        if candidate.standing is Standing.FAILS:
            broken = "; ".join(candidate.broken[:MOST_UNSHOWN])
            yield f"{candidate.name} doesn't hold: {broken}."
        elif candidate.standing is Standing.UNSHOWN and not candidate.is_reference:
            needed = [w for w in candidate.unshown if w.startswith(ClaimName.MEAN_AUC_DROP)]
            words = "; ".join(needed or candidate.unshown[:MOST_UNSHOWN])
            yield f"{candidate.name} isn't shown to hold: {words}."
    yield from _left_out(found.left_out)


def _left_out(left: Sequence[LeftOut]) -> Iterator[str]:
    """Those of which nothing is known, the same words once."""
    together: dict[tuple[str, str], list[str]] = {}
    for one in left:
        together.setdefault((one.reason, one.words), []).append(one.name)
    for (reason, words), names in together.items():
        yield f"{_listed(names)} {reason}: {words}."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
