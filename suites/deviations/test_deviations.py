"""A declared failure is still there: what was mended loses its excuse, and what expired too."""

from __future__ import annotations

from collections.abc import Callable

from edgeassay.spec import Deviation


def test_deviation_still_matches(
    deviation: Deviation, still_matches: Callable[[Deviation], None]
) -> None:
    still_matches(deviation)
