"""How a number came to be, as a mark beside it: kinds are never mixed, and never look alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from edgeassay.spec import Kind

MARKS: Final = {
    Kind.MEASURED: "",
    Kind.EMULATED: "(e)",
    Kind.SOFTWARE: "(s)",
    Kind.ESTIMATED: "(est)",
}
MEANINGS: Final = {
    Kind.MEASURED: "measured on the device itself",
    Kind.EMULATED: "emulated: an emulator ran the device's instructions; outputs count, and times"
    " don't",
    Kind.SOFTWARE: "software: software stood in for the accelerator; outputs count, and times are"
    " no accelerator's",
    Kind.ESTIMATED: "estimated: a compiler's or a model's figure; nothing was executed",
}


def marked(text: str, kind: Kind) -> str:
    """A number's text with its mark; nothing stays nothing."""
    return f"{text} {MARKS[kind]}".strip() if text else text


def legend(kinds: Iterable[Kind]) -> list[str]:
    """What the marks of these kinds mean; a number without a mark is measured."""
    found = set(kinds)
    return [f"{MARKS[kind]} {MEANINGS[kind]}" for kind in Kind if kind in found and MARKS[kind]]
