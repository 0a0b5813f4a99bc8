"""Of an image file all is used, or the file is refused: nothing is dropped in silence."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, TiffImagePlugin

from edgeassay.datasets.image_files import ORIENTATION, Seen, load_image
from edgeassay.datasets.masks import load_mask
from edgeassay.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
COLOR = Image.fromarray(PIXELS)


def turned(mark: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        exif = Image.Exif()
        exif[ORIENTATION] = mark
        COLOR.save(path, exif=exif)

    return write


def frames(path: Path) -> None:
    COLOR.save(path, save_all=True, append_images=[Image.fromarray(255 - PIXELS)])


def alpha(least: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        channel = np.full((8, 8, 1), 255, np.uint8)
        channel[0, 0] = least
        Image.fromarray(np.concatenate([PIXELS, channel], axis=2)).save(path)

    return write


def deep(path: Path) -> None:
    """A PNG with 16 bits a channel in color, which Pillow can't write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        ends = struct.pack(">I", len(data)), struct.pack(">I", zlib.crc32(kind + data))
        return ends[0] + kind + data + ends[1]

    rows = b"".join(b"\0" + bytes(6 * 4) for _ in range(4))
    header = struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in chunks))


def transparent_palette(path: Path) -> None:
    Image.fromarray(PIXELS[..., 0]).convert("P").save(path, transparency=int(PIXELS[0, 0, 0]))


@pytest.mark.parametrize(
    ("name", "write", "words"),
    [
        ("a.gif", frames, r"has 2 frames, and nothing says which .* `frame` in \[preprocess\]"),
        ("a.tif", frames, "has 2 frames"),
        ("a.webp", frames, "has 2 frames"),
        ("a.jpg", turned(6), r"is to be turned .*orientation 6.* `orientation` in \[preprocess\]"),
        ("a.png", turned(3), r"EXIF orientation 3"),
        ("a.png", alpha(0), r"has transparent pixels, .* `alpha` in \[preprocess\]"),
        ("a.png", alpha(254), "has transparent pixels"),
        ("a.png", transparent_palette, "has transparent pixels"),
        ("a.png", deep, "has more than 8 bits a channel in color, of which 8 would be read"),
        ("a.dcm", lambda p: p.write_bytes(bytes(128) + b"DICM" + bytes(99)), "it is a DICOM file"),
        ("a.png", lambda p: p.write_bytes(bytes(128) + b"DICM"), "it is a DICOM file"),
        ("a.nii", lambda p: p.write_bytes(bytes(344) + b"n+1\0"), "it is a NIfTI volume"),
    ],
)
def test_what_would_be_dropped_is_refused_by_name(
    tmp_path: Path, name: str, write: Callable[[Path], object], words: str
) -> None:
    write(tmp_path / name)
    with pytest.raises(DataError, match=rf"{name} .*{words}"):
        load_image(tmp_path / name, "t.csv")


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.png", COLOR.save),
        ("a.jpg", turned(1)),
        ("a.png", alpha(255)),
        ("a.png", Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 200).save),
        ("a.tif", COLOR.save),
        ("a.gif", COLOR.save),
    ],
)
def test_what_is_used_as_a_whole_is_read(
    tmp_path: Path, name: str, write: Callable[[Path], object]
) -> None:
    write(tmp_path / name)
    assert load_image(tmp_path / name, "t.csv").size == (8, 8)


@pytest.mark.parametrize("inside", [1, 7])
def test_a_masks_palette_must_show_what_its_numbers_say(tmp_path: Path, inside: int) -> None:
    numbers = np.zeros((8, 8), np.uint8)
    numbers[2:4, 2:4] = inside
    image = Image.fromarray(numbers, mode="P")
    colors = [0] * 768
    colors[3 * inside : 3 * inside + 3] = [255, 0, 0]
    image.putpalette(colors)
    image.save(tmp_path / "mask.png")
    assert np.array_equal(load_mask(tmp_path / "mask.png", Seen((8, 8)), "t.csv"), numbers != 0)
    colors[:3] = [255, 255, 255]
    image.putpalette(colors)
    image.save(tmp_path / "mask.png")
    with pytest.raises(DataError, match="has a palette in which 0 isn't black"):
        load_mask(tmp_path / "mask.png", Seen((8, 8)), "t.csv")


DEEP = np.random.default_rng(2).integers(0, 65_536, (8, 8), np.uint16)


def tiff(pixels: npt.NDArray[Any], **tags: object) -> Callable[[Path], None]:
    """A TIFF with further tags, by their numbers as `t262`."""

    def write(path: Path) -> None:
        info = TiffImagePlugin.ImageFileDirectory_v2()
        for name, value in tags.items():
            info[int(name[1:])] = value
        Image.fromarray(pixels).save(path, tiffinfo=info)

    return write


def white_is_zero(path: Path) -> None:
    tiff(DEEP)(path)
    data = bytearray(path.read_bytes())
    entry = struct.pack("<HHIHH", 262, 3, 1, 1, 0)
    place = data.find(entry)
    data[place : place + 12] = struct.pack("<HHIHH", 262, 3, 1, 0, 0)
    path.write_bytes(bytes(data))


def signed(path: Path) -> None:
    tiff(PIXELS[..., 0])(path)
    data = bytearray(path.read_bytes())
    entry = struct.pack("<HHI", 339, 3, 1)
    place = data.find(entry)
    if place < 0:
        pytest.skip("Pillow writes no SampleFormat here")
    data[place + 8 : place + 10] = struct.pack("<H", 2)
    path.write_bytes(bytes(data))


def deep_ppm(path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 4096, (8, 8, 3)).astype(">u2")
    path.write_bytes(b"P6 8 8 4095\n" + values.tobytes())


def deep_jpeg_2000(path: Path) -> None:
    COLOR.save(path, "JPEG2000", no_jp2=True)
    data = bytearray(path.read_bytes())
    for channel in range(3):
        data[42 + 3 * channel] = 11
    path.write_bytes(bytes(data))


def lab(path: Path) -> None:
    Image.new("LAB", (8, 8)).save(path, "TIFF")


@pytest.mark.parametrize(
    ("name", "write", "words"),
    [
        ("a.tif", white_is_zero, "has white as 0"),
        ("a.tif", signed, "has numbers with a sign"),
        ("a.ppm", deep_ppm, "has more than 8 bits a channel in color"),
        ("a.j2k", deep_jpeg_2000, "has more than 8 bits a channel in color"),
        ("a.tif", lab, "has the color space LAB, which isn't read"),
        ("a.tif", tiff(DEEP, t270="ImageJ=1.53\nimages=10\nslices=10\n"), "a stack of 10 slices"),
        ("a.ico", lambda path: COLOR.resize((32, 32)).save(path), "in no format that is read"),
    ],
)
def test_what_pillow_reads_otherwise_is_refused(
    tmp_path: Path, name: str, write: Callable[[Path], object], words: str
) -> None:
    write(tmp_path / name)
    with pytest.raises(DataError, match=words):
        load_image(tmp_path / name, "t.csv")


@pytest.mark.parametrize("width", [405, 720])
def test_a_width_of_which_the_row_has_16_in_its_bytes_says_nothing_of_bits(
    tmp_path: Path, width: int
) -> None:
    Image.new("RGB", (width, 4)).save(tmp_path / "a.bmp")
    assert load_image(tmp_path / "a.bmp", "t.csv").size == (width, 4)


def test_a_transparent_grey_of_2_bits_is_seen(tmp_path: Path) -> None:
    levels = Image.fromarray(np.tile(np.array([0, 1, 2, 3], np.uint8), (4, 1)), "P")
    levels.putpalette([v for k in range(4) for v in (85 * k,) * 3])
    levels.convert("L").save(tmp_path / "a.png", bits=2, transparency=1)
    with Image.open(tmp_path / "a.png") as image:
        if image.tile[0][3] != "L;2":
            pytest.skip("Pillow writes no grey of 2 bits")
    with pytest.raises(DataError, match="has transparent pixels"):
        load_image(tmp_path / "a.png", "t.csv")
