"""A worker serves again, unless something went wrong that isn't the artifact's."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, cast

import numpy.typing as npt
import pytest

from edgeassay.errors import ArtifactError, EdgeassayError, MeasurementError, WorkerError
from edgeassay.pool import Pool
from edgeassay.worker.loop import Session
from edgeassay.workers import Worker


class Fake:
    def __init__(self) -> None:
        self.closed = False
        self.lives = True

    def close(self) -> None:
        self.closed = True


class Starter:
    def __init__(self) -> None:
        self.started: list[Fake] = []

    def __call__(self) -> Worker:
        self.started.append(Fake())
        return cast(Worker, self.started[-1])


def test_a_worker_serves_again_and_ends_with_the_pool() -> None:
    pool, start = Pool(), Starter()
    for _ in range(3):
        with pool.lend("litert", start) as worker:
            pass
    with pool.lend("other", start) as other:
        assert other is not worker
    assert len(start.started) == 2
    pool.close()
    assert all(fake.closed for fake in start.started)
    with pool.lend("litert", start) as fresh:
        assert fresh is not worker


def test_two_at_once_are_two() -> None:
    pool, start = Pool(), Starter()
    with pool.lend("litert", start) as one, pool.lend("litert", start) as two:
        assert one is not two
    with pool.lend("litert", start) as one, pool.lend("litert", start) as two:
        assert one is not two
    assert len(start.started) == 2


@pytest.mark.parametrize(
    ("error", "serves"),
    [
        (ArtifactError("refused"), True),
        (MeasurementError("NaN"), True),
        (WorkerError("died"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_only_a_worker_that_is_well_serves_again(error: BaseException, serves: bool) -> None:
    pool, start = Pool(), Starter()

    def fail() -> None:
        with pool.lend("litert", start):
            raise error

    with pytest.raises((EdgeassayError, KeyboardInterrupt)):
        fail()
    assert start.started[0].closed is not serves
    with pool.lend("litert", start) as worker:
        assert (cast(Fake, worker) is start.started[0]) is serves


def test_who_ended_while_idle_serves_nobody() -> None:
    pool, start = Pool(), Starter()
    with pool.lend("litert", start):
        pass
    start.started[0].lives = False
    with pool.lend("litert", start) as worker:
        assert cast(Fake, worker) is start.started[1]
    assert start.started[0].closed


class Echo:
    """An engine that gives back what it was given."""

    inputs = outputs = ()
    facts: ClassVar[dict[str, object]] = {}

    def batched(self, count: int) -> None:
        return None

    def reset(self) -> None:
        pass

    def set_inputs(self, arrays: list[npt.NDArray[Any]]) -> None:
        self._given = arrays[0].copy()

    def invoke(self) -> None:
        pass

    def get_outputs(self) -> list[npt.NDArray[Any]]:
        return [self._given]


def test_a_file_in_memory_that_bears_an_old_one_s_name_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeassay.worker.loop.make", lambda *_: Echo())
    session, path, artifact = Session(), tmp_path / "slot", tmp_path / "net.tflite"
    artifact.write_bytes(b"net")
    placed = [{"file": str(path), "dtype": "|u1", "shape": [2, 1]}]
    load = {"path": str(artifact), "engine": "x", "options": {}, "handle": "a"}
    for content in (b"ab", b"cd"):
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        session.load(load, [])
        _, (outputs,) = session.run(
            {"handle": "a", "batch": 1, "repeatable": False, "placed": placed}, []
        )
        assert outputs.tobytes() == content
