"""A recorded claim in words, and the command that judges it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from edgeassay.runs.records import ClaimRecord
from edgeassay.spec import TRAITS

# Options of a run without which its models and devices aren't found.
FOLDERS: Final = ("--models-dir", "--devices-dir")


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


def reproducing(record: ClaimRecord, command: Sequence[str]) -> str:
    """The words to type on the machine that judged it; `command` has those that the run was started
    with.
    """
    traits, case = TRAITS[record.claim], record.case
    words = ["pytest", *(["--benchmark"] if traits.timed else [])]
    words += ["--baseline"] if traits.of_baseline else []
    words += ["--model", case.model, "--variant", case.variant, "--runtime", case.runtime]
    words += ["--device", case.device, *_folders(command)]
    return shlex.join([*words, "-k", f"test_{record.claim}"])


def _folders(command: Sequence[str]) -> Iterator[str]:
    """The options of a run that name folders, each with its value."""
    for number, word in enumerate(command):
        option, equals, _ = word.partition("=")
        if option in FOLDERS and equals:
            yield word
        elif word in FOLDERS and number + 1 < len(command):
            yield from (word, command[number + 1])
