"""Which images of a split are nearly the same picture, and how bright they are: found once, and
kept for later runs.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from edgeassay.atomic import write_text
from edgeassay.datasets.alike import SIMILARITY, pictures_of
from edgeassay.datasets.split import Split
from edgeassay.datasets.tones import Tones
from edgeassay.progress import Reporter
from edgeassay.spec import Decoding
from edgeassay.stats.arrays import Codes

FOLDER: Final = "pictures"  # beside the predictions that are kept
# A new number when images are compared in another way: what was kept before is found again then.
VERSION: Final = 3


def with_pictures(split: Split, decoding: Decoding, kept_in: Path, report: Reporter) -> Split:
    """A split that knows which of its images are nearly the same picture, and how bright they are.

    They are looked at and compared at the first use. The result is kept in the folder `kept_in`, by
    the digests of the images and how they are decoded, so that no later run decodes them for it.
    """

    @cache
    def seen() -> tuple[Codes, Tones]:
        path = kept_in / f"{_key(split, decoding)}.json"
        if (kept := _read(path, len(split))) is not None:
            return kept
        found = pictures_of(split, report)
        _write(path, *found)
        return found

    return replace(split, alike=lambda: seen()[0], tones=lambda: seen()[1])


def _key(split: Split, decoding: Decoding) -> str:
    said = hashlib.sha256(f"{VERSION} {SIMILARITY} {decoding}".encode())
    for digest in split.digests:
        said.update(digest)
    return said.hexdigest()[:32]


def _write(path: Path, codes: Codes, tones: Tones) -> None:
    """Keep the numbers of pictures, of those that several images show alone, and the tones."""
    text = json.dumps(
        {
            "alike": _shared(codes),
            "brightest": tones.brightest.tolist(),
            "deep": np.flatnonzero(tones.deep).tolist(),
        }
    )
    write_text(path, json.dumps({"sha256": _digest(text), "seen": text}) + "\n")


def _shared(codes: Codes) -> list[list[int]]:
    """The images of each picture that has several."""
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    return [[int(row) for row in part] for part in parts if len(part) > 1]


def _read(path: Path, images: int) -> tuple[Codes, Tones] | None:
    """What was kept; None where nothing is, or it is damaged."""
    try:
        kept = json.loads(path.read_bytes())
        seen = json.loads(kept["seen"]) if _digest(kept["seen"]) == kept["sha256"] else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    if seen is None:
        return None
    codes: Codes = np.arange(images)
    for group in seen["alike"]:
        codes[group] = group[0]
    deep = np.zeros(images, np.bool_)
    deep[seen["deep"]] = True
    tones = Tones(brightest=np.array(seen["brightest"], np.int32), deep=deep)
    return np.unique(codes, return_inverse=True)[1].reshape(-1), tones


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
