"""The words of the house, as frozen dataclasses and enums; everything imports them, and they import
nothing.
"""

from __future__ import annotations

from edgeassay.spec.claims import (
    TRAITS,
    Case,
    Claim,
    ClaimName,
    ClaimTraits,
    Deviation,
    Judgement,
    Kind,
    Limit,
    LimitRule,
    Measurement,
    Sense,
    Verdict,
)
from edgeassay.spec.data import (
    CHEST_FINDINGS,
    DataSource,
    ImageCsvSource,
    NihSource,
    NpzSource,
    PhantomSource,
    Preprocess,
    Role,
)
from edgeassay.spec.model import (
    ARCHITECTURES,
    ENGINES,
    DeviceSpec,
    Match,
    ModelSpec,
    RandomInputs,
    Reference,
    RuntimeSpec,
    Statistics,
    Timing,
    VariantSpec,
)

__all__ = [
    "ARCHITECTURES",
    "CHEST_FINDINGS",
    "ENGINES",
    "TRAITS",
    "Case",
    "Claim",
    "ClaimName",
    "ClaimTraits",
    "DataSource",
    "Deviation",
    "DeviceSpec",
    "ImageCsvSource",
    "Judgement",
    "Kind",
    "Limit",
    "LimitRule",
    "Match",
    "Measurement",
    "ModelSpec",
    "NihSource",
    "NpzSource",
    "PhantomSource",
    "Preprocess",
    "RandomInputs",
    "Reference",
    "Role",
    "RuntimeSpec",
    "Sense",
    "Statistics",
    "Timing",
    "VariantSpec",
    "Verdict",
]
