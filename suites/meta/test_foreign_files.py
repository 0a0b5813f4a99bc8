"""A file that is no network is called by its name, wherever it is given as one."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeassay.advising.subject import check_float
from edgeassay.artifacts import foreign_artifact, read_artifact
from edgeassay.errors import EdgeassayError
from edgeassay.foreign_files import foreign_content
from suites.meta.tinymodels import brightness, write_classifier


def torch_archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/data.pkl", b"")


def arrays(path: Path) -> None:
    np.savez(path.with_suffix(".npz"), images=np.zeros(3))
    path.with_suffix(".npz").rename(path)


KINDS: dict[str, tuple[bytes | Callable[[Path], None], str]] = {
    "ort": (bytes(4) + b"ORTM" + bytes(99), "it is an .ort, ONNX Runtime's own form"),
    "pt": (torch_archive, "it is PyTorch's, as a .pt is"),
    "pickle": (pickle.dumps([1], protocol=2), "it is a pickle, as an old .pt is"),
    "h5": (b"\x89HDF\r\n\x1a\n" + bytes(99), "it is HDF5, as a .h5 is"),
    "dicom": (bytes(128) + b"DICM" + bytes(99), "it is a DICOM image, and no network"),
    "nifti": (bytes(344) + b"n+1\0", "it is a NIfTI volume, and no network"),
    "npz": (arrays, "it is an archive of arrays"),
}


@pytest.fixture(params=KINDS)
def given(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A file called .onnx that is none, and the words for what it is."""
    content, words = KINDS[request.param]
    path = tmp_path / "a.onnx"
    if callable(content):
        content(path)
    else:
        path.write_bytes(content)
    return path, words


@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
def test_it_is_no_artifact_of_a_run_of_a_build_or_of_a_side(
    given: tuple[Path, str], suffix: str
) -> None:
    path, words = given[0].rename(given[0].with_suffix(suffix)), given[1]
    with pytest.raises(EdgeassayError, match=words):
        read_artifact(path, "m", "fp32")
    with pytest.raises(EdgeassayError, match=words):
        foreign_artifact(path, "m", "fp32", None, {})
    with pytest.raises(EdgeassayError, match=words):
        check_float(path)


def test_bytes_of_a_network_that_look_like_another_format_are_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.tflite"
    write_classifier(path, *brightness())
    data = bytearray(path.read_bytes())
    data[128:132], data[344:348] = b"DICM", b"n+1\0"
    path.write_bytes(bytes(data))
    assert foreign_content(path) is None
