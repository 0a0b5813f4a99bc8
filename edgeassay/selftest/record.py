"""The selftest's result as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgeassay.errors import DataError, why
from edgeassay.plain_files import MOST_FACTS, read_plain
from edgeassay.runs.records import Plain
from edgeassay.selftest.checks import CODES, Found, Outcome


class CheckRecord(BaseModel):
    """What was planted, what had to be said, and what was."""

    subject: Plain
    planted: Plain
    expected: Plain
    said: Plain
    outcome: Outcome
    seconds: float


class SelftestRecord(BaseModel):
    """A whole selftest, of which version and on which machine; `outcome` is the worst of all."""

    model_config = ConfigDict(populate_by_name=True)
    schema_version: Literal[1] = Field(alias="schema", default=1)
    edgeassay: Plain
    fingerprint: Plain
    python: Plain
    made: datetime
    outcome: Outcome
    checks: list[CheckRecord] = Field(min_length=1)

    @property
    def code(self) -> int:
        """The exit code."""
        return CODES[self.outcome]


def worst(found: Sequence[Found] | Sequence[CheckRecord]) -> Outcome:
    """The first of the outcomes, as exit codes go, that any check has."""
    outcomes = {one.outcome for one in found}
    return next(outcome for outcome in CODES if outcome in outcomes)


def read_selftest(path: Path) -> SelftestRecord:
    """The selftest in a file; DataError says what is wrong with it."""
    remedy = "give what `edgeassay selftest --json PATH` has written"
    try:
        found = SelftestRecord.model_validate(json.loads(read_plain(path, MOST_FACTS)))
    except OSError as error:
        raise DataError(f"{path} can't be read: {why(error)}; {remedy}") from None
    except (ValidationError, ValueError, RecursionError):
        raise DataError(f"{path} is no result of a selftest; {remedy}") from None
    if found.outcome is not worst(found.checks):
        raise DataError(f"{path} was changed by hand: its checks give another outcome; {remedy}")
    return found
