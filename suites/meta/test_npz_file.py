"""Archives of arrays from elsewhere: whole ones are read, and damage is a ValueError."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgeassay.npz_file import read_arrays, read_header

MOST = 1 << 20


def header(text: str) -> bytes:
    """The beginning of a .npy with this header."""
    filled = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(filled).to_bytes(2, "little") + filled.encode("latin-1")


def test_arrays_are_those_that_were_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    given: dict[str, npt.NDArray[Any]] = {
        "a": rng.normal(size=(3, 4)).astype(np.float32),
        "b": np.asfortranarray(rng.integers(0, 9, (5, 2, 3))),
        "c": np.array("words"),
        "d": np.zeros((0, 7), np.int8),
    }
    np.savez_compressed(tmp_path / "x.npz", **given)  # type: ignore[arg-type]
    found = read_arrays(tmp_path / "x.npz", MOST)
    assert found.keys() == given.keys()
    for name, array in given.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    found["a"] += 1.0  # an array is its reader's own


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (3,", "^EOF in multi-line statement$"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }", r"shape \(-3,\)"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "1," * 40 + ")}", "shape"),
        ("{'descr': '<V0', 'fortran_order': False, 'shape': (3,), }", "takes no bytes"),
        ("{'descr': 5, 'fortran_order': False, 'shape': (3,), }", "descr"),
    ],
)
def test_a_damaged_header_is_a_value_error(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_header(io.BytesIO(header(text)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no array", "its 'a.npy' is no array"),
        (header("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"), "reshape"),
        (header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }") + b"123", "multiple"),
        (header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"), "Python objects"),
        (bytes(MOST + 1), "unpacks to more than"),
    ],
)
def test_a_member_that_is_no_array_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", content)
    with pytest.raises(ValueError, match=words):
        read_arrays(path, MOST)


def test_another_file_is_refused_and_one_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ValueError, match="not a zip file"):
        read_arrays(tmp_path / "x.npz", MOST)
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "none.npz", MOST)
