"""How much larger: bytes are exact."""

from __future__ import annotations

from edgeassay.changes.change import Change, Effect, Pair, Quantity, percent, sources
from edgeassay.spec import Verdict


def judge_size(pair: Pair) -> Change | None:
    """The verdict on an artifact's bytes; None where the base has none to compare with."""
    base, head, limit = pair.base.size_bytes, pair.head.size_bytes, pair.allowed.size_growth
    if base is None:
        return None
    if head is None:
        return Change(
            quantity=Quantity.SIZE,
            verdict=Verdict.UNMEASURED,
            reason="the head doesn't say how large its artifact is",
            unit="bytes",
            base=base,
            head=None,
        )
    ratio = head / base
    grown = ratio > 1.0 + limit.value
    reason = (
        f"{percent(ratio)}, from {base:,} to {head:,} bytes, and {100 * limit.value:g} % more is"
        f" allowed; limit {sources([limit])}"
    )
    return Change(
        quantity=Quantity.SIZE,
        verdict=Verdict.FAIL if grown else Verdict.PASS,
        reason="unchanged: the same number of bytes" if head == base else reason,
        unit="bytes",
        base=base,
        head=head,
        effect=Effect(value=ratio, unit="ratio"),
        limits=[limit],
        unchanged=head == base,
        improved=head < base,
    )
