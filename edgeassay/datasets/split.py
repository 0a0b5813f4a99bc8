"""What every data set offers: splits whose images are decoded when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgeassay.datasets.tones import Tones
from edgeassay.errors import DataError
from edgeassay.preprocess import Images, input_shape, preprocess
from edgeassay.spec import Preprocess, Role
from edgeassay.stats import joined, patient_codes
from edgeassay.stats.arrays import Codes


@dataclass(frozen=True, kw_only=True)
class Split:
    """The images of one role.

    `names` are unique; `labels` is int8 of shape (images, classes) with values 0 and 1;
    `patients` names each image's patient (or group), or is None where the data doesn't say;
    Where images are segmented, `labels` has no classes, and `masks(i)` decodes the pixels of each:
    uint8 of 0 and 1, (height, width, classes) of the image as it is.
    `negatives` has the texts that count as negative, with their numbers of images, where the label
    is a text; else None.
    `subgroups` has each image's value in the columns by which quality is judged too.
    `alike()` numbers the pictures, from 0, (images,): images that are nearly the same picture have
    one number. Where it is None, only images of equal bytes are known to be one picture. `tones()`
    says how bright they are; where it is None, nobody has looked.
    `load(i)` decodes image `i`; `digest(i)` is the SHA-256, 32 bytes, of what it is decoded from:
    what was computed from an image may be used again only where that is the same. Both raise
    DataError naming the file where it can't be read.
    """

    name: str
    names: Sequence[str]
    labels: npt.NDArray[np.int8]
    patients: Sequence[str] | None
    load: Callable[[int], Image.Image]
    digest: Callable[[int], bytes]
    subgroups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    masks: Callable[[int], npt.NDArray[np.uint8]] | None = None
    alike: Callable[[], Codes] | None = None
    negatives: Mapping[str, int] | None = None
    tones: Callable[[], Tones] | None = None

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def digests(self) -> Sequence[bytes]:
        """Each image's digest; read once, several files at a time."""
        with ThreadPoolExecutor() as pool:
            return list(pool.map(self.digest, range(len(self))))

    @property
    def copies(self) -> int:
        """How many images are copies of others, byte for byte."""
        return len(self) - len(set(self.digests))

    @property
    def near_copies(self) -> int:
        """How many further images are nearly the same picture as others."""
        return len(set(self.digests)) - len(np.unique(self._pictures))

    @cached_property
    def _pictures(self) -> Codes:
        """A number from 0 for each image's picture."""
        hexes = np.array([digest.hex() for digest in self.digests])
        equal: Codes = np.unique(hexes, return_inverse=True)[1].reshape(-1)
        return equal if self.alike is None else joined(equal, self.alike())

    @cached_property
    def codes(self) -> Codes:
        """A number from 0 for each image's patient. A picture is evidence once, so patients who
        have one in common are one patient.
        """
        return joined(patient_codes(self.patients, len(self)), self._pictures)


@dataclass(frozen=True, kw_only=True)
class Members:
    """Who is in a group of images that must share nothing with the evaluation split."""

    label: str
    names: Sequence[str]
    patients: Sequence[str] | None


def load_images(split: Split, rows: Sequence[int], settings: Preprocess) -> Images:
    """The preprocessed images of some rows, float32 (rows, *input shape).

    DataError names an image that can't be read, or says that they don't fit into memory.
    """
    shape = input_shape(settings)
    try:
        images = np.empty((len(rows), *shape), np.float32)
    except (MemoryError, ValueError):
        raise DataError(
            f"{len(rows):,} images of {'x'.join(map(str, shape))} don't fit into memory; make"
            " `size` in [preprocess] smaller, or take fewer"
        ) from None
    for position, row in enumerate(rows):
        images[position] = preprocess(split.load(row), settings)
    return images


class Dataset(Protocol):
    """A source of splits. `where` names it in messages; `unused` are splits that the data holds and
    no role uses; `beside_evaluation` is everything but evaluation, in a role or in none.
    """

    @property
    def where(self) -> str: ...

    @property
    def classes(self) -> Sequence[str]: ...

    @property
    def splits(self) -> Mapping[Role, Split]: ...

    @property
    def unused(self) -> Sequence[Split]: ...

    @property
    def beside_evaluation(self) -> Sequence[Members]: ...


def members_of(splits: Mapping[Role, Split]) -> list[Members]:
    """The members of every role but evaluation."""
    return [
        Members(
            label=f"{role.value} (split {split.name!r})",
            names=split.names,
            patients=split.patients,
        )
        for role, split in splits.items()
        if role is not Role.EVALUATION
    ]
