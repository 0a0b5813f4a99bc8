"""The words of the house, as frozen dataclasses and enums; everything imports them, and they import
nothing.
"""

from __future__ import annotations

from edgeassay.spec.accepting import Accepted
from edgeassay.spec.advising import Advising, Prefer
from edgeassay.spec.checkup import Checkup
from edgeassay.spec.claims import (
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
from edgeassay.spec.comparing import (
    SENSIBLE_CHANGES,
    Allowed,
    AllowedRule,
    Comparison,
    Gate,
    Noise,
    Spans,
    Stack,
)
from edgeassay.spec.data import (
    CHEST_FINDINGS,
    DataSource,
    Decoding,
    ImageCsvSource,
    InputShapes,
    NihSource,
    NpzSource,
    PhantomSource,
    Preprocess,
    Role,
    Sample,
    Task,
    task_of,
)
from edgeassay.spec.device import DeviceSpec, Extent, Match, Timing, Tolerance
from edgeassay.spec.history import History
from edgeassay.spec.ladder import Ladder
from edgeassay.spec.legs import Approval, CodeChanges, Excusing, Expected, Leg, Waiver
from edgeassay.spec.model import (
    ModelSpec,
    OperatingPoint,
    RandomInputs,
    Reference,
    Saliency,
    Segmentation,
    Statistics,
    Training,
    VariantSpec,
)
from edgeassay.spec.processor import (
    ARCHITECTURES,
    INSTRUCTION_SETS,
    VENDORS,
    CpuRule,
    Processor,
    is_family,
    is_vendor,
)
from edgeassay.spec.pruning import Importance, Pruning
from edgeassay.spec.runtimes import (
    ENGINES,
    FORMATS,
    EngineTraits,
    EnvironmentSpec,
    RuntimeSpec,
    WorkerSpec,
)
from edgeassay.spec.selecting import Selecting
from edgeassay.spec.selftest import Selftest
from edgeassay.spec.sensible import Sensible
from edgeassay.spec.traits import TRAITS

__all__ = [
    "ARCHITECTURES",
    "CHEST_FINDINGS",
    "ENGINES",
    "FORMATS",
    "INSTRUCTION_SETS",
    "SENSIBLE_CHANGES",
    "TRAITS",
    "VENDORS",
    "Accepted",
    "Advising",
    "Allowed",
    "AllowedRule",
    "Approval",
    "Case",
    "Checkup",
    "Claim",
    "ClaimName",
    "ClaimTraits",
    "CodeChanges",
    "Comparison",
    "CpuRule",
    "DataSource",
    "Decoding",
    "Deviation",
    "DeviceSpec",
    "EngineTraits",
    "EnvironmentSpec",
    "Excusing",
    "Expected",
    "Extent",
    "Gate",
    "History",
    "ImageCsvSource",
    "Importance",
    "InputShapes",
    "Judgement",
    "Kind",
    "Ladder",
    "Leg",
    "Limit",
    "LimitRule",
    "Match",
    "Measurement",
    "ModelSpec",
    "NihSource",
    "Noise",
    "NpzSource",
    "OperatingPoint",
    "PhantomSource",
    "Prefer",
    "Preprocess",
    "Processor",
    "Pruning",
    "RandomInputs",
    "Reference",
    "Role",
    "RuntimeSpec",
    "Saliency",
    "Sample",
    "Segmentation",
    "Selecting",
    "Selftest",
    "Sense",
    "Sensible",
    "Spans",
    "Stack",
    "Statistics",
    "Task",
    "Timing",
    "Tolerance",
    "Training",
    "VariantSpec",
    "Verdict",
    "Waiver",
    "WorkerSpec",
    "is_family",
    "is_vendor",
    "task_of",
]
