"""docs/inputs.md: what is read, refused and reported. Each of its rows is tried here."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from PIL import Image

from edgeassay.datasets import check_separation, open_dataset
from edgeassay.datasets.image_files import ORIENTATION, REFUSING, Seen, load_image
from edgeassay.datasets.labels import positives_told
from edgeassay.datasets.masks import load_mask
from edgeassay.datasets.pictures import with_pictures
from edgeassay.errors import EdgeassayError
from edgeassay.judging.predictions import read_compared
from edgeassay.progress import silent
from edgeassay.report.table import copies_told
from edgeassay.report.tones import too_dark, too_shallow
from edgeassay.spec import Decoding, ImageCsvSource, InputShapes, NpzSource, Role, RuntimeSpec
from edgeassay.starting.given import read_given
from edgeassay.starting.tensors import Ways, inspect, own_worker
from edgeassay.tflite_schema import open_tflite
from edgeassay.workers import NO_SHAPES
from suites.meta.odd_models import (
    write_open,
    write_open_output,
    write_random,
    write_stateful,
    write_unranked,
)
from suites.meta.project import ROOT
from suites.meta.test_foreign_files import arrays, torch_archive
from suites.meta.test_image_parts import COLOR, DEEP, alpha, deep, frames, lab, tiff, turned
from suites.meta.tinymodels import SIDE, brightness, write_classifier

PAGE: Final = ROOT / "docs" / "inputs.md"
# Brings something into a folder; what is said of it, "" where nothing is.
Trial = Callable[[Path], str]

GREY: Final = np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8)
SIZED: Final = {"": [(1, 8, 8, 1)]}


@dataclass(frozen=True)
class Row:
    """A row of the page."""

    what: str
    happens: str
    words: str


def rows() -> list[Row]:
    """Those of every table."""
    found = re.findall(
        r"^\| (.+?) \| (read|refused|reported) \| ?(.*?) ?\|$", PAGE.read_text(), re.M
    )
    return [Row(*cells) for cells in found]


def network(write: Callable[[Path], object], shapes: InputShapes = NO_SHAPES) -> Trial:
    """A .tflite that is loaded and run."""

    def trial(folder: Path) -> str:
        write(folder / "a.tflite")
        inspect(folder / "a.tflite", "fp32", Ways(shapes=shapes))
        return ""

    return trial


def repeatable(write: Callable[[Path], object]) -> Trial:
    def trial(folder: Path) -> str:
        write(folder / "a.tflite")
        rows = np.random.default_rng(3).uniform(size=(2, 1, SIDE, SIDE, 1)).astype(np.float32)
        with own_worker(RuntimeSpec(), "a") as worker:
            worker.run(worker.load(folder / "a.tflite", RuntimeSpec(), "a", "a"), [rows])
        return ""

    return trial


def damaged(folder: Path) -> str:
    write_classifier(folder / "whole.tflite", *brightness())
    data = (folder / "whole.tflite").read_bytes()
    (folder / "a.tflite").write_bytes(data[: len(data) // 2])
    open_tflite(folder / "a.tflite")
    return ""


def given(content: bytes | Callable[[Path], object], name: str = "a.tflite") -> Trial:
    """A file that `init` is given as an artifact."""

    def trial(folder: Path) -> str:
        if callable(content):
            content(folder / name)
        else:
            (folder / name).write_bytes(content)
        read_given([f"fp32={folder / name}"])
        return ""

    return trial


def image(name: str, write: Callable[[Path], object], decoding: Decoding = REFUSING) -> Trial:
    def trial(folder: Path) -> str:
        write(folder / name)
        load_image(folder / name, "labels.csv", decoding)
        return ""

    return trial


def grey(bits: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        Image.fromarray(GREY.astype(f"uint{bits}")).save(path)

    return write


def floats(path: Path) -> None:
    Image.fromarray(np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)).save(path)


def mask(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], palette: str = "") -> Trial:
    """A mask of an image of 8 by 8 pixels."""

    def trial(folder: Path) -> str:
        made = Image.fromarray(pixels)
        if palette:
            made = made.convert("P")
            made.putpalette([255] * 3 + [0] * 3 + [7] * 756)
        made.save(folder / "m.png")
        load_mask(folder / "m.png", Seen((8, 8)), "labels.csv")
        return ""

    return trial


def labels(*cells: str) -> Trial:
    """What `judge` says of a column of labels."""

    def trial(folder: Path) -> str:
        lines = [f"{k}.png,{cell}" for k, cell in enumerate(cells)]
        scores = [f"{k}.png,{k}.5" for k in range(len(cells))]
        (folder / "l.csv").write_text("\n".join(["image,ill", *lines]) + "\n", "utf-8")
        (folder / "s.csv").write_text("\n".join(["image,ill", *scores]) + "\n", "utf-8")
        read_compared(folder / "l.csv", folder / "s.csv", folder / "s.csv")
        return ""

    return trial


def table(column: str = "finding", **changed: list[str]) -> Trial:
    """A data set of four images, its columns changed."""

    def trial(folder: Path) -> str:
        columns = {
            "image": ["0.png", "1.png", "2.png", "3.png"],
            column: ["0", "1", "0", "1"],
            "patient": ["a", "b", "c", "d"],
            "split": ["train", "train", "test", "test"],
        } | changed
        for k in range(4):
            Image.fromarray(np.roll(GREY, k)).save(folder / f"{k}.png")
        body = [",".join(cells) for cells in zip(*columns.values(), strict=True)]
        (folder / "labels.csv").write_text("\n".join([",".join(columns), *body]) + "\n", "utf-8")
        source = ImageCsvSource(
            source="image-csv",
            folder=folder.name,
            label=column,
            positive="ill" if "ill" in columns[column] else None,
            patient="patient",
        )
        dataset = open_dataset(source, folder.parent)
        split = dataset.splits[Role.EVALUATION]
        check_separation(dataset)
        if split.negatives is None:
            return ""
        counts = {"ill": int(split.labels.sum())}
        return positives_told(counts, len(split), split.negatives)

    return trial


def npz_with_patients(folder: Path) -> str:
    images, labels = np.zeros((4, 8, 8), np.uint8), np.arange(4) % 2
    path = folder / "a.npz"
    np.savez(path, test_images=images, test_labels=labels, test_patients=np.arange(4))
    source = NpzSource(source="npz", file="a.npz", classes=("ill",))
    _ = open_dataset(source, folder).splits
    return ""


def two_subgroups(folder: Path) -> str:
    rows = [f"{k}.png,{k % 2},test,{'FfMM'[k]}" for k in range(4)]
    for k in range(4):
        Image.fromarray(np.roll(GREY, k)).save(folder / f"{k}.png")
    text = "\n".join(["image,finding,split,sex", *rows]) + "\n"
    (folder / "labels.csv").write_text(text, "utf-8")
    source = ImageCsvSource(
        source="image-csv", folder=folder.name, label="finding", subgroups=("sex",)
    )
    _ = open_dataset(source, folder.parent).splits
    return ""


def unused_patients(folder: Path) -> str:
    lines = [f"{k}.png,{k % 2},case-{k // 2}" for k in range(12)]
    (folder / "l.csv").write_text("\n".join(["image,ill,case", *lines]) + "\n", "utf-8")
    scores = [f"{k}.png,{k}.5" for k in range(12)]
    (folder / "s.csv").write_text("\n".join(["image,ill", *scores]) + "\n", "utf-8")
    read_compared(folder / "l.csv", folder / "s.csv", folder / "s.csv")
    return ""


def copied(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Trial:
    """An evaluation split of which two images are one picture."""

    def trial(folder: Path) -> str:
        for k in range(3):
            rng = np.random.default_rng(k)
            Image.fromarray(rng.integers(0, 256, (64, 64), np.uint8)).save(folder / f"{k}.png")
        first = np.asarray(Image.open(folder / "0.png"))
        Image.fromarray(first if not pixels.any() else first // 2 + 60).save(folder / "3.png")
        text = "image,finding,split\n" + "".join(f"{k}.png,{k % 2},test\n" for k in range(4))
        (folder / "labels.csv").write_text(text, "utf-8")
        source = ImageCsvSource(source="image-csv", folder=folder.name, label="finding")
        split = open_dataset(source, folder.parent).splits[Role.EVALUATION]
        split = with_pictures(split, REFUSING, folder / "kept", silent)
        return copies_told(len(split), split.copies, split.near_copies)

    return trial


def layers(colors: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Trial:
    """A mask with an alpha channel."""

    def trial(folder: Path) -> str:
        Image.fromarray(np.dstack([colors, BINARY]), "LA").save(folder / "mask.png")
        assert np.array_equal(
            load_mask(folder / "mask.png", Seen((8, 8)), "labels.csv"), BINARY != 0
        )
        return ""

    return trial


def turned_mask(folder: Path) -> str:
    exif = Image.Exif()
    exif[ORIENTATION] = 3
    Image.fromarray(BINARY).save(folder / "mask.png", exif=exif)
    seen, decoding = Seen((8, 8)), Decoding(orientation="exif")
    load_mask(folder / "mask.png", seen, "labels.csv", decoding)
    return ""


def toned(*sixteen_bits: int) -> Trial:
    """An evaluation split of four images, of which some are dark ones of 16 bits."""

    def trial(folder: Path) -> str:
        for k in range(4):
            pixels = np.random.default_rng(k).integers(0, 256, (64, 64), np.uint16)
            saved = pixels if k in sixteen_bits else pixels.astype(np.uint8)
            Image.fromarray(saved).save(folder / f"{k}.png")
        text = "image,finding,split\n" + "".join(f"{k}.png,{k % 2},test\n" for k in range(4))
        (folder / "labels.csv").write_text(text, "utf-8")
        source = ImageCsvSource(source="image-csv", folder=folder.name, label="finding")
        split = open_dataset(source, folder.parent).splits[Role.EVALUATION]
        split = with_pictures(split, REFUSING, folder / "kept", silent)
        assert split.tones is not None
        tones = split.tones()
        if tones.shallow:
            return too_shallow(tones.shallow, len(split))
        return too_dark(tones.dark(None), len(split)) if tones.dark(None) else ""

    return trial


BINARY: Final = np.where(GREY > 99, 255, 0).astype(np.uint8)
TRIALS: Final[dict[str, Trial]] = {
    "a network with fixed sizes": network(lambda path: write_classifier(path, *brightness())),
    "a network that keeps a state between inferences (LSTM, streaming)": repeatable(write_stateful),
    "a network whose output isn't a function of its input (active dropout, random operators)": (
        repeatable(write_random)
    ),
    "an input that leaves sizes open beyond the batch": network(write_open),
    "an input of which the file doesn't say how many sides it has": network(write_unranked),
    "the same, with `--shape` or `shape` in model.toml": network(write_open, SIZED),
    "an output whose size is known only after a run": network(write_open_output),
    "a damaged .tflite": damaged,
    "an .onnx that keeps weights in another file": given(
        (ROOT / "suites/runtimes/onnx/elsewhere.onnx").read_bytes(), "a.onnx"
    ),
    "an .ort": given(bytes(4) + b"ORTM" + bytes(99)),
    "a .pt or .pth": given(torch_archive),
    "a pickle": given(pickle.dumps([1], protocol=2)),
    "an .h5": given(b"\x89HDF\r\n\x1a\n" + bytes(99)),
    "a DICOM file as a network": given(bytes(128) + b"DICM" + bytes(99)),
    "a NIfTI file as a network": given(bytes(344) + b"n+1\0"),
    "an .npz as a network": given(arrays),
    "8 bits a channel, or 16-bit grey": image("a.png", grey(16)),
    "a GIF or TIFF with further frames": image("a.gif", frames),
    "several frames, with `frame` in [preprocess]": image("a.gif", frames, Decoding(frame=1)),
    "a file that hasn't that frame": image("a.png", COLOR.save, Decoding(frame=1)),
    "transparent pixels, with `alpha` in [preprocess]": (
        image("a.png", alpha(0), Decoding(alpha="black"))
    ),
    "an EXIF mark, with `orientation` in [preprocess]": (
        image("a.jpg", turned(6), Decoding(orientation="exif"))
    ),
    "images that never reach a tenth of `white`, such as 12 bits in 16-bit files without `white`": (
        toned(0, 1, 2, 3)
    ),
    "8-bit images among 16-bit ones": toned(0),
    "a mask whose alpha channel shows the same as its colors": layers(BINARY),
    "a mask drawn in its alpha channel alone (its colors are all the same)": layers(
        255 + 0 * BINARY
    ),
    "a mask that is to be turned otherwise than its image": turned_mask,
    "a mask with another mask in its alpha channel": layers(255 - BINARY),
    "transparent pixels": image("a.png", alpha(0)),
    "an alpha channel that is opaque everywhere": image("a.png", alpha(255)),
    "an EXIF mark that the image is to be turned": image("a.jpg", turned(6)),
    "16 bits a channel in color": image("a.png", deep),
    "CMYK or RGB with more than 8 bits a channel (PPM, JPEG 2000, TIFF), 16-bit grey with alpha,"
    " LAB": image("a.tif", lab),
    "a 16-bit TIFF in which 0 is white, numbers with a sign, further channels, an ImageJ stack": (
        image("a.tif", tiff(DEEP, t270="ImageJ=1.53\nimages=10\n"))
    ),
    "FITS, EPS, ICO and other formats": image(
        "a.ico", lambda path: Image.new("RGB", (32, 32)).save(path)
    ),
    "floating-point pixels": image("a.tif", floats),
    "DICOM": image("a.dcm", lambda path: path.write_bytes(bytes(128) + b"DICM" + bytes(99))),
    "NIfTI": image("a.nii", lambda path: path.write_bytes(bytes(344) + b"n+1\0")),
    "a damaged or empty image file": image("a.png", lambda path: path.write_bytes(b"")),
    "a mask whose palette shows another mask than its numbers": mask(BINARY // 255, "inverted"),
    "a mask with two values, the smaller of which is 0": mask(BINARY),
    "a mask with further values, such as a JPEG's": mask(GREY),
    "a mask of another size than its image": mask(BINARY[:4]),
    "`0`, `0.0`, `False`, `1`, `1.`, `TRUE`, with blanks around them": (
        labels("0", "0.0", " False ", "1", "1.", "TRUE")
    ),
    "`-1`, CheXpert's mark of an uncertain finding": labels("0", "1", "-1.0"),
    "an empty cell, `nan`, `N/A` or `?` as a label": labels("0", "1", "N/A"),
    "a text where 0 and 1 are wanted": labels("0", "yes", "1"),
    "two texts that differ only in case or blanks": (
        table(finding=["ill", "normal", "ill", "Normal"])
    ),
    "a column of texts with a positive one": table(finding=["ill", "x", "ill", "normal"]),
    "patients that differ only in case, blanks, `-` and `_`, leading zeros or `.0`": (
        table(patient=["7", "8", "07.0", "9"])
    ),
    "images named in two ways (`a/../b.png`)": table(
        image=["0.png", "1.png", "a/../1.png", "3.png"]
    ),
    "splits that differ only in case or blanks (`test `)": (
        table(split=["train", "train", "test", "test "])
    ),
    "an NPZ with patients, masks or other arrays beside images and labels": npz_with_patients,
    "values of a subgroup's column that differ only in case or blanks": two_subgroups,
    "a column that may say who the patients are, under a name that doesn't tell": unused_patients,
    "a table whose rows name no split": table(split=["train", "", "test", "test"]),
    "copies of an image in the evaluation split, byte for byte": copied(np.zeros(1, np.uint8)),
    "images that are nearly the same picture (32x32 greys that correlate above 0.995)": (
        copied(np.ones(1, np.uint8))
    ),
    "a patient in two splits": table(patient=["a", "b", "a", "d"]),
}


def test_every_row_is_tried() -> None:
    whats = [row.what for row in rows()]
    assert sorted(whats) == sorted(TRIALS)
    assert len(whats) > 40


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.what)
def test_what_happens_is_as_the_page_says(tmp_path: Path, row: Row) -> None:
    try:
        said, happened = TRIALS[row.what](tmp_path), "read"
        happened = "reported" if said else "read"
    except EdgeassayError as error:
        said, happened = str(error), "refused"
    assert happened == row.happens, said
    if happened == "read":
        return
    words = row.words.strip("`")
    assert words, "what is refused or reported says so in words"
    assert words in said
    assert len(said.splitlines()) == 1
