"""The parts of a bundle: which file has what, by the sections of a predetermined change control
plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Part:
    """A file, and what it tells."""

    path: str
    title: str
    section: str


DESCRIPTION: Final = "Description of modifications"
PROTOCOL: Final = "Modification protocol"
IMPACT: Final = "Impact assessment"

MODIFICATIONS: Final = Part(
    path="description/modifications.json",
    title="each variant: its bytes, its method, its converters",
    section=DESCRIPTION,
)
MATERIALS: Final = Part(
    path="description/sbom.cdx.json",
    title="software bill of materials (CycloneDX 1.6)",
    section=DESCRIPTION,
)
CRITERIA: Final = Part(
    path="protocol/acceptance-criteria.json",
    title="each limit, its file, and the commit at which it was set",
    section=PROTOCOL,
)
DATA: Final = Part(
    path="protocol/data.json",
    title="digests of the data, and that no patient is in two splits",
    section=PROTOCOL,
)
ATTEMPTS: Final = Part(
    path="protocol/attempts.json",
    title="every look at the test split since the limits were set",
    section=PROTOCOL,
)
VALIDATION: Final = Part(
    path="protocol/tool-validation.json",
    title="what the selftest said, on which machine",
    section=PROTOCOL,
)
VERDICTS: Final = Part(
    path="impact/verdicts.json",
    title="every claim with number, interval, limit and verdict",
    section=IMPACT,
)
DEVIATIONS: Final = Part(
    path="impact/deviations.json",
    title="declared failures, with reason and expiry",
    section=IMPACT,
)
MACHINES: Final = Part(
    path="impact/machines.json",
    title="machines, commits, and what else went on there",
    section=IMPACT,
)
PREDICTED: Final = Part(
    path="impact/predictions.json",
    title="which file under predictions/ is of which case",
    section=IMPACT,
)
TIMES: Final = Part(
    path="impact/durations.json",
    title="durations, as the worker's clock told them",
    section=IMPACT,
)
SUMMARY: Final = "bundle.json"
PAGE: Final = "index.html"
REPORT: Final = "report.html"
RESULTS: Final = "results"
