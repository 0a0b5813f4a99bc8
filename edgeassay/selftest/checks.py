"""A question with a known answer, and what the engine said to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edgeassay.errors import Absent, EdgeassayError


class Outcome(StrEnum):
    """Whether the engine said what it ought to."""

    EXPECTED = "as expected"
    WRONG = "wrong"
    INCONCLUSIVE = "inconclusive"
    UNMEASURED = "unmeasured"


# The exit code is that of the first that any check has.
CODES: Final = {
    Outcome.WRONG: 1,
    Outcome.UNMEASURED: 4,
    Outcome.INCONCLUSIVE: 3,
    Outcome.EXPECTED: 0,
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the engine said, and whether it is right."""

    text: str
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Check:
    """What is `planted`, what must be said of it, and how to ask."""

    subject: str
    planted: str
    expected: str
    ask: Callable[[], Said]


@dataclass(frozen=True, kw_only=True)
class Found:
    """A check with its answer."""

    subject: str
    planted: str
    expected: str
    said: str
    outcome: Outcome
    seconds: float


def right(holds: object, text: str) -> Said:
    """An answer that is right just where something holds."""
    return Said(text=text, outcome=Outcome.EXPECTED if holds else Outcome.WRONG)


def refused(ask: Callable[[], object], kind: type[EdgeassayError], words: str) -> Said:
    """Right where asking is refused by an error of this kind that has the words in it."""
    try:
        ask()
    except kind as error:
        return right(words in str(error), str(error))
    return right(holds=False, text="it was accepted")


def answer(check: Check) -> Found:
    """Ask; an engine that breaks is wrong, and what isn't on this machine is unmeasured."""
    started = time.monotonic()
    try:
        said = check.ask()
    except Absent as error:
        said = Said(text=str(error), outcome=Outcome.UNMEASURED)
    except Exception as error:  # noqa: BLE001 - of a broken engine any; the other checks go on
        said = Said(text=f"it broke: {type(error).__name__}: {error}", outcome=Outcome.WRONG)
    return Found(
        subject=check.subject,
        planted=check.planted,
        expected=check.expected,
        said=said.text,
        outcome=said.outcome,
        seconds=time.monotonic() - started,
    )
