"""The command that measures a claim again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Final

from edgeassay.runs.records import CaseId, ClaimRecord
from edgeassay.spec import TRAITS

# Options of the run that say what it was about, not which part of it.
CARRIED: Final = ("--models-dir", "--devices-dir", "--artifacts", "--baselines", "--images")
# What pytest's -k reads as one name.
NAME: Final = re.compile(r"[\w.+:\-]+")
WORDS: Final = ("and", "or", "not")


def command_of_claim(record: ClaimRecord, words: Sequence[str]) -> str:
    """For a shell: one claim of a run that pytest was started with `words` for."""
    wanted = f"test_{record.claim}"
    name = record.class_name
    if name is not None and NAME.fullmatch(name) and name not in WORDS:
        wanted += f" and {name}"
    return shlex.join([*_case(record.case, words, [record]), "-k", wanted])


def command_of_case(case: CaseId, records: Sequence[ClaimRecord], words: Sequence[str]) -> str:
    """For a shell: these claims of a case, and its others."""
    return shlex.join(_case(case, words, records))


def _case(case: CaseId, words: Sequence[str], records: Sequence[ClaimRecord]) -> list[str]:
    traits = [TRAITS[record.claim] for record in records]
    made = ["pytest"]
    made += ["--benchmark"] if any(one.timed for one in traits) else []
    made += ["--baseline"] if any(one.of_baseline for one in traits) else []
    for name in ("model", "variant", "runtime", "device"):
        value = getattr(case, name)
        # A name that begins with a dash would be an option of its own.
        made += [f"--{name}={value}"] if value.startswith("-") else [f"--{name}", value]
    return [*made, *_carried(words)]


def _carried(words: Sequence[str]) -> list[str]:
    found: list[str] = []
    for k, word in enumerate(words):
        name, equals, _ = word.partition("=")
        if name in CARRIED:
            found += [word] if equals else [word, *words[k + 1 : k + 2]]
    return found
