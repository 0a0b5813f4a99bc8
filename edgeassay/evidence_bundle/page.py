"""index.html: the bundle for people, in one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from edgeassay.evidence_bundle import parts
from edgeassay.matrix_report.signs import SIGNS
from edgeassay.report.marks import MEANINGS
from edgeassay.spec import Kind

TEMPLATE: Final = "index.html.j2"
GUIDANCE: Final = (
    "Marketing Submission Recommendations for a Predetermined Change Control Plan for Artificial"
    " Intelligence-Enabled Device Software Functions (FDA, final guidance, August 2025)"
)


def page_of(documents: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """The page; everything in it is escaped by the template's engine."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    verdicts = documents[parts.VERDICTS.path]
    return environment.get_template(TEMPLATE).render(
        summary=summary,
        guidance=GUIDANCE,
        modifications=documents[parts.MODIFICATIONS.path],
        criteria=documents[parts.CRITERIA.path]["limits"],
        data=documents[parts.DATA.path],
        attempts=documents[parts.ATTEMPTS.path],
        validation=documents[parts.VALIDATION.path],
        verdicts=verdicts,
        counts={kind: counted(rows) for kind, rows in verdicts.items()},
        deviations=documents[parts.DEVIATIONS.path],
        machines=documents[parts.MACHINES.path],
        signs=dict(SIGNS),
        meanings={kind.value: MEANINGS[kind] for kind in Kind},
        measured=Kind.MEASURED.value,
    )


def counted(rows: list[dict[str, Any]]) -> dict[str, int]:
    """How many claims stand how, the worst first."""
    standings = [row["standing"] for row in rows]
    return {name: standings.count(name) for name in SIGNS if name in standings}
