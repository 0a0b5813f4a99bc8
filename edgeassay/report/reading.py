"""results.json as runs left it: read, and held against what a run can have found."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from edgeassay.errors import DataError, why_no_json
from edgeassay.plain_files import MOST_RESULTS
from edgeassay.report.results import CaseRecord, Results, digest_of
from edgeassay.runs.bounds import check_bounds
from edgeassay.runs.format import bytes_of

REMEDY: Final = "give a results.json that `pytest` left (--assay-json says where)"
CHANGED: Final = "it was changed by hand; run it again"
READ: Final = 1  # the schema of the files that are read
POSITIVE: Final = (
    "size_bytes",
    "size_ratio",
    "p50_ms",
    "p95_ms",
    "latency_ratio",
    "peak_memory_mb",
)
SHARES: Final = ("mean_auc", "mean_dice", "delegated_share")


def read_results(path: Path) -> Results:
    """The run in a file; DataError says what is wrong with it, where, and what to do."""
    found = _parsed(path)
    if "benchmarks" in found and "claims" not in found:
        raise DataError(f"{path} is a file of pytest-benchmark; {REMEDY}")
    if "claims" not in found:
        raise DataError(f"{path} has no claims and is no edgeassay results file; {REMEDY}")
    if found.get("schema", READ) != READ:
        raise DataError(
            f"{path} has schema {found['schema']!r}, and this version of edgeassay reads {READ};"
            " use the version that wrote it, or run it again"
        )
    if (digest := found.get("digest")) is not None and digest != digest_of(found):
        raise DataError(f"{path} isn't what its own digest is of: {CHANGED}")
    try:
        results = Results.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise DataError(
            f"{path} isn't as edgeassay writes it ({place}: {first['msg']}); {REMEDY}"
        ) from None
    for number, case in enumerate(results.cases):
        _check(f"{path}: cases.{number}", case)
    return results


def _parsed(path: Path) -> Mapping[str, Any]:
    content = bytes_of(path, REMEDY, MOST_RESULTS)
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is no whole JSON ({why_no_json(error)}); {REMEDY}") from None
    if not isinstance(found, dict):
        raise DataError(f"{path} is no edgeassay results file; {REMEDY}")
    check_bounds(found, path, REMEDY)
    return found


def _check(place: str, case: CaseRecord) -> None:
    """DataError where a number is none that a run finds."""
    for name in POSITIVE:
        _refuse(place, name, getattr(case, name), least=0.0, above=True)
    for name in SHARES:
        _refuse(place, name, getattr(case, name), least=0.0, most=1.0)
    for name in ("mean_auc_drop", "mean_dice_drop"):
        _refuse(place, name, getattr(case, name), least=-1.0, most=1.0)
    for name, bounds in case.intervals.items():
        for value in (bounds.value, bounds.low, bounds.high):
            _refuse(place, f"intervals.{name}", value, least=-math.inf)


def _refuse(
    place: str,
    name: str,
    value: float | None,
    *,
    least: float,
    most: float = math.inf,
    above: bool = False,
) -> None:
    if value is None:
        return
    if not least <= value <= most or (above and value == least):
        raise DataError(f"{place}.{name} = {value!r}: {CHANGED}")
