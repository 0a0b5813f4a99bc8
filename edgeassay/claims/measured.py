"""What measuring a claim gives."""

from __future__ import annotations

from collections.abc import Callable

from edgeassay.evidence import Evidence
from edgeassay.spec import Claim, Measurement

# The measurement, and the reference's own value where there is one (bytes, AUC, ms).
Measured = tuple[Measurement, float | None]
Measure = Callable[[Evidence, Claim], Measured]
