"""A gate's outcome as others may read it: texts without names of images, paths, hosts and users."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, Final

from pydantic import BaseModel

from edgeassay.matrix_report.rows import Run
from edgeassay.merge_gate.arriving import Arrived
from edgeassay.privacy import Redactor, hosts_of
from edgeassay.report.redaction import redacted, told_of
from edgeassay.runs.records import CaseId
from edgeassay.spec import Leg
from edgeassay.summary.outcome import Outcome

# Ids that whoever wrote gate.toml chose.
IDS: Final = ("leg", "commit", "stands")


def eraser_of(arrived: Arrived, eraser: Redactor) -> Redactor:
    """The same, that knows every machine and every small subgroup that the files name: sentences
    about one file may speak of another's.
    """
    for one in arrived.runs:
        eraser = told_of(eraser, one.run.results.model_dump(mode="json", by_alias=True))
    return eraser.among(host for one in arrived.abs for host in hosts_of(one.file.machine))


def redacted_outcome(outcome: Outcome, eraser: Redactor) -> Outcome:
    """The outcome with digests for names."""
    made: Outcome = _told(outcome, eraser)
    return outcome if eraser.identified else made


def redacted_runs(runs: list[Run], eraser: Redactor) -> list[Run]:
    """The runs as others may read them."""
    return [
        Run(where=eraser.text(run.where), results=redacted(run.results, eraser)) for run in runs
    ]


def _told(value: Any, eraser: Redactor) -> Any:
    """A part of the outcome, whatever it is; ids stay."""
    if isinstance(value, Enum | CaseId | Leg):
        return value
    if isinstance(value, str):
        return eraser.text(value)
    if isinstance(value, tuple):
        return tuple(_told(one, eraser) for one in value)
    if isinstance(value, BaseModel):
        document = value.model_dump(mode="json", by_alias=True)
        return type(value).model_validate(eraser.value(document))
    if is_dataclass(value) and not isinstance(value, type):
        names = (one.name for one in fields(value) if one.name not in IDS)
        return replace(value, **{name: _told(getattr(value, name), eraser) for name in names})
    return value
