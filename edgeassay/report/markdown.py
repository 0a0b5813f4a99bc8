"""Text in Markdown."""

from __future__ import annotations

import html
import re
from typing import Final

# What Markdown, or a forge, would take for something else than the character.
SPECIAL: Final = re.compile(r"([\\`*_\[\]|~])")


def escaped(text: str) -> str:
    """Text as Markdown shows it: no markup, no mention, no link to an issue, one line."""
    plain = SPECIAL.sub(r"\\\1", html.escape(" ".join(text.split()), quote=False))
    return plain.replace("#", "&#35;").replace("@", "&#64;")
