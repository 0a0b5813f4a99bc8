"""Claims about masks: how far they overlap with the drawn ones, and what a variant loses of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from edgeassay.build import seed_of
from edgeassay.claims.measured import Measure, Measured
from edgeassay.evidence import Evidence
from edgeassay.measure.overlaps import (
    Score,
    dices,
    drop_measured,
    jaccards,
    mean_measured,
    surface_dices,
)
from edgeassay.spec import TRAITS, Claim, ClaimName


def drop(evidence: Evidence, claim: Claim, *, score: Score) -> Measured:
    """The reference's mean over images less the case's."""
    return drop_measured(
        evidence.segmentations.compared(claim.case),
        score,
        TRAITS[claim.name].unit,
        evidence.rig.model(claim.case),
        limit=claim.limit.value,
        seed=seed_of(claim.case.id),
    )


def min_dice(evidence: Evidence, claim: Claim) -> Measured:
    """The mean Dice."""
    overlaps, model = evidence.segmentations.alone(claim.case), evidence.rig.model(claim.case)
    unit = TRAITS[claim.name].unit
    return mean_measured(overlaps, dices, unit, model, seed=seed_of(claim.case.id)), None


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.MEAN_DICE_DROP: partial(drop, score=dices),
    ClaimName.MIN_DICE: min_dice,
    ClaimName.MEAN_IOU_DROP: partial(drop, score=jaccards),
    ClaimName.BOUNDARY_DICE_DROP: partial(drop, score=surface_dices),
}
