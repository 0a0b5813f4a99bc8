"""Text in Markdown."""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path
from typing import Final

from edgeassay.atomic import write_text
from edgeassay.runs.records import plain

STDOUT: Final = "-"

# What Markdown, or a forge, would take for something else than the character.
SPECIAL: Final = re.compile(r"([\\`*_\[\]|~$])")
# What a forge looks for in the text that is shown, whatever stands in the source: a mention, a
# number of an issue, a link, an emoji. A space of no width in it is seen by nobody.
BROKEN: Final = re.compile(
    r"(@)(?=\w)|(#)(?=\d)|\b(GH)(?=-\d)|(:)(?=//)|\b(www)(?=\.)|(:)(?=[\w+-]+:)", re.IGNORECASE
)
WWW: Final = re.compile(r"\bwww\.", re.IGNORECASE)
GAP: Final = "&#8203;"
MARK: Final = "\0"  # stands for a gap while text is escaped; no text has it by then


def escaped(text: str) -> str:
    """Text as Markdown shows it: no markup, no mention, no link, one line, and nothing that steers
    the direction of what is read.
    """
    return _escaped(BROKEN.sub(lambda found: f"{found[0]}{MARK}", _line(text)))


def code(text: str) -> str:
    """The same in a fixed width: it can be copied as it stands, since a forge looks for nothing in
    it but links.
    """
    safe = _escaped(_line(text)).replace("://", "&#58;//")
    return f"<code>{WWW.sub('www&#46;', safe)}</code>"


def _line(text: str) -> str:
    return plain(" ".join(text.split())).replace(MARK, "")


def _escaped(line: str) -> str:
    safe = SPECIAL.sub(r"\\\1", html.escape(line, quote=False))
    return safe.replace("#", "&#35;").replace("@", "&#64;").replace(MARK, GAP)


def leave(path: str | None, text: str) -> None:
    """Write it to `path`, print it where that is `-`, and do nothing without one."""
    if path == STDOUT:
        sys.stdout.write(text)
    elif path is not None:
        write_text(Path(path), text)
