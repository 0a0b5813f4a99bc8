"""What a file is that is no network which can be judged, by its bytes, and what to do with it."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

from edgeassay.config.checks import FOREIGN
from edgeassay.datasets.image_files import DICOM_AT, NIFTI_AT
from edgeassay.plain_files import open_plain

TORCH: Final = FOREIGN[".pt"]
# What files have at a place: the bytes, and what to do with such a file.
KINDS: Final = (
    (4, (b"ORTM",), "it is an .ort, ONNX Runtime's own form: give the .onnx that it was made from"),
    (0, (b"\x89HDF",), f"it is HDF5, as a .h5 is: {FOREIGN['.h5']}"),
    (
        0,
        (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"),
        f"it is a pickle, as an old .pt is: {TORCH}",
    ),
    (DICOM_AT, (b"DICM",), "it is a DICOM image, and no network: export it as PNG for [data]"),
    (
        NIFTI_AT,
        (b"n+1", b"ni1"),
        "it is a NIfTI volume, and no network: export its slices as PNG for [data]",
    ),
)
ZIP: Final = b"PK\x03\x04"


def foreign_content(path: Path) -> str | None:
    """What it is, and what to do with it; None where its bytes don't say. OSError where the file
    can't be read.
    """
    with open_plain(path) as file:
        content = file.read(NIFTI_AT + 4)
    for place, signs, words in KINDS:
        if content[place:].startswith(signs):
            return words
    return _of_archive(path) if content.startswith(ZIP) else None


def _of_archive(path: Path) -> str:
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
    except (BadZipFile, ValueError):
        names = []
    if any(name.endswith("data.pkl") for name in names):
        return f"it is PyTorch's, as a .pt is: {TORCH}"
    if names and all(name.endswith(".npy") for name in names):
        return "it is an archive of arrays, as an .npz is, and no network: it may serve as [data]"
    return "it is an archive, as a .keras is: give a trained network with --keras"
