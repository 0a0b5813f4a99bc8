"""What is asked of every excuse in TOML (deviation, acceptance, waiver): a reason in words, and an
early last day.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from pydantic import TypeAdapter

from edgeassay.config.shapes import defaults
from edgeassay.errors import ConfigError
from edgeassay.spec import Excusing

# Where a script puts no spaces between words, each character is one.
WORD: Final = re.compile(r"[぀-鿿가-힯]|[^\W\d_぀-鿿가-힯]+")
# Words that stand where a reason is still missing.
PLACEHOLDERS: Final = frozenset({"todo", "tbd", "tba", "fixme", "xxx", "wip", "placeholder"})


def check_excuse(kind: str, reason: str, expires: date, *, source: str, today: date) -> None:
    """ConfigError if nobody could review an excuse, or nobody ever would.

    `kind` is the table of the defaults with its rules; `source` says where it stands.
    """
    rules = check_reason(kind, reason, source=source)
    last = today + timedelta(days=rules.most_days)
    if expires > last:
        raise ConfigError(
            f"{source}.expires = {expires} is more than {rules.most_days} days ahead;"
            f" choose {last} or earlier, and review it then"
        )


def check_reason(kind: str, reason: str, *, source: str) -> Excusing:
    """The rules of a kind of excuse; ConfigError if its reason is not made of words."""
    rules = TypeAdapter(Excusing).validate_python(defaults()["excuse"][kind])
    words = {word.lower() for word in WORD.findall(reason)}
    letters = sum(map(len, words))
    if words & PLACEHOLDERS or len(words) < rules.least_words or letters < rules.least_letters:
        raise ConfigError(
            f"{source}.reason = {reason!r} tells nobody why; say it in"
            f" {rules.least_words} words at least, of {rules.least_letters} letters together"
        )
    return rules
