"""Which graphs of a file weren't judged, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from edgeassay.report.results import CaseRecord
from edgeassay.runs.records import plain

MOST: Final = 8  # names of graphs that a sentence has


def not_judged(loaded: Mapping[str, Any], verb: str = "judged") -> str | None:
    """Which graphs of a file weren't judged, or what `verb` says, by its `loaded` facts; None if
    all were.
    """
    found = loaded.get("signatures")
    if not isinstance(found, Mapping):
        return None
    others, subgraphs = _names(found.get("others")), _names(found.get("subgraphs"))
    parts = [
        f"{kind}{'' if len(names) == 1 else 's'} {_listed(names)}"
        for kind, names in (("signature", others), ("subgraph", subgraphs))
        if names
    ]
    if not parts:
        return None
    judged = found.get("judged")
    which = "its main graph" if judged is None else f"its signature {_quoted(judged)}"
    left = "isn't" if len(others) + len(subgraphs) == 1 else "aren't"
    return f"only {which} is {verb}; {' and '.join(parts)} of the file {left}"


def unjudged_files(cases: Iterable[CaseRecord]) -> Iterator[str]:
    """A line for each file of which a graph wasn't judged."""
    found = {(case.case.model, case.case.variant): not_judged(case.loaded) for case in cases}
    for (model, variant), words in found.items():
        if words is not None:
            yield f"{model}/{variant}: {words}"


def _names(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _listed(names: list[Any]) -> str:
    more = f" and {len(names) - MOST:,} more" if len(names) > MOST else ""
    return ", ".join(map(_quoted, names[:MOST])) + more


def _quoted(name: Any) -> str:
    return f"'{plain(str(name))}'"
