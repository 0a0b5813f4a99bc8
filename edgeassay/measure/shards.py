"""The unit of evaluation: a run of images whose raw outputs are kept as soon as they are there.

What is kept serves the next run, and this one where it was cut off.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import PIL

from edgeassay.atomic import sha256_of, write_bytes, write_text
from edgeassay.datasets import Split

SHARD_IMAGES: Final = 64
# Of a sample, which is for devices that take long: every core has some, and little is lost. And
# where each image has outputs for every pixel.
SMALL_SHARD_IMAGES: Final = 8

# Our own code between an image's bytes and a raw output, by its place in the package.
CODE: Final = ("preprocess.py", "slots.py", "datasets/*.py", "measure/*.py", "worker/*.py")


@cache
def outputs_version() -> str:
    """What decides an artifact's outputs beside artifact, image, settings and runtime: our own code
    on the way, and the versions of what it calls.
    """
    package = Path(__file__).resolve().parent.parent
    files = [path for pattern in CODE for path in sorted(package.glob(pattern))]
    code = hashlib.sha256("".join(sha256_of(path) for path in files).encode("ascii"))
    return f"{code.hexdigest()[:16]} pillow {PIL.__version__} numpy {np.__version__}"


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Images `start` to `stop` (not included) of a split; `digest` is of what they are decoded
    from, SHA-256 in hex.
    """

    start: int
    stop: int
    digest: str

    def __len__(self) -> int:
        return self.stop - self.start


def shard_digest(digests: Iterable[bytes]) -> str:
    """The SHA-256 of what the images of a shard are decoded from, in hex, by those of each."""
    return hashlib.sha256(b"".join(digests)).hexdigest()


def shards_of(split: Split, images: int = SHARD_IMAGES) -> list[Shard]:
    """A split in shards of so many images; DataError names an image that can't be read."""
    ends = [(start, min(start + images, len(split))) for start in range(0, len(split), images)]
    return [
        Shard(start=start, stop=stop, digest=shard_digest(split.digests[start:stop]))
        for start, stop in ends
    ]


def _digest(facts: Mapping[str, Any]) -> str:
    """The SHA-256 of what is said, whatever its order, in hex."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode("utf-8")).hexdigest()


@dataclass(frozen=True, kw_only=True)
class ShardStore:
    """The kept outputs of one artifact on one runtime and machine, below `folder`.

    `settings` is all that decides the outputs beside the images. Damaged files are as absent, and
    with `fresh` all that an earlier run left.
    """

    folder: Path
    fresh: bool
    settings: Mapping[str, Any]

    @cached_property
    def _place(self) -> Path:
        return self.folder / _digest(self.settings)[:16]

    def _path(self, shard: Shard) -> Path:
        return self._place / f"{shard.start:07d}-{shard.digest[:16]}.outputs"

    def load(self, shard: Shard) -> npt.NDArray[Any] | None:
        """The raw outputs of a shard (images, classes); None where they aren't kept."""
        try:
            data = self._path(shard).read_bytes()
        except OSError:
            return None
        digest, array = data[:32], data[32:]
        if hashlib.sha256(array).digest() != digest:
            return None
        kept: npt.NDArray[Any] = np.load(io.BytesIO(array), allow_pickle=False)
        return kept if len(kept) == len(shard) else None

    def save(self, shard: Shard, outputs: npt.NDArray[Any]) -> None:
        """Keep a shard's outputs, whole or not at all."""
        data = io.BytesIO()
        np.save(data, outputs, allow_pickle=False)
        array = data.getvalue()
        write_bytes(self._path(shard), hashlib.sha256(array).digest() + array)

    def load_facts(self) -> dict[str, Any] | None:
        """What was said of the run that made the outputs; None where nothing is kept."""
        if self.fresh:
            return None
        try:
            kept = json.loads((self._place / "facts.json").read_text(encoding="utf-8"))
            facts: dict[str, Any] = kept["facts"]
            whole = kept["sha256"] == _digest(facts)
        except (OSError, ValueError, LookupError, TypeError):
            return None
        return facts if whole else None

    def save_facts(self, facts: Mapping[str, Any]) -> None:
        """Say who makes the outputs."""
        said = {"settings": dict(self.settings)} | dict(facts)
        text = json.dumps({"sha256": _digest(said), "facts": said}, indent=2)
        write_text(self._place / "facts.json", text + "\n")
