"""Parts of image files are used as [preprocess] declares, in images and in masks alike."""

from __future__ import annotations

import ast
import io
import struct
import zlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageOps

from edgeassay.build import calibration_images
from edgeassay.config import load_model
from edgeassay.datasets import open_dataset
from edgeassay.datasets.image_files import ORIENTATION, Seen, load_image, look_at
from edgeassay.datasets.masks import load_mask
from edgeassay.errors import ConfigError, DataError
from edgeassay.preprocess import preprocess
from edgeassay.spec import Decoding, Preprocess, Role
from suites.meta.project import MODEL_TOML, ROOT, Project
from suites.meta.segmented import MODEL_TOML as SEGMENTED
from suites.meta.segmented import write_blobs

GREY = np.random.default_rng(0).integers(0, 256, (5, 7)).astype(np.uint8)
DEEP = GREY.astype(np.uint16) * 200
UPRIGHT, STORED = Decoding(orientation="exif"), Decoding(orientation="as-stored")
Pixels = npt.NDArray[Any]


def marked(path: Path, mark: int, pixels: Pixels = GREY) -> None:
    """An image file whose pixels are to be turned."""
    exif = Image.Exif()
    exif[ORIENTATION] = mark
    Image.fromarray(pixels).save(path, exif=exif)


def upright(mark: int, pixels: Pixels = GREY) -> Pixels:
    """What Pillow's own function makes of such pixels."""
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[ORIENTATION] = mark
    Image.fromarray(pixels).save(stream, "PNG", exif=exif)
    return np.asarray(ImageOps.exif_transpose(Image.open(stream)))


@pytest.mark.parametrize("mark", range(1, 9))
@pytest.mark.parametrize("kind", ["png", "tif"])
@pytest.mark.parametrize("pixels", [GREY, DEEP], ids=["8", "16"])
def test_an_image_is_turned_as_declared(
    tmp_path: Path, kind: str, mark: int, pixels: Pixels
) -> None:
    path = tmp_path / f"a.{kind}"
    marked(path, mark, pixels)
    for decoding, seen in ((UPRIGHT, upright(mark, pixels)), (STORED, pixels)):
        image = load_image(path, "t.csv", decoding)
        assert np.array_equal(np.asarray(image), seen)
        assert look_at(path, "t.csv", decoding).size == image.size


def test_each_frame_is_turned_by_its_own_mark(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    first, second = Image.fromarray(GREY), Image.fromarray(255 - GREY)
    second.encoderinfo = {"exif": exif}
    first.save(tmp_path / "a.tif", save_all=True, append_images=[second])
    for frame, mark, pixels in ((0, 1, GREY), (1, 6, 255 - GREY)):
        decoding = replace(UPRIGHT, frame=frame)
        image = load_image(tmp_path / "a.tif", "t.csv", decoding)
        assert np.array_equal(np.asarray(image), upright(mark, pixels))
        assert look_at(tmp_path / "a.tif", "t.csv", decoding).size == image.size


def test_a_mark_without_a_meaning_is_refused_where_it_counts(tmp_path: Path) -> None:
    for kind in ("png", "tif"):
        marked(tmp_path / f"a.{kind}", 9)
        with pytest.raises(DataError, match=r"EXIF orientation 9, and only 1 to 8 have a meaning"):
            load_image(tmp_path / f"a.{kind}", "t.csv", UPRIGHT)
        assert np.array_equal(np.asarray(load_image(tmp_path / f"a.{kind}", "t", STORED)), GREY)


COLOR = np.random.default_rng(1).integers(0, 256, (5, 7, 3)).astype(np.uint8)
ALPHA = np.array([0, 51, 255, 255, 128, 0, 255] * 5, np.uint8).reshape(5, 7)


def behind(background: int, pixels: Pixels) -> Pixels:
    """The pixels over a background, in floating point."""
    share = (ALPHA / 255)[..., np.newaxis] if pixels.ndim == 3 else ALPHA / 255
    return np.asarray(pixels * share + background * (1 - share))


@pytest.mark.parametrize("pixels", [GREY, COLOR], ids=["grey", "color"])
def test_transparent_pixels_are_seen_as_declared(tmp_path: Path, pixels: Pixels) -> None:
    layers = np.dstack([pixels, ALPHA])
    Image.fromarray(layers, "LA" if pixels is GREY else "RGBA").save(tmp_path / "a.png")
    settings = Preprocess(
        color="grey" if pixels is GREY else "rgb", size=(5, 7), scale=(0.0, 255.0)
    )
    for alpha, seen in (
        ("black", behind(0, pixels)),
        ("white", behind(255, pixels)),
        ("drop", pixels),
    ):
        decoding = Decoding(alpha=alpha)  # type: ignore[arg-type]
        found = preprocess(load_image(tmp_path / "a.png", "t.csv", decoding), settings)
        assert np.allclose(found, seen.reshape(found.shape), atol=1.01 if alpha != "drop" else 1e-4)


def test_a_transparent_color_of_a_palette_is_seen_as_declared(tmp_path: Path) -> None:
    indices = np.arange(35, dtype=np.uint8).reshape(5, 7) % 3
    image = Image.fromarray(indices, "P")
    image.putpalette([200, 200, 200, 90, 90, 90, 10, 10, 10])
    image.save(tmp_path / "a.png", transparency=0)
    for alpha, first in (("black", 0), ("white", 255), ("drop", 200)):
        decoding = Decoding(alpha=alpha)  # type: ignore[arg-type]
        found = load_image(tmp_path / "a.png", "t.csv", decoding).convert("L")
        assert np.array_equal(np.asarray(found), np.array([first, 90, 10])[indices])


def deep_with_a_transparent_grey(path: Path, pixels: Pixels, hidden: int) -> None:
    """A 16-bit PNG with a tRNS chunk, which Pillow can't write."""
    image = io.BytesIO()
    Image.fromarray(pixels).save(image, "PNG")
    data = image.getvalue()
    body = b"tRNS" + struct.pack(">H", hidden)
    chunk = struct.pack(">I", 2) + body + struct.pack(">I", zlib.crc32(body))
    at = data.index(b"IDAT") - 4
    path.write_bytes(data[:at] + chunk + data[at:])


def test_a_transparent_grey_of_16_bits_is_seen_as_declared(tmp_path: Path) -> None:
    path, hidden = tmp_path / "a.png", int(DEEP[2, 3])
    deep_with_a_transparent_grey(path, DEEP, hidden)
    black = np.asarray(load_image(path, "t.csv", Decoding(alpha="black")))
    assert np.array_equal(black, np.where(hidden == DEEP, 0, DEEP))
    assert np.array_equal(np.asarray(load_image(path, "t.csv", Decoding(alpha="drop"))), DEEP)
    with pytest.raises(DataError, match="in 16-bit grey, whose white isn't known"):
        load_image(path, "t.csv", Decoding(alpha="white"))
    with pytest.raises(DataError, match="has transparent pixels, and nothing says"):
        load_image(path, "t.csv")


@pytest.mark.parametrize("kind", ["tif", "gif", "webp"])
def test_the_frame_that_is_declared_is_the_image(tmp_path: Path, kind: str) -> None:
    path, greys = tmp_path / f"a.{kind}", (40, 120, 200)
    first, *rest = (Image.new("RGB", (7, 5), (grey,) * 3) for grey in greys)
    first.save(path, save_all=True, append_images=rest, lossless=True)
    for frame, grey in enumerate(greys):
        image = load_image(path, "t.csv", Decoding(frame=frame))
        assert image.convert("RGB").getpixel((3, 2)) == (grey,) * 3
    with pytest.raises(DataError, match=r"has 3 frames, and `frame` = 3 in \[preprocess\]"):
        load_image(path, "t.csv", Decoding(frame=3))


def test_a_file_of_one_frame_has_no_second(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png")
    assert load_image(tmp_path / "a.png", "t.csv", Decoding(frame=0)).size == (7, 5)
    with pytest.raises(DataError, match="has 1 frame, and `frame` = 1"):
        load_image(tmp_path / "a.png", "t.csv", Decoding(frame=1))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("frame = -1", r"preprocess.frame = -1 must be at least 0"),
        ('alpha = "grey"', "preprocess.alpha = 'grey'"),
        ('orientation = "upright"', "preprocess.orientation = 'upright'"),
        ('orientatoin = "exif"', "did you mean 'orientation'"),
    ],
)
def test_another_value_is_refused(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "tiny").mkdir()
    text = MODEL_TOML.replace("[preprocess]", f"[preprocess]\n{line}")
    (tmp_path / "tiny/model.toml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        load_model(tmp_path / "tiny", tmp_path)


INSIDE = np.zeros((5, 7), np.uint8)
INSIDE[1:3, 2:5] = 255
ALL = np.full((5, 7), 255, np.uint8)


def mask_of(path: Path, pixels: Pixels, mode: str, decoding: Decoding) -> Pixels:
    Image.fromarray(pixels, mode).save(path)
    return load_mask(path, Seen((7, 5)), "t.csv", decoding)


@pytest.mark.parametrize("alpha", [None, "black", "white", "drop"])
@pytest.mark.parametrize(
    ("pixels", "mode"),
    [
        (np.dstack([INSIDE, INSIDE]), "LA"),
        (np.dstack([INSIDE, 0 * ALL, 0 * ALL, INSIDE]), "RGBA"),
        (np.dstack([INSIDE, ALL]), "LA"),
        (np.dstack([0 * ALL, 0 * ALL, INSIDE // 85]), "RGB"),
    ],
    ids=["both", "red-on-nothing", "opaque", "dark-blue"],
)
def test_a_mask_is_what_its_colors_or_its_alpha_show(
    tmp_path: Path, pixels: Pixels, mode: str, alpha: Any
) -> None:
    found = mask_of(tmp_path / "m.png", pixels, mode, Decoding(alpha=alpha))
    assert np.array_equal(found, INSIDE != 0)


@pytest.mark.parametrize(
    ("pixels", "mode", "words"),
    [
        (np.dstack([INSIDE, 255 - INSIDE]), "LA", "one mask in its colors and another in its"),
        (np.dstack([ALL, INSIDE]), "LA", "one mask in its colors and another in its"),
        (np.dstack([0 * ALL, INSIDE]), "LA", "one mask in its colors and another in its"),
        (np.dstack([0 * ALL, 0 * ALL, ALL, INSIDE]), "RGBA", "and another in its alpha"),
        (np.dstack([INSIDE, INSIDE // 2]), "LA", "and another in its alpha"),
        (
            np.dstack([INSIDE, INSIDE // 2, GREY]),
            "RGB",
            "isn't binary: .*#[0-9a-f]{6}",
        ),
    ],
)
def test_a_mask_that_may_be_either_is_refused(
    tmp_path: Path, pixels: Pixels, mode: str, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        mask_of(tmp_path / "m.png", pixels.astype(np.uint8), mode, Decoding())


def test_a_mask_of_16_bits_may_have_a_transparent_grey(tmp_path: Path) -> None:
    deep_with_a_transparent_grey(tmp_path / "m.png", INSIDE.astype(np.uint16), 0)
    found = load_mask(tmp_path / "m.png", Seen((7, 5)), "t.csv")
    assert np.array_equal(found, INSIDE != 0)


def test_a_mask_with_one_frame_goes_with_any_frame(tmp_path: Path) -> None:
    found = mask_of(tmp_path / "m.png", INSIDE, "L", Decoding(frame=1))
    assert np.array_equal(found, INSIDE != 0)
    frames = [Image.fromarray(255 - INSIDE), Image.fromarray(INSIDE)]
    frames[0].save(tmp_path / "m.tif", save_all=True, append_images=frames[1:])
    found = load_mask(tmp_path / "m.tif", Seen((7, 5)), "t.csv", Decoding(frame=1))
    assert np.array_equal(found, INSIDE != 0)
    with pytest.raises(DataError, match="has 2 frames, and nothing says"):
        load_mask(tmp_path / "m.tif", Seen((7, 5)), "t.csv")


DRAWN = np.zeros((6, 9), np.uint8)
DRAWN[1:3, 1:4] = 255
EXIF, AS_STORED = Decoding(orientation="exif"), Decoding(orientation="as-stored")


def mask_on(folder: Path, of_image: int, of_mask: int, drawn: Pixels, decoding: Decoding) -> Pixels:
    marked(folder / "i.png", of_image, np.zeros((6, 9), np.uint8))
    marked(folder / "m.png", of_mask, drawn)
    seen = look_at(folder / "i.png", "t.csv", decoding)
    return load_mask(folder / "m.png", seen, "t.csv", decoding)


@pytest.mark.parametrize("mark", range(1, 9))
def test_a_mask_is_turned_as_its_image_is(tmp_path: Path, mark: int) -> None:
    found = mask_on(tmp_path, mark, mark, DRAWN, EXIF)
    assert np.array_equal(found, upright(mark, DRAWN) != 0)
    assert np.array_equal(mask_on(tmp_path, mark, mark, DRAWN, AS_STORED), DRAWN != 0)


@pytest.mark.parametrize(
    ("of_image", "of_mask"), [(3, 2), (3, 1), (2, 1), (4, 1), (1, 3), (6, 8), (1, 6), (2, 4)]
)
def test_a_mask_that_may_lie_in_two_ways_is_refused(
    tmp_path: Path, of_image: int, of_mask: int
) -> None:
    with pytest.raises(DataError, match="is to be turned otherwise than its image"):
        mask_on(tmp_path, of_image, of_mask, DRAWN, EXIF)


def test_a_mask_of_the_turned_images_size_was_drawn_on_it(tmp_path: Path) -> None:
    drawn = np.rot90(DRAWN).copy()
    assert np.array_equal(mask_on(tmp_path, 6, 1, drawn, EXIF), drawn != 0)
    with pytest.raises(DataError, match="a mask has a pixel for every one of its image"):
        mask_on(tmp_path, 6, 1, DRAWN, EXIF)


def test_an_unmarked_mask_of_a_turned_square_may_lie_in_two_ways(tmp_path: Path) -> None:
    marked(tmp_path / "i.png", 6, np.zeros((6, 6), np.uint8))
    Image.fromarray(DRAWN[:, :6]).save(tmp_path / "m.png")
    seen = look_at(tmp_path / "i.png", "t.csv", EXIF)
    with pytest.raises(DataError, match="is to be turned otherwise than its image"):
        load_mask(tmp_path / "m.png", seen, "t.csv", EXIF)


def test_two_numbers_of_one_color_are_two(tmp_path: Path) -> None:
    numbers = np.zeros((5, 7), np.uint8)
    numbers[1:3, 2:4], numbers[3, 2:4] = 1, 2
    image = Image.fromarray(numbers, mode="P")
    image.putpalette([0, 0, 0] + [255, 255, 255] * 255)
    image.save(tmp_path / "m.png")
    with pytest.raises(DataError, match="two numbers look alike"):
        load_mask(tmp_path / "m.png", Seen((7, 5)), "t.csv")


@pytest.fixture
def turned(tmp_path: Path) -> Path:
    """A project that segments, whose first test image and its mask are to be turned."""
    write_blobs(tmp_path / "data/blobs", 2)
    for name in ("images/000.png", "masks/000.png"):
        path = tmp_path / "data/blobs" / name
        pixels = np.asarray(Image.open(path))
        marked(path, 6, np.rot90(pixels))  # a quarter to the left, which the mark turns back
    return tmp_path


def segmenting(folder: Path, line: str) -> Any:
    (folder / "tiny").mkdir(exist_ok=True)
    text = SEGMENTED.replace("[preprocess]", f"[preprocess]\n{line}")
    (folder / "tiny/model.toml").write_text(text)
    model = load_model(folder / "tiny", folder)
    assert model.data is not None
    dataset = open_dataset(model.data, folder / "data", decoding=model.decoding)
    return dataset.splits[Role.EVALUATION]


def test_a_mask_is_turned_with_its_image(turned: Path, tmp_path: Path) -> None:
    write_blobs(tmp_path / "plain/data/blobs", 2)
    before = segmenting(tmp_path / "plain", "")
    after = segmenting(turned, 'orientation = "exif"')
    assert np.array_equal(np.asarray(after.load(0)), np.asarray(before.load(0)))
    assert np.array_equal(after.masks(0), before.masks(0))
    stored = segmenting(turned, 'orientation = "as-stored"')
    assert np.array_equal(stored.masks(0), np.rot90(before.masks(0)))


def test_a_mask_that_is_not_turned_with_its_image_is_refused(turned: Path) -> None:
    path = turned / "data/blobs/masks/000.png"
    Image.open(path).save(path, exif=Image.Exif())
    split = segmenting(turned, 'orientation = "exif"')
    with pytest.raises(DataError, match="a mask has a pixel for every one of its image"):
        split.masks(0)


def test_what_calibrates_is_decoded_as_declared(project: Project) -> None:
    for path in sorted((project.data / "spots/images").iterdir()):
        marked(path, 6, np.asarray(Image.open(path)))
    folder = project.folder / "models/tiny"
    opened = partial(open_dataset, data_root=project.data)
    found = []
    for orientation in ("exif", "as-stored"):
        line = f'[preprocess]\norientation = "{orientation}"'
        (folder / "model.toml").write_text(MODEL_TOML.replace("[preprocess]", line))
        found.append(calibration_images(load_model(folder, folder), "int8", opened))
    assert np.array_equal(found[0], np.rot90(found[1], -1, axes=(1, 2)))
    assert not np.array_equal(found[0], found[1])


def test_whoever_opens_data_says_how_its_files_are_decoded() -> None:
    opened = 0
    for path in [*(ROOT / "edgeassay").rglob("*.py"), *(ROOT / "models").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name in ("open_dataset", "open_rehearsal", "open_data"):
                opened += 1
                given = {keyword.arg for keyword in node.keywords}
                assert "decoding" in given, f"{path}:{node.lineno}"
    assert opened > 8
