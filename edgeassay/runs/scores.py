"""Scores beside saved runs, each set once: commits whose artifacts are alike share a file.

`scores/<sha256>.npz` holds what `SavedScores` has. Its name is the digest of that, and of nothing
that NumPy may write differently one day.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from edgeassay.atomic import write_bytes
from edgeassay.errors import Absent, DataError, EdgeassayError, why
from edgeassay.npz_file import read_arrays
from edgeassay.runs.storage import alone
from edgeassay.stats.arrays import Codes, Labels, Scores


@dataclass(frozen=True, kw_only=True)
class SavedScores:
    """What a case said of a data set's images, and what is true of them.

    `scores`, float32, and `truth`, int8, are of shape (images, classes); `patients`, int64
    (images,), numbers each image's patient; `names_sha256` is the digest of the images' names in
    order, which aren't kept themselves.
    """

    scores: npt.NDArray[np.float32]
    truth: npt.NDArray[np.int8]
    patients: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    names_sha256: str

    @classmethod
    def of(
        cls,
        *,
        scores: Scores,
        truth: Labels,
        patients: Codes,
        classes: Sequence[str],
        names: Sequence[str],
    ) -> Self:
        """Of an evaluation's arrays and the names of its images."""
        return cls(
            scores=scores.astype(np.float32),
            truth=truth.astype(np.int8),
            patients=patients.astype(np.int64),
            classes=tuple(classes),
            names_sha256=_digest(list(names)),
        )

    @cached_property
    def data_sha256(self) -> str:
        """The digest of the data set: truth, patients, the images' names, and the classes."""
        facts = [self.names_sha256, *self.classes]
        return _digest(facts, self.truth.astype("|i1"), self.patients.astype("<i8"))

    @cached_property
    def sha256(self) -> str:
        """The digest of the scores and of their data set."""
        return _digest([self.data_sha256], self.scores.astype("<f4"))


def _digest(words: list[str], *arrays: npt.NDArray[Any]) -> str:
    """The SHA-256 of words, and of the shapes and bytes of arrays."""
    facts = json.dumps([words, *(list(array.shape) for array in arrays)])
    digest = hashlib.sha256(facts.encode("utf-8"))
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def scores_path(storage: Path, sha256: str) -> Path:
    """Where a machine's folder keeps the scores of a digest."""
    return storage / "scores" / f"{sha256}.npz"


def write_scores(storage: Path, saved: SavedScores) -> None:
    """Keep scores, unless they are there already; ConfigError where they can't be written."""
    if not _are_kept(storage, saved):
        with alone(storage):
            add_scores(storage, saved)


def add_scores(folder: Path, saved: SavedScores) -> None:
    """The same in a folder that the caller keeps others from writing to."""
    if _are_kept(folder, saved):
        return
    content = io.BytesIO()
    np.savez(
        content,
        scores=saved.scores,
        truth=saved.truth,
        patients=saved.patients,
        classes=np.array(saved.classes),
        names_sha256=np.array(saved.names_sha256),
    )
    write_bytes(scores_path(folder, saved.sha256), content.getvalue())


def _are_kept(folder: Path, saved: SavedScores) -> bool:
    try:
        read_scores(folder, saved.sha256)
    except EdgeassayError:  # not there, or damaged
        return False
    return True


def read_scores(storage: Path, sha256: str) -> SavedScores:
    """The scores of a digest; Absent where they aren't kept, DataError where the file holds
    anything else.
    """
    path = scores_path(storage, sha256)
    damaged = DataError(
        f"{path} doesn't hold the scores that its name is the digest of; copy it again, or run"
        " that commit again with --benchmark-save"
    )
    try:
        # As it was written, nothing takes more room in memory than in the file.
        kept = read_arrays(path, path.stat().st_size)
        found = SavedScores(
            scores=kept["scores"],
            truth=kept["truth"],
            patients=kept["patients"],
            classes=tuple(kept["classes"].tolist()),
            names_sha256=str(kept["names_sha256"]),
        )
    except FileNotFoundError:
        raise Absent(f"{path} isn't there: the scores of that run weren't kept") from None
    except OSError as error:
        raise DataError(f"{path} can't be read: {why(error)}") from None
    except (ValueError, KeyError, TypeError):
        raise damaged from None
    if not _as_declared(found) or found.sha256 != sha256:
        raise damaged
    return found


def _as_declared(found: SavedScores) -> bool:
    images, classes = found.patients.size, len(found.classes)
    types = [a.dtype.name for a in (found.scores, found.truth, found.patients)]
    shaped = found.scores.shape == found.truth.shape == (images, classes)
    named = all(isinstance(name, str) for name in found.classes)
    flat = found.patients.ndim == 1
    return named and flat and shaped and types == ["float32", "int8", "int64"]
