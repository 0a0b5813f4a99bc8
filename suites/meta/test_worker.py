"""The worker and its host: frames, refusals, deaths, and what a device must have."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from edgeassay.errors import Absent, ArtifactError, WorkerError
from edgeassay.spec import RuntimeSpec
from edgeassay.worker import protocol
from edgeassay.worker.loop import _waiting
from edgeassay.workers import WORKER_FOLDER, Worker
from suites.meta.tinymodels import brightness, write_classifier, write_indices

PYTHON = ["{python}"]


def start(command: list[str] = PYTHON, engine: str = "litert", timeout_s: float = 20.0) -> Worker:
    return Worker(command, engine, label="tiny/int8", timeout_s=timeout_s)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_classifier(tmp_path / "tiny.tflite", *brightness(), int8=True)
    return tmp_path / "tiny.tflite"


def frame(header: dict[str, object]) -> bytes:
    text = json.dumps(header).encode()
    return protocol.MAGIC + struct.pack(">I", len(text)) + text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"HTTP/1.1", "not a frame"),
        (b"EAW1\xff\xff\xff\xff", "over the limit"),
        (b"EAW1\x00\x00", "ended inside a frame"),
        (b"EAW1\x00\x00\x00\x02{}", "can't be read"),
        (b"EAW1\x00\x00\x00\x02[]", "can't be read"),
        (frame({"tensors": [{"dtype": "O", "shape": [1]}]}), "not allowed"),
        (frame({"tensors": [{"dtype": "<f4", "shape": [1 << 40]}]}), "not allowed"),
        (frame({"tensors": [{"dtype": "<f4", "shape": [-1]}]}), "not allowed"),
        (frame({"tensors": [{"dtype": "<f4", "shape": [2]}]}) + b"1234", "ended inside"),
    ],
)
def test_what_is_no_frame_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(protocol.ProtocolError, match=words):
        protocol.read_frame(io.BytesIO(data))


def test_a_stream_that_ends_between_frames_has_ended() -> None:
    assert protocol.read_frame(io.BytesIO(b"")) is None


def test_a_worker_says_who_it_is_and_what_it_loaded(model: Path) -> None:
    with start() as worker:
        assert worker.facts["runtime"] == "ai-edge-litert"
        loaded = worker.load(model, RuntimeSpec(), "a", "tiny/int8")
    import hashlib

    assert loaded.sha256 == hashlib.sha256(model.read_bytes()).hexdigest()
    assert loaded.inputs[0].shape == (1, 8, 8, 1)
    assert loaded.inputs[0].dtype == np.int8
    assert loaded.inputs[0].zero_point == -128


@pytest.mark.parametrize("kernels", ["xnnpack", "builtin", "reference"])
def test_every_kernel_set_runs_rows_in_order(model: Path, kernels: str) -> None:
    rows = np.stack([np.full((1, 8, 8, 1), v, np.int8) for v in (-128, 0, 127)])
    with start() as worker:
        loaded = worker.load(model, RuntimeSpec(kernels=kernels), "a", "tiny")  # type: ignore[arg-type]
        (scores,) = worker.run(loaded, [rows])
    assert scores.shape == (3, 1, 1)
    assert scores.dtype == np.int8
    assert scores[0] < scores[1] < scores[2]


def test_durations_come_per_artifact_and_round(model: Path) -> None:
    with start() as worker:
        loaded = [worker.load(model, RuntimeSpec(), name, name) for name in ("a", "b")]
        inputs = [[np.zeros((1, 8, 8, 1), np.int8)]] * 2
        durations = worker.time(loaded, inputs, rounds=7, warmup_rounds=2).durations
    assert durations.shape == (2, 7)
    assert durations.min() > 0


HOG = """
import runpy, sys
import ai_edge_litert.interpreter as i
plain, held = i.Interpreter.invoke, []
def hoard(self):
    held.append(bytearray(b"x" * (8 << 20)))
    plain(self)
i.Interpreter.invoke = hoard
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_a_start_and_its_memory_are_of_the_last_artifact_loaded(model: Path) -> None:
    inputs = [[np.zeros((1, 8, 8, 1), np.int8)]]
    grown = []
    for command in (PYTHON, [*PYTHON, "-c", HOG]):
        with start(command) as worker:
            loaded = worker.load(model, RuntimeSpec(), "a", "a")
            assert loaded.init_ns is not None
            assert loaded.init_ns > 0
            timed = worker.time([loaded], inputs, rounds=8, warmup_rounds=0)
            memory = worker.memory()
            assert memory.resident_before <= memory.peak_before <= memory.peak
            grown.append(memory.peak - memory.resident_before)
            if timed.ran_ns is not None and timed.waited_ns is not None:
                assert min(timed.ran_ns, timed.waited_ns) >= 0
            worker.load(model, RuntimeSpec(), "b", "b")
            again = worker.memory()
            if again.peak_before < memory.peak:  # where a peak can begin anew
                assert again.peak - again.peak_before < 8 << 20
    assert grown[0] < 32 << 20
    assert grown[1] - grown[0] > 48 << 20


def test_a_wrong_input_is_refused_and_the_worker_lives_on(model: Path) -> None:
    with start() as worker:
        loaded = worker.load(model, RuntimeSpec(), "a", "tiny")
        with pytest.raises(ArtifactError, match="the runtime refuses it"):
            worker.run(loaded, [np.zeros((1, 1, 9, 9, 1), np.int8)])
        assert worker.run(loaded, [np.zeros((1, 1, 8, 8, 1), np.int8)])


def test_outputs_of_other_shapes_come_one_by_one_and_the_worker_lives_on(tmp_path: Path) -> None:
    write_indices(tmp_path / "places.tflite")
    both = np.array([[[1, 0, 0, 0]], [[1, 1, 0, 0]]], np.bool_)
    with start() as worker:
        loaded = worker.load(tmp_path / "places.tflite", RuntimeSpec(), "a", "places")
        with pytest.raises(ArtifactError, match="an output changes its shape with the input"):
            worker.run(loaded, [both])
        (none,) = worker.run(loaded, [np.zeros((1, 1, 4), np.bool_)])
        (places,) = worker.run(loaded, [np.array([[[0, 1, 0, 1]]], np.bool_)])
    assert none.shape == (1, 0, 2)
    assert places.tolist() == [[[0, 1], [0, 3]]]


def test_an_unknown_engine_or_command_is_absent() -> None:
    with pytest.raises(Absent, match="no adapter for 'tensorrt'"):
        start(engine="tensorrt")
    with pytest.raises(Absent, match="can't be started"):
        start(["/no/such/python"])


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("print('hello there, this is no frame', flush=True)", "no frame|ended with status 0"),
        ("import os; os.kill(os.getpid(), 11)", "was killed by SIGSEGV"),
        ("import time; time.sleep(60)", "was silent for 1 s"),
    ],
)
def test_a_worker_that_fails_is_buried_with_a_sentence(script: str, words: str) -> None:
    with pytest.raises(WorkerError, match=words) as caught:
        start(["{python}", "-c", script], timeout_s=1.0 if "sleep" in script else 20.0)
    assert "tiny/int8 on runtime litert" in str(caught.value)


def test_an_environment_that_can_not_start_a_worker_is_absent() -> None:
    script = "import sys; sys.stderr.write('No module named numpy'); raise SystemExit(1)"
    with pytest.raises(Absent, match=r"is broken: .* status 1; it said: No module named numpy"):
        start(["{python}", "-c", script])


def test_a_worker_can_be_ended_while_another_thread_asks(model: Path) -> None:
    """The one that asks is told at once, and doesn't wait for a reply that can't come."""
    said: list[str] = []

    def ask(worker: Worker) -> None:
        with pytest.raises(WorkerError) as caught:
            worker.run(loaded, [np.zeros((1 << 20, 1, 8, 8, 1), np.int8)])
        said.append(str(caught.value))

    with start(timeout_s=600.0) as worker:
        loaded = worker.load(model, RuntimeSpec(), "a", "tiny")
        threads = [threading.Thread(target=ask, args=(worker,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        worker.close()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert len(said) == 2


def test_an_older_copy_of_the_worker_is_told_apart(tmp_path: Path) -> None:
    copy = tmp_path / "worker"
    shutil.copytree(WORKER_FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    text = (copy / "protocol.py").read_text()
    (copy / "protocol.py").write_text(text.replace(f"VERSION = {protocol.VERSION}", "VERSION = 1"))
    script = f"import runpy; runpy.run_path({str(copy)!r}, run_name='__main__')"
    with pytest.raises(
        Absent, match=r"speaks version 1 .* give the worker a `folder`, and `edgeassay push`"
    ):
        start(["{python}", "-c", script])


def test_the_worker_runs_from_a_copy_of_its_folder_alone(tmp_path: Path, model: Path) -> None:
    """As on a device: no edgeassay there, and none of its modules loaded."""
    copy = tmp_path / "elsewhere"
    shutil.copytree(WORKER_FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    probe = (
        "import runpy, sys, atexit;"
        "atexit.register(lambda: sys.stderr.write(','.join(m for m in sys.modules"
        " if m.split('.')[0] == 'edgeassay')));"
        f"runpy.run_path({str(copy)!r}, run_name='__main__')"
    )
    request = io.BytesIO()
    protocol.write_frame(request, {"op": "hello", "engine": "litert"})
    done = subprocess.run(
        [sys.executable, "-c", probe],
        input=request.getvalue(),
        capture_output=True,
        cwd=tmp_path,
        check=True,
    )
    assert done.stderr.decode() == ""
    reply = protocol.read_frame(io.BytesIO(done.stdout))
    assert reply is not None
    assert reply[0]["ok"] is True
    assert reply[0]["protocol"] == protocol.VERSION


@pytest.mark.parametrize("after", [None, (99, 60), (120, 49)])
def test_the_account_of_threads_that_ended_is_unknown(after: tuple[int, int] | None) -> None:
    assert _waiting((100, 50), (130, 55)) == {"ran_ns": 30, "waited_ns": 5}
    assert _waiting((100, 50), after) == {"ran_ns": None, "waited_ns": None}
