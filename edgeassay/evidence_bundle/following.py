"""Whether a bundle is whole, and its parts say what its results say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from edgeassay.evidence_bundle import described, parts
from edgeassay.evidence_bundle.manifest import Manifest
from edgeassay.evidence_bundle.parts import Part
from edgeassay.matrix_report.rows import Run
from edgeassay.report.results import Results

# Parts that are taken from the results alone, and so can be taken again.
TAKEN: Final[Mapping[Part, Callable[[Sequence[Run]], Any]]] = {
    parts.VERDICTS: described.verdicts_of,
    parts.DEVIATIONS: described.deviations_of,
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
        if found is not None and found != taken(named):
            yield f"{part.path} says something else than {parts.RESULTS}/ does"
