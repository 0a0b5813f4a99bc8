"""What is written for others: documents without what names patients, hosts, users or places."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgeassay.atomic import write_text
from edgeassay.privacy import LEAST_CELL, Redactor, hosts_of, redactor
from edgeassay.project import project_folder
from edgeassay.report.results import Results


def leave_json(
    path: Path | None,
    facts: Mapping[str, Any],
    *,
    identified: bool,
    folders: Iterable[Path] | None = None,
) -> None:
    """Write the numbers of a command for others, whole or not at all; nothing without a path.
    `folders` are those that the command was given.
    """
    if path is not None:
        words = redactor(project_folder(), identified=identified, folders=folders)
        write_text(path, json.dumps(words.document(facts), indent=2) + "\n")


def redacted(results: Results, eraser: Redactor) -> Results:
    """The same run for others; one that is redacted already stays as it is."""
    if eraser.identified:
        return results
    document: dict[str, Any] = results.model_dump(mode="json", by_alias=True)
    made = told_of(eraser, document).value(document)
    for case in made["cases"]:
        for cell in ((case.get("curves") or {}).get("subgroups")) or []:
            for name in ("images", "patients"):
                if cell[name] is not None and cell[name] < LEAST_CELL:
                    cell[name] = None
    return Results.model_validate(made | {"identified": False, "digest": None})


def told_of(eraser: Redactor, document: Mapping[str, Any]) -> Redactor:
    """The same, that knows the hosts and the small subgroups of a run: other documents may speak of
    them too.
    """
    small = dict.fromkeys((*eraser.small, *_small(document)))
    known = replace(eraser, small=tuple(sorted(small, key=len, reverse=True)))
    return known.among(hosts_of(document))


def _small(document: Mapping[str, Any]) -> Iterator[str]:
    """Subgroups, as sentences name them, that are too small to be told."""
    for case in document["cases"]:
        for cell in ((case.get("curves") or {}).get("subgroups")) or []:
            if min(cell[n] or 0 for n in ("images", "patients")) < LEAST_CELL:
                yield f"{cell['column']} = {cell['value']}"
