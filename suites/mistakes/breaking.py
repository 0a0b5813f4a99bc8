"""Ways to break a project that is well: each makes a function that does it."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from suites.meta.project import Project

Break = Callable[[Project], object]

MODEL = "models/tiny/model.toml"
DEVICE = "devices/bench.toml"
CSV = "data/spots/labels.csv"
# The first image of the evaluation split.
IMAGE = "data/spots/images/006.png"
INT8 = "artifacts/tiny/int8.tflite"
DATA = """[data]
source = "image-csv"
folder = "spots"
label = "finding"
positive = "bright"
patient = "patient"
"""
PREPROCESS = """[preprocess]
color = "grey"
size = [8, 8]
"""
NPZ = """[data]
source = "npz"
file = "spots.npz"
classes = ["bright"]
"""


def together(*breaks: Break) -> Break:
    """One after the other."""

    def do(project: Project) -> None:
        for one in breaks:
            one(project)

    return do


def piped(file: str) -> Break:
    """A pipe stands where a file ought to be, and nobody writes into it."""

    def do(project: Project) -> None:
        path = project.folder / file
        path.unlink(missing_ok=True)
        os.mkfifo(path)

    return do


def large(file: str, size: int) -> Break:
    """A file of so many bytes, which take no room."""

    def do(project: Project) -> None:
        path = project.folder / file
        path.touch()
        os.truncate(path, size)

    return do


def changed(file: str, old: str, new: str) -> Break:
    """The first `old` in a text file becomes `new`."""

    def do(project: Project) -> None:
        path = project.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} isn't in {file}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return do


def model(old: str, new: str) -> Break:
    """In model.toml, `old` becomes `new`."""
    return changed(MODEL, old, new)


def appended(file: str, text: str) -> Break:
    """`text` is added at the end of a file."""

    def do(project: Project) -> None:
        with (project.folder / file).open("a", encoding="utf-8") as stream:
            stream.write(text)

    return do


def written(file: str, content: bytes | str) -> Break:
    """A file has this content and no other; folders above are made."""

    def do(project: Project) -> None:
        path = project.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))

    return do


def truncated(file: str, size: int) -> Break:
    """A file ends after `size` bytes."""

    def do(project: Project) -> None:
        path = project.folder / file
        path.write_bytes(path.read_bytes()[:size])

    return do


def removed(file: str) -> Break:
    """A file is gone."""
    return lambda project: (project.folder / file).unlink()


def folder(name: str) -> Break:
    """A folder is where a file, or nothing, was."""

    def do(project: Project) -> None:
        path = project.folder / name
        path.unlink(missing_ok=True)
        path.mkdir(parents=True)

    return do


def npz(name: str = "spots.npz", declared: str = NPZ, **arrays: npt.NDArray[Any]) -> Break:
    """The model's data is an archive; `arrays` go before the right ones."""

    def do(project: Project) -> None:
        model(DATA, declared)(project)
        content: dict[str, Any] = right_arrays() | arrays
        np.savez(project.data / name, **content)

    return do


def right_arrays() -> dict[str, npt.NDArray[Any]]:
    """Images and labels of three splits, as they should be."""
    rng = np.random.default_rng(3)
    arrays: dict[str, npt.NDArray[Any]] = {}
    for split in ("train", "val", "test"):
        labels = np.arange(24) % 2
        arrays[f"{split}_labels"] = labels.reshape(-1, 1).astype(np.uint8)
        grey = rng.normal(120 + 16 * labels[:, None, None], 20, (24, 8, 8))
        arrays[f"{split}_images"] = np.clip(grey, 0, 255).astype(np.uint8)
    return arrays


class Payload:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        return open, (str(self._path), "w")


def pickled(project: Project) -> None:
    """The evaluation images are Python objects, which would make a file if they were loaded."""
    npz()(project)
    array = np.array([Payload(project.folder / "EXECUTED")] * 24, dtype=object)
    replaced_member(project.data / "spots.npz", "test_images.npy", npy(array))


def npy(array: npt.NDArray[Any]) -> bytes:
    """An array as a .npy file holds it, objects pickled."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def replaced_member(path: Path, name: str, content: bytes | None) -> None:
    """A member of a zip file has other content, or is gone where there is none."""
    with zipfile.ZipFile(path) as file:
        members = {n: file.read(n) for n in file.namelist()}
    members.pop(name)
    if content is not None:
        members[name] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for member, data in members.items():
            file.writestr(member, data)


def without_array(name: str) -> Break:
    """The archive lacks an array."""

    def do(project: Project) -> None:
        npz()(project)
        replaced_member(project.data / "spots.npz", f"{name}.npy", None)

    return do


def zip_bomb(project: Project) -> None:
    """Images that are a few kilobytes packed, and 100 MB unpacked."""
    npz(test_images=np.zeros((24, 2048, 2048), np.uint8))(project)
    path = project.data / "spots.npz"
    with zipfile.ZipFile(path) as file:
        content = file.read("test_images.npy")
    replaced_member(path, "test_images.npy", content)


def damaged_member(project: Project) -> None:
    """The archive's list is whole, and a byte among the evaluation images isn't what it was."""
    npz()(project)
    images = right_arrays()["test_images"]
    path = project.data / "spots.npz"
    data = bytearray(path.read_bytes())
    data[data.find(images.tobytes()[:64]) + 32] ^= 0xFF
    path.write_bytes(bytes(data))
