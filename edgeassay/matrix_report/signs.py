"""Signs for verdicts and decisions, so that colour alone says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeassay.report.decision import DECLARED, Decision
from edgeassay.spec import Verdict

SIGNS: Final[Mapping[str, str]] = {
    Verdict.FAIL.value: "✗",
    Decision.UNDECIDED.value: "?",
    Verdict.INCONCLUSIVE.value: "?",
    Verdict.INCOMPARABLE.value: "≠",
    DECLARED: "◐",
    Verdict.UNMEASURED.value: "○",
    Verdict.PASS.value: "✓",
}
