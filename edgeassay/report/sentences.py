"""A recorded claim in words."""

from __future__ import annotations

from edgeassay.runs.records import ClaimRecord
from edgeassay.spec import TRAITS


def name_of(record: ClaimRecord) -> str:
    """A claim and its case in a few words."""
    of_class = f" ({record.class_name})" if record.class_name else ""
    case = record.case
    return f"{record.claim}{of_class} of {case.model} {case.variant} on {case.runtime}"


def subject(record: ClaimRecord) -> str:
    """What a claim is about."""
    case = record.case
    of_class = f", {record.class_name}" if record.class_name else ""
    return f"{case.model} {case.variant} on {case.runtime} ({case.device}){of_class}"


def told(record: ClaimRecord) -> str:
    """The claim in words, and why it stands as it does."""
    limit = "its limit" if record.limit is None else f"{record.limit.value:g}"
    sentence = TRAITS[record.claim].sentence.format(subject=subject(record), limit=limit)
    return f"{sentence}: {record.reason}"
