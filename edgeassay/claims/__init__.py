"""How each claim is measured: a case's evidence to a value with its bounds, one file a subject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeassay.claims import (
    artifact,
    auc,
    baseline,
    decisions,
    memory,
    overlap,
    runtimes,
    saliency,
    scores,
    time,
)
from edgeassay.claims.measured import Measure
from edgeassay.spec import ClaimName

MEASURES: Final[Mapping[ClaimName, Measure]] = {
    **artifact.MEASURES,
    **auc.MEASURES,
    **baseline.MEASURES,
    **decisions.MEASURES,
    **memory.MEASURES,
    **overlap.MEASURES,
    **runtimes.MEASURES,
    **saliency.MEASURES,
    **scores.MEASURES,
    **time.MEASURES,
}

__all__ = ["MEASURES"]
