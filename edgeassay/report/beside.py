"""What is kept beside a results file: what each case gave for the evaluation images, by its digest,
so that every number about quality can be computed again.

Beside `results.json` lies `results.scores/`, with `scores/<sha256>.npz` (runs/scores.py), and
`<sha256>.csv` of what is segmented. No image or patient is named in them. The folder's own
`.gitignore` keeps it out of commits.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from edgeassay.atomic import private_folder, write_bytes
from edgeassay.errors import ConfigError, why
from edgeassay.runs.scores import SavedScores, add_scores


def beside(results: Path) -> Path:
    """The folder of a results file."""
    return results.with_name(f"{results.stem}.scores")


def segments_path(results: Path, sha256: str) -> Path:
    """Where the CSV of a digest is kept."""
    return beside(results) / f"{sha256}.csv"


def keep_beside(results: Path, scores: Iterable[SavedScores], segments: Iterable[str]) -> None:
    """Keep these beside a results file, and nothing of an earlier run; ConfigError where that can't
    be done.
    """
    folder = beside(results)
    forget_beside(results)
    for saved in scores:
        private_folder(folder)
        add_scores(folder, saved)
    for text in segments:
        private_folder(folder)
        content = text.encode("utf-8")
        write_bytes(segments_path(results, hashlib.sha256(content).hexdigest()), content)


def forget_beside(results: Path) -> None:
    """Remove what an earlier run left; ConfigError where that can't be done."""
    folder = beside(results)
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigError(
            f"{folder} can't be written: {why(error)}; choose another --assay-json"
        ) from None
