"""Whether a bundle is whole, and its parts say what its results say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import edgeassay
from edgeassay.evidence_bundle import described, parts
from edgeassay.evidence_bundle.manifest import Manifest
from edgeassay.evidence_bundle.page import page_of
from edgeassay.evidence_bundle.parts import Part
from edgeassay.matrix_report.rows import Run
from edgeassay.plain_files import read_plain
from edgeassay.report.decision import decided_runs
from edgeassay.report.results import Results

DIGEST: Final = "results_sha256"
# Parts that are taken from the results alone, and so can be taken again.
TAKEN: Final[Mapping[Part, Callable[[Sequence[Run]], Any]]] = {
    parts.VERDICTS: described.verdicts_of,
    parts.DEVIATIONS: described.deviations_of,
    parts.MACHINES: described.machines_of,
}


def lacking(manifest: Manifest) -> Iterator[str]:
    """A sentence for each part that a bundle always has and this one's manifest doesn't name."""
    there = {file.path for file in manifest.files}
    always = [one.path for one in vars(parts).values() if isinstance(one, Part)]
    for path in (*always, parts.SUMMARY, parts.PAGE):
        if path not in there:
            yield f"{path} isn't in the manifest: the bundle isn't whole"
    if not any(path.startswith(f"{parts.RESULTS}/") for path in there):
        yield f"nothing below {parts.RESULTS}/ is in the manifest: the bundle isn't whole"


def unlike(runs: Mapping[str, Results], read: Callable[[Path], Any], folder: Path) -> Iterator[str]:
    """A sentence for each part that isn't what the results give; one that can't be read is None,
    and the manifest says of it what is wrong.
    """
    named = [Run(where=name, results=results) for name, results in runs.items()]
    for part, taken in TAKEN.items():
        found = read(folder / part.path)
        if found is not None and _comparable(found) != _comparable(taken(named)):
            yield f"{part.path} says something else than {parts.RESULTS}/ does"
    yield from _summary_unlike(named, read(folder / parts.SUMMARY))
    yield from _page_unlike(read, folder)


def _comparable(document: Any) -> Any:
    """A part without the digests of results as their runs left them: those here name nobody."""
    if not isinstance(document, list):
        return document
    rows = (row if isinstance(row, dict) else {"row": row} for row in document)
    return [{key: value for key, value in row.items() if key != DIGEST} for row in rows]


def _summary_unlike(runs: Sequence[Run], summary: Any) -> Iterator[str]:
    """The decision as the results give it; of a bundle of before there was one, nothing."""
    if not isinstance(summary, dict) or not summary:
        yield f"{parts.SUMMARY} is empty, and says nothing of what the bundle is"
    elif "decision" in summary:
        decision = decided_runs(run.results for run in runs).word
        if (summary["decision"], summary.get("variants")) != (
            decision,
            described.variants_of(runs),
        ):
            yield f"{parts.SUMMARY} says something else of the decision than {parts.RESULTS}/ does"


def _page_unlike(read: Callable[[Path], Any], folder: Path) -> Iterator[str]:
    """The page must be what this version makes of the other parts; another version's can't be made
    again.
    """
    summary = read(folder / parts.SUMMARY)
    if not isinstance(summary, dict) or summary.get("edgeassay") != edgeassay.__version__:
        return
    documents = {
        one.path: read(folder / one.path) for one in vars(parts).values() if isinstance(one, Part)
    }
    if find_spec("jinja2") is None:  # pages need the extra `report`
        return
    from jinja2 import TemplateError

    try:
        again = page_of(documents, summary)
    except (TemplateError, LookupError, TypeError, ValueError, AttributeError):
        again = None
    try:
        page = read_plain(folder / parts.PAGE).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return  # the manifest says so
    if again is None:
        yield f"{parts.PAGE} can't be made again: a part lacks what it shows"
    elif again != page:
        yield f"{parts.PAGE} says something else than the parts that it shows"
