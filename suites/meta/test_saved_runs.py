"""Where runs are saved: numbers given once, files whole, scores that are what their name says."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeassay.errors import Absent, ConfigError, DataError
from edgeassay.measure.latency import Durations, stack_of
from edgeassay.measure.processes import Rounds
from edgeassay.runs.scores import SavedScores, read_scores, scores_path, write_scores
from edgeassay.runs.storage import check_can_save, save_run, saved_files
from edgeassay.spec import RuntimeSpec, Stack


def test_each_run_gets_the_next_number_of_the_whole_folder(tmp_path: Path) -> None:
    first = save_run(tmp_path, "Linux-CPython-3.11-64bit", "main", b"{}")
    assert first == tmp_path / "Linux-CPython-3.11-64bit/0001_main.json"
    other = save_run(tmp_path, "Linux-CPython-3.12-64bit", "main", b"{}")
    assert other.name == "0002_main.json"
    (first.parent / "9999_a.json").write_text("{}")
    last = save_run(tmp_path, "Linux-CPython-3.11-64bit", "a", b"{}")
    assert last.name == "10000_a.json"
    assert [path.name for path in saved_files(tmp_path)] == [
        "0001_main.json",
        "0002_main.json",
        "9999_a.json",
        "10000_a.json",
    ]


def test_only_what_was_saved_counts_as_saved(tmp_path: Path) -> None:
    assert saved_files(tmp_path / "nowhere") == []
    for name in ("notes.json", "12_a.json", "0003_a.json.bak", ".0004_a.json.x1"):
        (tmp_path / name).write_text("{}")
    assert saved_files(tmp_path) == []


def test_many_at_once_get_a_number_each(tmp_path: Path) -> None:
    def save(number: int) -> Path:
        return save_run(tmp_path, "here", f"run{number}", json.dumps([number] * 500).encode())

    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(save, range(24)))
    assert sorted(path.name[:4] for path in saved) == [f"{n:04}" for n in range(1, 25)]
    for number, path in enumerate(saved):
        assert json.loads(path.read_bytes()) == [number] * 500


def test_what_a_killed_save_left_is_gone_with_the_next(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "scores").mkdir()
    (tmp_path / "here/.edgeassay-k2j3h4_x.tmp").write_text('{"half')
    (tmp_path / "scores/.edgeassay-k2j3h4_x.tmp").write_text("PK")
    saved = save_run(tmp_path, "here", "a", b"{}")
    assert list(saved.parent.iterdir()) == [saved]
    assert list((tmp_path / "scores").iterdir()) == []


def test_a_place_that_takes_no_run_is_told_before(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    check_can_save(tmp_path, "here", "main")
    assert saved_files(tmp_path) == []
    with pytest.raises(ConfigError, match="choose another place"):
        check_can_save(tmp_path / "file", "here", "main")
    with pytest.raises(ConfigError, match="File name too long"):
        check_can_save(tmp_path, "here", "a" * 250)


def scores() -> SavedScores:
    return SavedScores.of(
        scores=np.arange(12, dtype=np.float32).reshape(6, 2) / 16,
        truth=np.array([[0, 1], [1, 0], [1, 1], [0, 0], [1, 0], [0, 1]]),
        patients=np.array([0, 0, 1, 2, 2, 2]),
        classes=("effusion", "nodule"),
        names=[f"{n}.png" for n in range(6)],
    )


def test_scores_come_back_as_they_were_and_are_kept_once(tmp_path: Path) -> None:
    saved = scores()
    write_scores(tmp_path, saved)
    path = scores_path(tmp_path, saved.sha256)
    before = path.stat()
    write_scores(tmp_path, scores())
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert [p.name for p in path.parent.iterdir()] == [f"{saved.sha256}.npz"]
    found = read_scores(tmp_path, saved.sha256)
    assert found.scores.tobytes() == saved.scores.tobytes()
    assert (found.truth == saved.truth).all()
    assert found.patients.tolist() == [0, 0, 1, 2, 2, 2]
    assert found.classes == ("effusion", "nodule")
    assert (found.sha256, found.data_sha256) == (saved.sha256, saved.data_sha256)
    with pytest.raises(Absent, match="weren't kept"):
        read_scores(tmp_path, "0" * 64)


def test_the_digest_is_of_all_that_scores_mean() -> None:
    """A fixed one, too: NumPy's or Python's next version must not change it."""
    saved = scores()
    assert saved.sha256 == "b2d268edadcf4b3ca3754434634dd73c5348e8189f8c3f252744086810196039"
    others = [
        replace(saved, truth=1 - saved.truth),
        replace(saved, patients=saved.patients[::-1]),
        replace(saved, classes=("effusion", "mass")),
        replace(saved, names_sha256="0" * 64),
    ]
    assert len({other.data_sha256 for other in [saved, *others]}) == 5
    assert len({other.sha256 for other in [saved, *others]}) == 5
    louder = replace(saved, scores=saved.scores * 2)
    assert louder.data_sha256 == saved.data_sha256
    assert louder.sha256 != saved.sha256
    assert replace(saved, scores=saved.scores * 1).sha256 == saved.sha256


def test_a_damaged_file_of_scores_is_told_and_written_again(tmp_path: Path) -> None:
    saved = scores()
    write_scores(tmp_path, saved)
    path = scores_path(tmp_path, saved.sha256)
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    for position in rng.integers(0, len(whole), 200):
        broken = bytearray(whole)
        broken[position] ^= int(rng.integers(1, 256))
        path.write_bytes(broken)
        try:
            assert read_scores(tmp_path, saved.sha256).sha256 == saved.sha256
        except DataError as error:
            assert path.name in str(error)  # noqa: PT017  # some bytes of an archive say nothing
    for broken_whole in (whole[:300], b"", b"no archive"):
        path.write_bytes(broken_whole)
        with pytest.raises(DataError, match="doesn't hold the scores"):
            read_scores(tmp_path, saved.sha256)
    write_scores(tmp_path, saved)
    assert read_scores(tmp_path, saved.sha256).sha256 == saved.sha256


@pytest.mark.parametrize("kind", ["another's", "objects", "larger than its file"])
def test_scores_that_are_anothers_or_would_execute_are_refused(tmp_path: Path, kind: str) -> None:
    saved = scores()
    path = scores_path(tmp_path, saved.sha256)
    if kind == "another's":
        other = replace(saved, scores=saved.scores * 2)
        write_scores(tmp_path, other)
        scores_path(tmp_path, other.sha256).rename(path)
    else:
        path.parent.mkdir()
        write = np.savez if kind == "objects" else np.savez_compressed
        given = np.array([{}], object) if kind == "objects" else np.zeros((4000, 2), np.float32)
        write(
            path,
            scores=given,
            truth=saved.truth,
            patients=saved.patients,
            classes=np.array(saved.classes),
            names_sha256=np.array(saved.names_sha256),
        )
    with pytest.raises(DataError, match="doesn't hold the scores"):
        read_scores(tmp_path, saved.sha256)


def test_the_stack_is_what_the_runtime_declares_and_the_worker_says() -> None:
    worker = {"runtime": "ai-edge-litert", "runtime_version": "2.3.0", "pid": 7}
    assert stack_of(RuntimeSpec(threads=2, kernels="builtin"), worker) == Stack(
        runtime="ai-edge-litert",
        runtime_version="2.3.0",
        delegate="builtin",
        gpu_driver=None,
        threads=2,
        batch=1,
    )


def test_the_reference_is_kept_as_a_median_of_each_process() -> None:
    drawn = np.zeros(2, np.int64)
    taken = Rounds(durations=np.array([[1, 9, 2], [4, 4, 5]], np.int64), drawn=drawn)
    alone = Durations(candidate=taken, reference=None, starts=(), worker={})
    assert alone.reference_medians_ns is None
    assert replace(alone, reference=taken).reference_medians_ns == [2.0, 4.0]
