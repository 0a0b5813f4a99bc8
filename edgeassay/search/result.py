"""What a search found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeassay.search.looking import Reading
from edgeassay.search.tried import Objective, Tried
from edgeassay.spec import Limit


@dataclass(frozen=True, kw_only=True)
class Result:
    """All that was tried, why it ended, and what was chosen: None where nothing meets the margin.

    `test` is what the test split says of that, or `test_absent` why it says nothing.
    """

    command: str
    model: str
    variant: str
    objective: Objective
    margin: Limit
    seed: int
    versions: Mapping[str, str]
    tried: tuple[Tried, ...]
    failed: int
    why: str
    chosen: Tried | None = None
    test: Reading | None = None
    test_absent: str | None = None
