"""TOML as it is written by hand: comments, keys, strings, and settings that are switched off."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from textwrap import wrap
from typing import Final

WIDTH: Final = 98


def prose(text: str) -> list[str]:
    """A comment that explains, in lines."""
    return wrap(
        text,
        WIDTH,
        initial_indent="# ",
        subsequent_indent="# ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def quoted(text: str) -> str:
    """A string; JSON's escapes are TOML's too, except that JSON lets DEL stand."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def key(name: str) -> str:
    """A key, in quotes where it needs them: a dot would make two keys of it."""
    return name if re.fullmatch("[a-z0-9_-]+", name) else quoted(name)


def off(lines: Sequence[str]) -> list[str]:
    """Settings that are switched off."""
    return [f"#{line}" for line in lines]
