"""Mistakes in images, and in archives of them."""

from __future__ import annotations

import io
import zlib

import numpy as np
from PIL import Image

from suites.mistakes.breaking import (
    IMAGE,
    NPZ,
    damaged_member,
    folder,
    npz,
    pickled,
    removed,
    together,
    truncated,
    without_array,
    written,
    zip_bomb,
)
from suites.mistakes.mistake import Mistake

QUALITY = ("pytest", "suites/accuracy")
CHECK = ("edgeassay", "check-data", "tiny")
# Every claim on images says why it can't be judged, in its failure and in the summary.
CLAIMS_ON_IMAGES = 5
EACH_CLAIM = 2 * CLAIMS_ON_IMAGES + 1


def encoded(kind: str, image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


def bomb() -> bytes:
    """A PNG of a few kilobytes that says it has 400 million pixels."""
    data = bytearray(encoded("PNG", Image.new("L", (8, 8))))
    data[16:24] = (20_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


FLOATS = encoded("TIFF", Image.fromarray(np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)))

IMAGES = (
    Mistake(
        id="image-truncated",
        broken=truncated(IMAGE, 60),
        command=QUALITY,
        code=1,
        what="can't be read as an image",
        where="images/006.png",
        remedy="replace the file, or remove it from",
        said=EACH_CLAIM,
        verdict="unmeasured",
    ),
    Mistake(
        id="image-is-text",
        broken=written(IMAGE, "not an image"),
        command=QUALITY,
        code=1,
        what="can't be read as an image: it is damaged, or in no format",
        where="images/006.png",
        remedy="replace the file, or remove it from",
        said=EACH_CLAIM,
        verdict="unmeasured",
    ),
    Mistake(
        id="image-empty",
        broken=written(IMAGE, ""),
        command=QUALITY,
        code=1,
        what="can't be read as an image: it is empty",
        where="images/006.png",
        remedy="replace the file, or remove it from",
        said=EACH_CLAIM,
        verdict="unmeasured",
    ),
    Mistake(
        id="image-is-a-folder",
        broken=folder(IMAGE),
        code=4,
        what="is no file",
        where="images/006.png",
        remedy="remove the row",
    ),
    Mistake(
        id="image-decompression-bomb",
        broken=written(IMAGE, bomb()),
        command=QUALITY,
        code=1,
        what="decompression bomb",
        where="images/006.png",
        remedy="replace the file, or remove it from",
        said=EACH_CLAIM,
        verdict="unmeasured",
    ),
    Mistake(
        id="image-of-floats",
        broken=written(IMAGE, FLOATS),
        command=QUALITY,
        code=1,
        what="holds floating-point numbers",
        where="images/006.png",
        remedy="convert it to 8 or 16 bits",
        said=EACH_CLAIM,
        verdict="unmeasured",
    ),
    Mistake(
        id="check-data-image-truncated",
        broken=truncated(IMAGE, 60),
        command=CHECK,
        code=2,
        what="can't be read as an image",
        where="images/006.png",
        remedy="replace the file, or remove it from",
    ),
    Mistake(
        id="check-data-image-empty",
        broken=written("data/spots/images/000.png", ""),
        command=CHECK,
        code=2,
        what="can't be read as an image: it is empty",
        where="images/000.png",
        remedy="replace the file, or remove it from",
    ),
)

ARCHIVES = (
    Mistake(
        id="npz-pickle",
        broken=pickled,
        code=4,
        what="holds Python objects, which could run code and aren't loaded",
        where="spots.npz: the array 'test_images'",
        remedy="replace the file",
    ),
    Mistake(
        id="npz-pickle-check-data",
        broken=pickled,
        command=CHECK,
        code=2,
        what="holds Python objects, which could run code and aren't loaded",
        where="spots.npz: the array 'test_images'",
        remedy="replace the file",
    ),
    Mistake(
        id="npz-missing-array",
        broken=without_array("test_labels"),
        code=4,
        what="has no array 'test_labels'",
        where="spots.npz",
        remedy="it holds test_images",
    ),
    Mistake(
        id="npz-missing-split",
        broken=without_array("test_images"),
        code=4,
        what="has no array 'test_images'",
        where="spots.npz",
        remedy="it holds the splits train, val",
    ),
    Mistake(
        id="npz-wrong-shape",
        broken=npz(test_images=np.zeros((24, 64), np.uint8)),
        code=4,
        what="has the shape (24, 64)",
        where="spots.npz: the array 'test_images'",
        remedy="must have (images, height, width)",
    ),
    Mistake(
        id="npz-floats",
        broken=npz(test_images=np.zeros((24, 8, 8), np.float32)),
        code=4,
        what="is float32",
        where="spots.npz: the array 'test_images'",
        remedy="must be uint8 or uint16",
    ),
    Mistake(
        id="npz-labels-out-of-range",
        broken=npz(test_labels=np.full((24, 1), 7, np.uint8)),
        code=4,
        what="must hold 0 and 1, and has '7' for image 0",
        where="spots.npz: the array 'test_labels'",
        remedy="mend its labels, or name more `classes`",
    ),
    Mistake(
        id="npz-fewer-labels",
        broken=npz(test_labels=np.zeros((20, 1), np.uint8)),
        code=4,
        what="has 20 rows",
        where="spots.npz: the array 'test_labels'",
        remedy="has 24 images",
    ),
    Mistake(
        id="npz-truncated",
        broken=together(npz(), truncated("data/spots.npz", 2000)),
        code=4,
        what="can't be read as an archive of arrays",
        where="spots.npz",
        remedy="replace the file",
    ),
    Mistake(
        id="npz-not-a-zip",
        broken=together(npz(), written("data/spots.npz", "no zip file")),
        code=4,
        what="can't be read as an archive of arrays",
        where="spots.npz",
        remedy="replace the file",
    ),
    Mistake(
        id="npz-bomb",
        broken=zip_bomb,
        code=4,
        what="as no images do",
        where="spots.npz: the array 'test_images'",
        remedy="replace the file",
    ),
    Mistake(
        id="npz-damaged-inside",
        broken=damaged_member,
        code=4,
        what="the array 'test_images' is damaged",
        where="spots.npz",
        remedy="replace the file",
    ),
    Mistake(
        id="npz-sha256",
        broken=npz(
            declared=NPZ + f'url = "https://example.org/spots.npz"\nsha256 = "{"0" * 64}"\n'
        ),
        code=4,
        what="has the SHA-256",
        where="spots.npz",
        remedy="replace the file, or correct the digest",
    ),
    Mistake(
        id="npz-missing",
        broken=together(npz(), removed("data/spots.npz")),
        command=("pytest", "--require-measured", "suites/accuracy"),
        code=1,
        what="has no file 'spots.npz'",
        where="/data",
        remedy="put it there",
        said=EACH_CLAIM,
        verdict="unmeasured",
    ),
)

MISTAKES = (*IMAGES, *ARCHIVES)
