"""Whether a bundle is what it was, whose it is, and whether its numbers follow from it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from edgeassay.errors import DataError, EdgeassayError
from edgeassay.evidence_bundle import parts
from edgeassay.evidence_bundle.agreeing import criteria_unlike, predictions_unlike
from edgeassay.evidence_bundle.criteria import Criterion
from edgeassay.evidence_bundle.following import lacking, unlike
from edgeassay.evidence_bundle.manifest import changes, read_manifest
from edgeassay.evidence_bundle.predictions import PREDICTIONS, Kept, RoundsRecord
from edgeassay.evidence_bundle.recomputing import Recomputed, all_of, recompute, recompute_times
from edgeassay.evidence_bundle.separation import (
    EVALUATION,
    DataRecord,
    separate,
    shared_of,
    statement_of,
)
from edgeassay.evidence_bundle.signing import Signature, Signed, check
from edgeassay.plain_files import MOST_SAVED, read_plain
from edgeassay.report.reading import read_results
from edgeassay.report.results import Results
from edgeassay.runs.scores import read_scores

Row = TypeVar("Row", bound=BaseModel)

FAILED = 1
LACKING = 4


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was found out about a bundle; `data` has a sentence about each model's patients,
    `lacking` one for everything without which it shows less than it says.
    """

    files: int
    changed: tuple[str, ...]
    signature: Signature
    recomputed: Recomputed
    data: tuple[str, ...]
    overlaps: tuple[str, ...]
    lacking: tuple[str, ...]
    warnings: tuple[str, ...]

    def code(self, *, signers: bool) -> int:
        """The exit code. Where signers were given, an unsigned bundle isn't enough; one that lacks
        what its verdicts stand on never is.
        """
        wrong = self.changed or self.recomputed.wrong or self.overlaps
        if wrong or self.signature.signed is Signed.WRONG:
            return FAILED
        unsigned = signers and self.signature.signed is Signed.NOT
        return LACKING if unsigned or self.lacking else 0


def verify(folder: Path, signers: Path | None, identity: str | None) -> Verified:
    """Look at every byte, and compute every number again that can be; DataError where the folder is
    no bundle.
    """
    manifest = read_manifest(folder)
    changed = [*changes(folder, manifest), *lacking(manifest)]
    signature = check(folder, signers, identity)
    runs: dict[str, Results] = {}
    found = (folder / parts.RESULTS).glob("*.json")
    for path in sorted(found, key=lambda one: (len(one.stem), one.stem)):
        try:
            runs[path.stem] = read_results(path)
        except EdgeassayError as error:
            changed.append(str(error))
    rounds = _rounds(folder)
    recomputed = all_of(
        part
        for name, results in runs.items()
        for part in (
            recompute(results, name, folder / PREDICTIONS),
            recompute_times(results, name, rounds),
        )
    )
    recomputed.wrong += unlike(runs, _json, folder)
    criteria = _records(folder / parts.CRITERIA.path, Criterion, "limits")
    recomputed.wrong += criteria_unlike(criteria, runs)
    kept = _records(folder / parts.PREDICTED.path, Kept)
    recomputed.wrong += predictions_unlike(kept, runs, folder)
    records = _data(folder)
    return Verified(
        files=len(manifest.files),
        changed=tuple(changed),
        signature=signature,
        recomputed=recomputed,
        data=tuple(f"{one.model}: {statement_of(one.shared)}" for one in records if one.splits),
        overlaps=tuple(_overlaps(records, runs, folder)),
        lacking=tuple(_lacking(runs, recomputed)),
        warnings=tuple(_warnings(folder)),
    )


def _lacking(runs: Mapping[str, Results], recomputed: Recomputed) -> Iterator[str]:
    """A sentence for everything that should be there, so that verdicts could be checked."""
    for name, results in runs.items():
        if not results.claims:
            yield f"{parts.RESULTS}/{name}.json has no claims: nothing was judged"
    if recomputed.missing:
        names = ", ".join(f"{name} ({count:,})" for name, count in recomputed.missing.items())
        yield f"the predictions that these claims are about aren't in the bundle: {names}"
    if not recomputed.raw:
        yield (
            "nothing was computed again: there are no predictions that any claim is about, and no"
            " single durations (`edgeassay report --evidence DIR --benchmarks FILE`)"
        )


def _json(path: Path) -> Any:
    try:
        return json.loads(read_plain(path, MOST_SAVED))
    except (OSError, ValueError, RecursionError):
        return None  # that it is missing or changed is said by the manifest


def _rounds(folder: Path) -> Mapping[tuple[str, ...], list[list[int]]]:
    """The durations of every process by their case."""
    path = folder / parts.TIMES.path
    if (read := _json(path)) is None:
        return {}
    try:
        rows = TypeAdapter(list[RoundsRecord]).validate_python(read["rounds"])
    except (ValidationError, LookupError, TypeError):
        raise _odd(path) from None
    return {(one.model, one.variant, one.runtime, one.device): one.durations_ns for one in rows}


def _data(folder: Path) -> list[DataRecord]:
    return _records(folder / parts.DATA.path, DataRecord)


def _records(path: Path, kind: type[Row], below: str | None = None) -> list[Row]:
    """The records in a part; none where it can't be read, which the manifest says."""
    read = _json(path)
    if read is None:
        return []
    try:
        rows = read if below is None else read[below]
        return TypeAdapter(list[kind]).validate_python(rows)  # type: ignore[valid-type]
    except (ValidationError, LookupError, TypeError):
        raise _odd(path) from None


def _odd(path: Path) -> DataError:
    return DataError(f"{path} isn't as edgeassay writes it; write the bundle again")


def _overlaps(
    records: list[DataRecord], runs: Mapping[str, Results], folder: Path
) -> Iterator[str]:
    """A sentence where what is said of patients doesn't follow from the lists of their digests."""
    for one in records:
        found = shared_of(one.splits)
        if found != one.shared or separate(found) != one.separate:
            yield f"{one.model}: its lists of patients say: {statement_of(found)}"
        elif one.separate is False:
            yield f"{one.model}: {one.statement}"
        ours = one.splits.get(EVALUATION)
        if ours is None or ours.patients is None or not one.same_as_judged:
            continue
        for name, results in runs.items():
            yield from _patients(one.model, name, results, len(ours.patients), folder)


def _patients(
    model: str, name: str, results: Results, patients: int, folder: Path
) -> Iterator[str]:
    """The scores must be of as many patients as the list has."""
    seen = set()
    for record in results.scores:
        if record.case.model != model or record.sha256 in seen:
            continue
        seen.add(record.sha256)
        try:
            count = len(set(read_scores(folder / PREDICTIONS, record.sha256).patients.tolist()))
        except EdgeassayError:
            continue  # said already
        if count != patients:
            yield (
                f"{name}: scores of {model} {record.case.variant} are of {count:,} patients, and"
                f" the list of evaluation's has {patients:,}"
            )


def _warnings(folder: Path) -> list[str]:
    read = _json(folder / parts.SUMMARY)
    found = read.get("warnings") if isinstance(read, dict) else None
    return [str(words) for words in found] if isinstance(found, list) else []
