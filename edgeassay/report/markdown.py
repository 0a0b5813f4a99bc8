"""Text in Markdown."""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path
from typing import Final

from edgeassay.atomic import write_text

STDOUT: Final = "-"

# What Markdown, or a forge, would take for something else than the character.
SPECIAL: Final = re.compile(r"([\\`*_\[\]|~])")


def escaped(text: str) -> str:
    """Text as Markdown shows it: no markup, no mention, no link to an issue, one line."""
    plain = SPECIAL.sub(r"\\\1", html.escape(" ".join(text.split()), quote=False))
    return plain.replace("#", "&#35;").replace("@", "&#64;")


def leave(path: str | None, text: str) -> None:
    """Write it to `path`, print it where that is `-`, and do nothing without one."""
    if path == STDOUT:
        sys.stdout.write(text)
    elif path is not None:
        write_text(Path(path), text)
