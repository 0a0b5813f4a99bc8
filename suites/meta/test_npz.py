"""Archives in MedMNIST's layout: what is read, what is refused, and what it costs in memory."""

from __future__ import annotations

import gc
import hashlib
import io
import struct
import tempfile
import threading
import tracemalloc
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import numpy.typing as npt
import pytest

from edgeassay.datasets import Dataset, check_evaluation, check_separation, open_dataset
from edgeassay.datasets.archive import Archive, Header
from edgeassay.errors import Absent, ConfigError, DataError
from edgeassay.spec import NpzSource, Role

BINARY = NpzSource(source="npz", file="tiny.npz", classes=("malignant",))
Arrays = dict[str, npt.NDArray[Any]]


def arrays(side: int = 6, kind: str = "uint8") -> Arrays:
    rng = np.random.default_rng(8)
    top = np.iinfo(kind).max
    made: Arrays = {}
    for split, count in (("train", 12), ("val", 5), ("test", 9)):
        made[f"{split}_images"] = rng.integers(0, top, (count, side, side)).astype(kind)
        made[f"{split}_labels"] = (np.arange(count) % 2).astype(np.uint8)[:, np.newaxis]
    return made


def write(root: Path, content: Arrays, *, packed: bool = False) -> Path:
    path = root / "tiny.npz"
    arrays: dict[str, Any] = content
    (np.savez_compressed if packed else np.savez)(path, **arrays)
    return path


def opened(root: Path, source: NpzSource = BINARY) -> Dataset:
    return open_dataset(source, root)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("tail", "kind", "mode"),
    [((), "uint8", "L"), ((1,), "uint8", "L"), ((3,), "uint8", "RGB"), ((1,), "uint16", "I;16")],
)
def test_images_are_read_as_they_are(
    tmp_path: Path, packed: bool, tail: tuple[int, ...], kind: str, mode: str
) -> None:
    content = arrays(kind=kind)
    for name in ("train_images", "val_images", "test_images"):
        images = content[name]
        content[name] = np.broadcast_to(
            images[(...,) + (np.newaxis,) * len(tail)], images.shape + tail
        )
    write(tmp_path, content, packed=packed)
    dataset = opened(tmp_path)
    split = dataset.splits[Role.EVALUATION]
    assert len(split) == 9
    assert split.patients is None
    assert split.names[3] == "test/000003"
    for index in range(9):
        image = split.load(index)
        assert image.mode == mode
        stored = content["test_images"][index]
        assert np.array_equal(np.asarray(image).reshape(stored.shape), stored)
        shape = f"{stored.dtype.str} {stored.shape}\n".encode()
        assert split.digest(index) == hashlib.sha256(shape + stored.tobytes()).digest()
    assert check_evaluation(dataset) is split
    assert check_separation(dataset) is False


def test_the_usual_splits_serve_the_usual_roles(tmp_path: Path) -> None:
    content = arrays() | {"more_images": arrays()["val_images"], "more_labels": np.zeros(5, int)}
    write(tmp_path, content)
    dataset = opened(tmp_path)
    assert {role: split.name for role, split in dataset.splits.items()} == {
        Role.TRAIN: "train",
        Role.CALIBRATION: "train",
        Role.VALIDATION: "val",
        Role.EVALUATION: "test",
    }
    assert dataset.splits[Role.TRAIN] is dataset.splits[Role.CALIBRATION]
    assert [split.name for split in dataset.unused] == ["more"]
    del content["val_images"], content["val_labels"]
    write(tmp_path, content)
    assert Role.VALIDATION not in opened(tmp_path).splits
    with pytest.raises(DataError, match="no array 'val_images', the calibration split; it holds"):
        _ = opened(tmp_path, replace(BINARY, splits={Role.CALIBRATION: "val"})).splits


def test_a_split_for_evaluation_and_another_role_is_refused(tmp_path: Path) -> None:
    write(tmp_path, arrays())
    source = replace(BINARY, splits={Role.CALIBRATION: "test"})
    with pytest.raises(ConfigError, match=r"calibration .* and evaluation .* share 9 images"):
        check_separation(opened(tmp_path, source))


def test_class_numbers_become_one_hot_and_columns_stay(tmp_path: Path) -> None:
    content = arrays()
    numbers = np.arange(9) % 3
    three = replace(BINARY, classes=("a", "b", "c"), splits={})
    for labels in (numbers, numbers[:, np.newaxis].astype(np.uint8)):
        content["train_labels"], content["val_labels"] = np.zeros(12, int), np.zeros(5, int)
        write(tmp_path, content | {"test_labels": labels})
        made = opened(tmp_path, three).splits[Role.EVALUATION].labels
        assert made.dtype == np.int8
        assert np.array_equal(made, np.eye(3)[numbers])
    several = {f"{s}_labels": np.ones((n, 3), int) for s, n in (("train", 12), ("val", 5))}
    columns = np.random.default_rng(9).integers(0, 2, (9, 3))
    for stored in (columns, np.asfortranarray(columns)):
        write(tmp_path, content | several | {"test_labels": stored})
        assert np.array_equal(opened(tmp_path, three).splits[Role.EVALUATION].labels, columns)


SHAPE = "must have .images, height, width., with 1 or 3"
MISTAKES = [
    ("test_images", None, r"no array 'test_images', the evaluation split; it holds .* train, val"),
    ("train_images", None, "has the array 'train_labels', and no 'train_images' to go with it"),
    ("test_labels", None, r"tiny\.npz has no array 'test_labels'; it holds test_images, train_im"),
    ("test_images", np.zeros((9, 6, 6), np.float32), "is float32, and must be uint8 or uint16"),
    ("test_images", np.zeros((9, 6, 6), np.int8), "is int8, and must be uint8 or uint16"),
    ("test_images", np.zeros((9, 6), np.uint8), SHAPE),
    ("test_images", np.zeros((9, 6, 6, 2), np.uint8), SHAPE),
    ("test_images", np.zeros((9, 6, 6, 6, 1), np.uint8), SHAPE),
    ("test_images", np.zeros((9, 6, 6, 3), np.uint16), "uint16 in three channels"),
    ("test_images", np.zeros((0, 6, 6), np.uint8), "must have at least one image"),
    ("test_images", np.zeros((9, 0, 6), np.uint8), "must have at least one image, with sides"),
    ("test_images", np.zeros((9, 1, 40_000), np.uint8), "sides from 1 to 32,768"),
    ("test_images", np.full((9, 6, 6), None), "'test_images' holds Python objects, which could"),
    ("test_labels", np.full(9, None), "'test_labels' holds Python objects, which could run code"),
    ("test_patients", np.arange(9), "has the array 'test_patients', which nothing reads"),
    ("test_masks", np.zeros((9, 6, 6)), "has the array 'test_masks', which nothing reads"),
    ("test_labels", np.full(9, "1"), "is str.* of shape .*, and must be numbers"),
    ("test_labels", np.zeros((9, 1, 1), int), "and must be numbers, .images,. or"),
    ("test_labels", np.zeros(8, int), "has 8 rows, and 'test_images' has 9 images"),
    ("test_labels", np.zeros((9, 2), int), "has 2 columns, and `classes` in .* names 1"),
    ("test_labels", np.arange(9), "must hold 0 and 1, and has '2' for image 2, .* 4 more; mend"),
    ("test_labels", np.arange(9) - 8, "has '-8' for image 0"),
]


@pytest.mark.parametrize(("name", "value", "words"), MISTAKES)
def test_an_archive_that_is_not_as_declared_is_explained(
    tmp_path: Path, name: str, value: npt.NDArray[Any] | None, words: str
) -> None:
    content = arrays()
    content.pop(name, None)
    write(tmp_path, content if value is None else content | {name: value})
    with pytest.raises(DataError, match=words) as raised:
        _ = opened(tmp_path).splits
    assert str(tmp_path / "tiny.npz") in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_class_numbers_outside_the_classes_are_refused(tmp_path: Path) -> None:
    write(tmp_path, arrays() | {"test_labels": np.arange(9) % 4})
    with pytest.raises(DataError, match="holds 3 for image 3, and labels must be from 0 to 2"):
        _ = opened(tmp_path, replace(BINARY, classes=("a", "b", "c"))).splits


def member(array: npt.NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def rezip(root: Path, name: str, content: bytes, kind: int = zipfile.ZIP_STORED) -> None:
    """The archive again, with one member's bytes as given."""
    members = {f"{key}.npy": member(value) for key, value in arrays().items()}
    with zipfile.ZipFile(root / "tiny.npz", "w", kind) as file:
        for key, value in (members | {f"{name}.npy": content}).items():
            file.writestr(key, value)


IMAGES = arrays()["test_images"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "'test_images' is damaged, or no array"),
        (b"\x93NUMPY\x01\x00", "'test_images' is damaged, or no array"),
        (b"no array at all, only words", "'test_images' is damaged, or no array"),
        (member(IMAGES).replace(b"(9, 6, 6)", b"(9, 6,-6)"), "is damaged, or no array"),
        (member(IMAGES).replace(b"NUMPY\x01", b"NUMPY\x09"), "version .9, 0. of the format"),
        (
            member(IMAGES)[:-1],
            r"has 323 bytes, and its header \(shape \(9, 6, 6\), uint8\) needs 324",
        ),
        (member(IMAGES) + b"x", "has 325 bytes, and its header"),
        (member(IMAGES).replace(b"(9, 6, 6)", b"(9,66,66)"), "needs 39,204"),
    ],
)
def test_a_member_that_contradicts_its_header_is_refused(
    tmp_path: Path, content: bytes, words: str
) -> None:
    rezip(tmp_path, "test_images", content)
    with pytest.raises(DataError, match=words) as raised:
        _ = opened(tmp_path).splits
    assert "tiny.npz" in str(raised.value)


def test_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeassay.datasets.archive.HELD_BYTES", 1 << 20)
    images = np.zeros((9, 600, 600), np.uint8)
    rezip(tmp_path, "test_images", member(images), zipfile.ZIP_DEFLATED)
    with pytest.raises(
        DataError, match=r"'test_images' would unpack .* to 3,240,000, as no images"
    ):
        _ = opened(tmp_path).splits


def damage(path: Path, mark: bytes, offset: int, change: bytes) -> None:
    content = path.read_bytes()
    at = content.index(mark) + offset
    path.write_bytes(content[:at] + change + content[at + len(change) :])


@pytest.mark.parametrize("held", [64 << 20, 100])
def test_damage_is_found_when_the_images_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    images = arrays(side=64)["test_images"]
    path = write(tmp_path, arrays() | {"test_images": images})
    damage(path, images.tobytes(), 20_000, b"\x00\x01\x02")
    monkeypatch.setattr("edgeassay.datasets.archive.HELD_BYTES", held)
    split = opened(tmp_path).splits[Role.EVALUATION]
    reads: list[str] = []
    chunks = Archive.chunks

    def counted(archive: Archive, header: Header) -> Iterator[bytes]:
        reads.append(header.name)
        return chunks(archive, header)

    monkeypatch.setattr(Archive, "chunks", counted)
    for index in (0, 8, 0):
        with pytest.raises(DataError, match=r"'test_images' is damaged \(Bad CRC-32"):
            split.load(index)
    assert reads == ["test_images"]  # and not again for every image


def test_a_member_that_is_shorter_than_all_say_is_damaged(tmp_path: Path) -> None:
    rezip(tmp_path, "test_images", member(IMAGES)[:-20])
    # Both records of the size claim what the header needs.
    path, real = tmp_path / "tiny.npz", len(member(IMAGES)) - 20
    content = path.read_bytes()
    claimed, written = struct.pack("<I", real + 20), struct.pack("<I", real)
    at = content.rindex(b"PK\x01\x02", 0, content.rindex(b"test_images.npy"))
    assert content[at + 24 : at + 28] == written
    path.write_bytes(content[: at + 24] + claimed + content[at + 28 :])
    split = opened(tmp_path).splits[Role.EVALUATION]
    with pytest.raises(DataError, match="'test_images' is damaged"):
        split.load(0)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"words, " * 100])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tiny.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"tiny\.npz can't be read as an archive of arrays"):
        _ = opened(tmp_path).splits


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, arrays())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match="can't be read as an archive of arrays"):
        _ = opened(tmp_path).splits


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, arrays())
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := content.find(mark, at + 1)) >= 0:
            content[at + offset] |= 1
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match=r"is damaged \(.*encrypted, password required"):
        _ = opened(tmp_path).splits


def test_no_room_for_a_large_array_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, arrays() | {"val_images": np.asfortranarray(arrays()["val_images"])})
    monkeypatch.setattr("edgeassay.datasets.archive.HELD_BYTES", 100)
    dataset = opened(tmp_path)
    with pytest.raises(DataError, match="'val_images' is stored column by column"):
        dataset.splits[Role.VALIDATION].load(0)
    full = Mock(free=10)
    monkeypatch.setattr("edgeassay.datasets.archive.shutil.disk_usage", Mock(return_value=full))
    with pytest.raises(DataError, match=r"'test_images' needs 324 bytes in .*, or set TMPDIR"):
        dataset.splits[Role.EVALUATION].load(0)


def test_labels_that_are_too_many_to_hold_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, arrays())
    monkeypatch.setattr("edgeassay.datasets.archive.HELD_BYTES", 10)
    with pytest.raises(DataError, match="'train_labels' has 12 bytes, more than is held"):
        _ = opened(tmp_path).splits


def load_peak(root: Path, count: int) -> int:
    """What is allocated at most while images of an archive of `count` of them are read."""
    rng = np.random.default_rng(10)
    images = rng.integers(0, 255, (count, 64, 64)).astype(np.uint8)
    content: dict[str, Any] = {"test_images": images, "test_labels": np.arange(count) % 2}
    np.savez_compressed(root / "tiny.npz", **content)
    tracemalloc.start()
    split = opened(root).splits[Role.EVALUATION]
    for index in range(0, count, 97):
        assert np.array_equal(np.asarray(split.load(index)), images[index])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeassay.datasets.archive.HELD_BYTES", 1 << 19)
    monkeypatch.setattr("edgeassay.datasets.archive.CHUNK_BYTES", 1 << 16)
    few, many = load_peak(tmp_path, 300), load_peak(tmp_path, 3000)
    # 2,700 images are 11 MB; their names and labels are a tenth of one.
    assert many - few < 1 << 20


def test_large_arrays_are_read_by_many_threads_and_leave_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.setattr("edgeassay.datasets.archive.HELD_BYTES", 100)
    content = arrays(kind="uint16")
    write(tmp_path, content, packed=True)
    split = opened(tmp_path).splits[Role.TRAIN]
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(lambda i: np.asarray(split.load(i % 12)), range(600)))
    assert all(
        np.array_equal(made, content["train_images"][i % 12]) for i, made in enumerate(loaded)
    )
    assert not list(scratch.iterdir())


# --- where the file comes from


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None: ...


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NpzSource]:
    """A declaration whose file a server on this machine has."""
    folder = tmp_path / "served"
    folder.mkdir()
    path = write(folder, arrays())
    monkeypatch.setenv("EDGEASSAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    url = f"http://127.0.0.1:{server.server_port}/tiny.npz"
    yield replace(BINARY, url=url, sha256=digest)
    server.shutdown()
    thread.join()
    server.server_close()
    gc.collect()  # a connection left open is a warning, and so an error, here


def test_a_declared_address_is_fetched_once(
    tmp_path: Path, served: NpzSource, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(open_dataset(served, None).splits[Role.EVALUATION]) == 9
    (tmp_path / "served/tiny.npz").unlink()
    assert len(open_dataset(served, tmp_path).splits[Role.EVALUATION]) == 9
    (kept,) = (tmp_path / "cache").iterdir()
    assert kept.name == f"{served.sha256[:16] if served.sha256 else ''}-tiny.npz"
    assert capsys.readouterr() == ("", "")


def test_a_file_below_the_data_root_is_not_fetched(tmp_path: Path, served: NpzSource) -> None:
    write(tmp_path, arrays())
    source = replace(served, url="http://127.0.0.1:9/none.npz")
    assert len(open_dataset(source, tmp_path).splits[Role.EVALUATION]) == 9
    assert not (tmp_path / "cache").exists()


def test_other_bytes_than_the_declared_are_refused(tmp_path: Path, served: NpzSource) -> None:
    wrong = replace(served, sha256="0" * 64)
    with pytest.raises(
        DataError, match=r"doesn't give the file .* mean: SHA256 hash of .* not match"
    ):
        open_dataset(wrong, None)
    assert not list((tmp_path / "cache").iterdir())
    path = write(tmp_path, arrays(side=7))
    with pytest.raises(DataError, match=f"{path} has the SHA-256 [0-9a-f]{{64}}, and `sha256`"):
        open_dataset(served, tmp_path)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/tiny.npz", "absent", "http://[::1"])
def test_what_can_not_be_fetched_is_absent(served: NpzSource, address: str) -> None:
    assert served.url is not None
    url = served.url.replace("tiny", "none") if address == "absent" else address
    with pytest.raises(Absent, match=r"couldn't be fetched into .*; fetch it by hand") as raised:
        open_dataset(replace(served, url=url), None)
    assert len(str(raised.value).splitlines()) == 1


def test_a_cache_that_can_not_be_written_is_one_sentence(
    tmp_path: Path, served: NpzSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").touch()
    monkeypatch.setenv("EDGEASSAY_CACHE", str(tmp_path / "taken"))
    with pytest.raises(Absent, match=r"couldn't be fetched into .*taken: ") as raised:
        open_dataset(served, None)
    assert len(str(raised.value).splitlines()) == 1


def test_without_file_and_address_the_data_is_absent(tmp_path: Path) -> None:
    with pytest.raises(Absent, match=r"set EDGEASSAY_DATA to .* give `url` and `sha256`"):
        open_dataset(BINARY, None)
    with pytest.raises(Absent, match=r"has no file 'tiny\.npz'; put it there, or give `url`"):
        open_dataset(BINARY, tmp_path)
