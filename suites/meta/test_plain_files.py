"""What a user names is read only where it is a plain file, and only so much of it."""

from __future__ import annotations

import ast
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from edgeassay.artifacts import read_artifact
from edgeassay.atomic import sha256_of
from edgeassay.baselines.promoting import read_candidate
from edgeassay.config.toml import read_toml
from edgeassay.datasets.archive import Archive
from edgeassay.datasets.image_files import digest_file, load_image
from edgeassay.datasets.table import read_header
from edgeassay.errors import EdgeassayError
from edgeassay.evidence_bundle.manifest import MANIFEST, read_manifest
from edgeassay.evidence_bundle.predictions import rounds_of
from edgeassay.judging import judge_durations
from edgeassay.networks import open_network
from edgeassay.plain_files import (
    MOST_DURATIONS,
    MOST_FACTS,
    MOST_RESULTS,
    MOST_SAVED,
    MOST_TOML,
    check_plain,
    open_plain,
    read_plain,
)
from edgeassay.report.attempts import read_attempts
from edgeassay.report.reading import read_results
from edgeassay.runs.reading import read_run
from edgeassay.search.storage import open_storage
from edgeassay.selftest.record import read_selftest
from edgeassay.starting.given import read_given
from edgeassay.tflite_file import read_graph
from edgeassay.variants.trained import unpack
from suites.meta.compared import NEED
from suites.meta.project import ROOT

KINDS: Final = ("pipe", "device", "socket")


def odd(folder: Path, kind: str, name: str = "given") -> Path:
    """Something that is no plain file, by way of a link."""
    path = folder / f"{kind}.itself"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(path))
    else:
        path = Path("/dev/zero")
    (folder / name).symlink_to(path)
    return folder / name


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    given = odd(tmp_path, kind)
    for read in (check_plain, open_plain, read_plain, sha256_of):
        with pytest.raises(OSError, match=f"it is a {kind}, and only plain files are read"):
            read(given)


def test_plain_files_and_links_to_them_are_read(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_bytes(b"content")
    link.symlink_to(file)
    for path in (file, link):
        assert read_plain(path) == b"content"
        assert read_plain(path, 7) == b"content"
        with pytest.raises(OSError, match="it has 7 bytes, and at most 6 are read"):
            read_plain(path, 6)
    with pytest.raises(IsADirectoryError):
        open_plain(tmp_path)
    with pytest.raises(FileNotFoundError):
        open_plain(tmp_path / "none")


READERS: Final[Mapping[str, Callable[[Path], object]]] = {
    "artifact": lambda p: read_artifact(p, "m", "v"),
    "tflite": read_graph,
    "given .tflite": lambda p: read_given([], tflite=p),
    "given .onnx": lambda p: read_given([f"fp32={p}"]),
    "keras": open_network,
    "toml": lambda p: read_toml(p, str(p)),
    "table": lambda p: read_header(p, absent=""),
    "image": lambda p: load_image(p, "labels.csv"),
    "image's digest": lambda p: digest_file(p, "labels.csv"),
    "archive": lambda p: Archive(path=p).names(),
    "results": read_results,
    "saved run": read_run,
    "candidate": lambda p: read_candidate(p, p.parent),
    "durations": lambda p: judge_durations(p, 40.0, NEED, unit=None),
    "rounds": rounds_of,
    "selftest": read_selftest,
    "ledger": read_attempts,
    "study": lambda p: open_storage(str(p)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", READERS)
def test_every_reader_says_so_in_a_sentence(tmp_path: Path, name: str, kind: str) -> None:
    if name == "keras":
        pytest.importorskip("keras")
    given = odd(tmp_path, kind, "given.onnx" if name == "given .onnx" else "given")
    with pytest.raises(EdgeassayError, match=rf"it is a {kind}|is no ordinary file"):
        READERS[name](given)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bundle_and_what_was_trained_are_refused_alike(tmp_path: Path, kind: str) -> None:
    given = odd(tmp_path, kind, MANIFEST)
    with pytest.raises(EdgeassayError, match=f"it is a {kind}"):
        read_manifest(tmp_path)
    with pytest.raises(OSError, match=f"it is a {kind}"):
        unpack(given)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("durations", MOST_DURATIONS),
        ("results", MOST_RESULTS),
        ("saved run", MOST_SAVED),
        ("rounds", MOST_SAVED),
        ("selftest", MOST_FACTS),
        ("toml", MOST_TOML),
    ],
)
def test_no_more_is_read_than_makes_sense(tmp_path: Path, name: str, most: int) -> None:
    given = tmp_path / "given"
    given.touch()
    os.truncate(given, most + 1)
    words = f"it has {most + 1:,} bytes, and at most {most:,} are read"
    with pytest.raises(EdgeassayError, match=words):
        READERS[name](given)


# Who reads only what the system, this package or a run before it wrote.
OWN: Final = frozenset(
    {
        *("converter.py", "doctor/readings.py", "emulation/debian.py", "emulation/emulator.py"),
        *("environments/installing.py", "evidence_bundle/git_history.py", "health.py"),
        *("html_report/page.py", "machine/fingerprint.py", "machine/gpu.py", "machine/quota.py"),
        *("datasets/pictures.py", "matrix_report/page.py", "measure/shards.py", "plain_files.py"),
        "pruning/keeping.py",
        *("saliency/page.py", "selftest/planted.py", "variants/convert.py"),
        *("variants/precisions.py", "workers/remote.py", "workers/worker.py"),
    }
)
READING: Final = ("read_bytes", "read_text", "open")
WRITING: Final = ("w", "wb", "a", "ab")


def reads(text: str) -> list[int]:
    """The lines of a module that open a file for reading by themselves."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        given = [a.value for a in node.args if isinstance(a, ast.Constant)]
        owner = getattr(getattr(node.func, "value", None), "id", "")
        if name in READING and not set(given) & set(WRITING) and owner not in ("os", "Image"):
            found.append(node.lineno)
    return found


def test_nothing_but_the_one_place_opens_what_a_user_names() -> None:
    assert reads('path.read_bytes()\npath.open("rb")\nopen(path)\npath.open("wb")') == [1, 2, 3]
    modules = (ROOT / "edgeassay").rglob("*.py")
    found = {p.relative_to(ROOT / "edgeassay").as_posix(): reads(p.read_text()) for p in modules}
    beside = {name for name, lines in found.items() if lines and not name.startswith("worker/")}
    # An archive is opened as one in these, whose members aren't files.
    archives = {"datasets/archive.py", "networks.py"}
    assert beside - archives == OWN - {"plain_files.py"}
