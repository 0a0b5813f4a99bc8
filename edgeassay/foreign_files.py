"""What a file is that is no network which can be judged, by its name or its bytes, and what to do
with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

from edgeassay.plain_files import open_plain

# Where other formats have their names.
DICOM_AT: Final = 128
NIFTI_AT: Final = 344
TFLITE: Final = b"TFL3"  # at byte 4
TORCH: Final = (
    "export it to .onnx and give that as the `artifact` of a variant, or convert it to a float"
    " .tflite, with litert-torch for one"
)
# What a network that isn't read may be called, by its file's suffix, and what to do about it.
FOREIGN: Final[Mapping[str, str]] = {
    ".h5": "load it with Keras and save it as .keras",
    ".hdf5": "load it with Keras and save it as .keras",
    ".pb": "name the SavedModel's folder, not the file in it",
    ".onnx": "give it as the `artifact` of a variant for onnxruntime, or convert it to a float"
    " .tflite or a SavedModel",
    ".pt": TORCH,
    ".pth": TORCH,
    ".pkl": "a pickle runs code when it is read: save the network as .keras",
}
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
        (b"n+1\0", b"ni1\0"),
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
    if content[4:8] == TFLITE:
        return None
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
    if "config.json" in names or not names:
        return "it is an archive, as a .keras is: give that with --keras (`edgeassay init`)"
    return "it is an archive: unpack it, and give the network that is in it"
