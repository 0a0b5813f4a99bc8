"""Images of two splits that are alike: equal bytes, or nearly the same picture."""

from __future__ import annotations

import heapq
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgeassay.datasets.split import Split
from edgeassay.datasets.tones import UNREAD, Tones
from edgeassay.errors import DataError
from edgeassay.preprocess import WHITE_8_BIT, WHITE_16_BIT, brightest, is_deep
from edgeassay.progress import Advance, Reporter
from edgeassay.stats.arrays import Codes
from edgeassay.stats.auc import components

Rows: TypeAlias = npt.NDArray[np.intp]

SIDE: Final = 32  # pixels of a small picture, in both directions
SIMILARITY: Final = 0.995  # of two images' small greys, above which they are one picture
PAIRS_KEPT: Final = 20
CHUNK_IMAGES: Final = 64
BLOCK_IMAGES: Final = 2048
# Brightest less darkest pixel of an image that shows nothing: half a step of 16 bits.
FLAT: Final = 0.5 / 65_535


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two images of different splits that are alike; `identical` where their bytes are equal."""

    first: str
    first_split: str
    second: str
    second_split: str
    correlation: float
    identical: bool
    touches_evaluation: bool


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """An image that can't be decoded, and why."""

    split: str
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Small:
    """The images of a split as they are compared.

    `pixels` is float16 (images, 32 * 32), mean removed and of length 1; zero for an image of a
    single grey, which `grey` then holds in steps of 16 bits, and which is NaN for all others.
    `content` is the same number for equal bytes, and `UNREAD` for what can't be read, which is
    equal to none. Where images
    are segmented, `drawn` says which classes have a pixel on them, (images, classes).
    """

    split: Split
    evaluates: bool
    pixels: npt.NDArray[np.float16]
    grey: npt.NDArray[np.float32]
    content: npt.NDArray[np.int64]
    tones: Tones
    unreadable: Sequence[Unreadable]
    drawn: npt.NDArray[np.bool_] | None = None


class Read(NamedTuple):
    """An image's digest, its brightest pixel, and whether it has 16 bits."""

    digest: bytes
    brightest: int
    deep: bool


@dataclass(frozen=True, kw_only=True)
class Alike:
    """The gravest `PAIRS_KEPT` of `count` pairs, and how many of all touch the evaluation split."""

    pairs: Sequence[Pair]
    count: int
    evaluation_count: int


def shrink(splits: Sequence[Split], evaluation: Split, report: Reporter) -> list[Small]:
    """Decode every image once, on every core."""
    numbers: dict[bytes, int] = {}
    total = sum(len(split) for split in splits)
    with report("reading images", total) as advance, ThreadPoolExecutor(os.cpu_count()) as pool:
        return [_shrink(split, split is evaluation, numbers, pool, advance) for split in splits]


def _shrink(
    split: Split,
    evaluates: bool,
    numbers: dict[bytes, int],
    pool: ThreadPoolExecutor,
    advance: Advance,
) -> Small:
    pixels = np.zeros((len(split), SIDE * SIDE), np.float16)
    grey = np.full(len(split), np.nan, np.float32)
    content = np.full(len(split), UNREAD, np.int64)
    tones = Tones(
        brightest=np.full(len(split), UNREAD, np.int32), deep=np.zeros(len(split), np.bool_)
    )
    drawn: dict[int, npt.NDArray[np.bool_]] = {}
    unreadable: list[Unreadable] = []
    starts = range(0, len(split), CHUNK_IMAGES)
    chunks = pool.map(partial(_read_chunk, split, pixels, grey, drawn), starts)
    for start, found in zip(starts, chunks, strict=True):
        for row, read in enumerate(found, start):
            if isinstance(read, DataError):
                failure = Unreadable(split=split.name, name=split.names[row], reason=str(read))
                unreadable.append(failure)
            else:
                content[row] = numbers.setdefault(read.digest, len(numbers))
                tones.brightest[row], tones.deep[row] = read.brightest, read.deep
        advance(len(found))
    return Small(
        split=split,
        evaluates=evaluates,
        pixels=pixels,
        grey=grey,
        content=content,
        tones=tones,
        unreadable=unreadable,
        drawn=np.stack([drawn[row] for row in sorted(drawn)]) if drawn else None,
    )


def _read_chunk(
    split: Split,
    pixels: npt.NDArray[np.float16],
    grey: npt.NDArray[np.float32],
    drawn: dict[int, npt.NDArray[np.bool_]],
    start: int,
) -> list[Read | DataError]:
    """Fill the rows of a chunk of images; what was read of each, or why it or its mask can't be
    read.
    """
    found: list[Read | DataError] = []
    for row in range(start, min(start + CHUNK_IMAGES, len(split))):
        try:
            decoded = split.load(row)
            image = _shrunk(decoded)
            if split.masks is not None:
                drawn[row] = np.asarray(split.masks(row).any(axis=(0, 1)), np.bool_)
            found.append(Read(split.digest(row), brightest(decoded), is_deep(decoded)))
        except DataError as error:
            found.append(error)
            continue
        if np.ptp(image) < FLAT:
            grey[row] = np.rint(image[0] * 65_535)
            continue
        image -= image.mean(dtype=np.float64)
        pixels[row] = image / np.linalg.norm(image)
    return found


def _shrunk(image: Image.Image) -> npt.NDArray[np.float32]:
    """An image as 32x32 greys from 0 to 1, (32 * 32,). They aren't rounded: of a few bright points
    on black nothing would be left.
    """
    white = WHITE_16_BIT if is_deep(image) else WHITE_8_BIT
    grey = image if is_deep(image) or image.mode == "L" else image.convert("L")
    pixels = Image.fromarray(np.asarray(grey).astype(np.float32))
    small = np.asarray(pixels.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
    return (small / np.float32(white)).reshape(-1)


def find_alike(parts: Sequence[Small], similarity: float, report: Reporter) -> Alike:
    """The pairs across splits that are equal in bytes, in their single grey, or that correlate
    above `similarity`. Memory is bounded, however many there are.
    """
    with_others = list(combinations(parts, 2))
    return _find(with_others, similarity, report, "comparing splits")


def find_within(part: Small, similarity: float, report: Reporter) -> Alike:
    """The same within one split, each pair once."""
    return _find([(part, part)], similarity, report, f"comparing {part.split.name}")


def _find(
    compared: Sequence[tuple[Small, Small]], similarity: float, report: Reporter, label: str
) -> Alike:
    pairs: list[Pair] = []
    count = evaluation_count = 0
    total = sum(len(_starts(a)) * len(_starts(b)) for a, b in compared)
    with report(label, total) as advance:
        for first, second in compared:
            for i in _starts(first):
                for j in _starts(second):
                    found, gravest = _compare(first, i, second, j, similarity)
                    count += found
                    evaluation_count += found * (first.evaluates or second.evaluates)
                    pairs = heapq.nsmallest(PAIRS_KEPT, [*pairs, *gravest], key=_gravity)
                    advance(1)
    return Alike(pairs=pairs, count=count, evaluation_count=evaluation_count)


def _starts(part: Small) -> range:
    return range(0, len(part.split), BLOCK_IMAGES)


def _gravity(pair: Pair) -> tuple[bool, bool, float, str, str]:
    """Sorts the gravest first."""
    return (
        not pair.touches_evaluation,
        not pair.identical,
        -pair.correlation,
        pair.first,
        pair.second,
    )


def pictures_of(
    split: Split, report: Reporter, similarity: float = SIMILARITY
) -> tuple[Codes, Tones]:
    """Numbers the pictures of a split from 0, (images,): images that are alike have one number.
    An image that can't be read is alike to none. Beside it the tones of the images.
    """
    (part,) = shrink([replace(split, masks=None)], split, report)
    starts = _starts(part)
    codes: Codes = np.arange(len(split))
    blocks = [(i, j) for i in starts for j in starts if i <= j]
    with report(f"comparing {split.name}", len(blocks)) as advance:
        for i, j in blocks:
            rows, columns, _, _ = _matches(part, i, part, j, similarity)
            if len(rows):
                codes = components(codes[i + rows], codes[j + columns], len(codes))[codes]
            advance(1)
    return np.unique(codes, return_inverse=True)[1].reshape(-1), part.tones


def _compare(
    first: Small, i: int, second: Small, j: int, similarity: float
) -> tuple[int, list[Pair]]:
    """How many pairs two blocks have, and the gravest of them."""
    rows, columns, values, same = _matches(first, i, second, j, similarity)
    order = np.lexsort((-values, ~same))[:PAIRS_KEPT]
    return len(rows), [
        Pair(
            first=first.split.names[i + rows[k]],
            first_split=first.split.name,
            second=second.split.names[j + columns[k]],
            second_split=second.split.name,
            correlation=float(values[k]),
            identical=bool(same[k]),
            touches_evaluation=first.evaluates or second.evaluates,
        )
        for k in order
    ]


def _matches(
    first: Small, i: int, second: Small, j: int, similarity: float
) -> tuple[Rows, Rows, npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """The pairs of two blocks that are alike: their rows in each block, how they correlate, and
    whether their bytes are equal.
    """
    a, b = slice(i, i + BLOCK_IMAGES), slice(j, j + BLOCK_IMAGES)
    alike = first.pixels[a].astype(np.float32) @ second.pixels[b].astype(np.float32).T
    equal = first.content[a, np.newaxis] == second.content[b]
    equal &= first.content[a, np.newaxis] != UNREAD
    plain = first.grey[a, np.newaxis] == second.grey[b]
    alike[plain] = 1.0
    # Rounding may leave a length, and so a correlation, a little above 1.
    np.minimum(alike, 1.0, out=alike)
    found = (alike > similarity) | plain | equal
    if first is second:  # each pair once, and no image with itself
        found &= np.arange(*a.indices(len(first.split)))[:, np.newaxis] < np.arange(
            *b.indices(len(second.split))
        )
    rows, columns = np.nonzero(found)
    return rows, columns, alike[rows, columns], equal[rows, columns]
