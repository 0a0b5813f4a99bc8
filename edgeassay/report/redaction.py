"""Results without what names patients, hosts, users or places: what is written for others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from edgeassay.privacy import HOST_FIELDS, LEAST_CELL, UNDER, Redactor
from edgeassay.report.results import Results

# Ids that files are matched by; the words of TOML, which whoever writes it shows.
KEPT: Final = ("case", "claim", "class", "classes", "class_name", "verdict", "kind", "unit")


def redacted(results: Results, redactor: Redactor) -> Results:
    """The same run for others; one that is redacted already stays as it is."""
    if redactor.identified:
        return results
    document: dict[str, Any] = results.model_dump(mode="json", by_alias=True)
    small = _small(document)
    made = _value(document, redactor.among(_hosts(document)), small)
    for case in made["cases"]:
        for cell in ((case.get("curves") or {}).get("subgroups")) or []:
            for name in ("images", "patients"):
                if cell[name] is not None and cell[name] < LEAST_CELL:
                    cell[name] = None
    return Results.model_validate(made | {"identified": False, "digest": None})


def _hosts(value: Any) -> Iterator[str]:
    """Every host that the document names in a field of its own: sentences may name it too."""
    if isinstance(value, list):
        for one in value:
            yield from _hosts(one)
    if isinstance(value, dict):
        for name, one in value.items():
            if name in HOST_FIELDS and isinstance(one, str):
                yield one
            else:
                yield from _hosts(one)


def _small(document: dict[str, Any]) -> tuple[str, ...]:
    """Subgroups, as sentences name them, that are too small to be told."""
    found = {
        f"{cell['column']} = {cell['value']}": None
        for case in document["cases"]
        for cell in ((case.get("curves") or {}).get("subgroups")) or []
        if min(cell[n] or 0 for n in ("images", "patients")) < LEAST_CELL
    }
    return tuple(sorted(found, key=len, reverse=True))


def _value(value: Any, redactor: Redactor, small: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        for name in small:
            value = value.replace(name, f"a subgroup of {UNDER}")
        return redactor.text(value)
    if isinstance(value, list):
        return [_value(one, redactor, small) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: _named(name, one, redactor, small) for name, one in value.items()}


def _named(name: str, value: Any, redactor: Redactor, small: tuple[str, ...]) -> Any:
    if name in KEPT:
        return value
    if name in HOST_FIELDS and isinstance(value, str):
        return redactor.host(value)
    return _value(value, redactor, small)
