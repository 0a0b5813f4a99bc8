"""Workers that lie, babble, flood or end: one sentence for each, in time, and nothing stays."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from edgeassay.errors import Absent, EdgeassayError, WorkerError
from edgeassay.spec import RuntimeSpec
from edgeassay.worker.protocol import VERSION
from edgeassay.workers import Elsewhere, Loaded, Worker

SCRIPT = str(Path(__file__).with_name("lying_worker.py"))
LABEL = "tiny/int8"


def start(
    wrong: dict[str, Any],
    *,
    timeout_s: float = 20.0,
    version: int = VERSION,
    elsewhere: Elsewhere | None = None,
) -> Worker:
    words = [sys.executable, "-I", "-S", SCRIPT, json.dumps(wrong), str(version)]
    return Worker(words, "litert", label=LABEL, timeout_s=timeout_s, elsewhere=elsewhere)


def load(worker: Worker) -> Loaded:
    return worker.load(Path("tiny.tflite"), RuntimeSpec(), "a", LABEL)


def infer(worker: Worker) -> object:
    return worker.run(load(worker), [np.zeros((3, 1, 2), np.float32)])


def clock(worker: Worker) -> object:
    return worker.time([load(worker)], [[np.zeros((1, 2), np.float32)]], 4, 0)


TENSOR = {"name": "a", "shape": [1, 2], "dtype": "float32", "scale": 0.0, "zero_point": 0}
HUGE = [{"dtype": "<f4", "shape": [1 << 27]}]
ASKING: dict[str, Callable[[Worker], object]] = {
    "load": load,
    "run": infer,
    "time": clock,
    "memory": Worker.memory,
    "waiting": Worker.waiting,
    "cpus": lambda worker: worker.cpus(0.0),
}


def test_a_worker_that_tells_the_truth_is_believed() -> None:
    with start({}) as worker:
        for ask in ASKING.values():
            ask(worker)


LIES = [
    ("load", {"without": ["sha256"]}, "it lacks 'sha256'"),
    ("load", {"without": ["ok"]}, "it lacks 'ok'"),
    ("load", {"without": ["outputs"]}, "it lacks 'outputs'"),
    ("load", {"reply": {"ok": False}}, "it lacks 'kind'"),
    ("load", {"reply": {"ok": "yes"}}, "its 'ok' is 'yes'"),
    ("load", {"reply": {"sha256": "../../etc/passwd"}}, "its 'sha256' is"),
    ("load", {"reply": {"inputs": {}}}, "its 'inputs' is {}, and no list"),
    ("load", {"reply": {"inputs": [7]}}, "it lacks 'name'"),
    ("load", {"reply": {"init_ns": -5}}, "its 'init_ns' is -5"),
    ("load", {"reply": {"outputs": [TENSOR | {"shape": [-3]}]}}, "has the shape"),
    ("load", {"reply": {"outputs": [TENSOR | {"shape": ["1"]}]}}, "has the shape"),
    ("load", {"reply": {"outputs": [TENSOR | {"dtype": "float7"}]}}, "holds 'float7'"),
    ("load", {"reply": {"outputs": [TENSOR | {"scale": "big"}]}}, "its 'scale' is 'big'"),
    ("load", {"tensors": HUGE}, "it announces tensors of 536870912 bytes, and 0 fit"),
    ("load", {"tensors": [{"dtype": "<f4", "shape": [-1]}]}, "is not allowed"),
    ("load", {"tensors": [{"dtype": "<f4", "shape": ["a"]}]}, "is not allowed"),
    ("load", {"tensors": [{"dtype": "<f4", "shape": [1 << 80, 0]}]}, "is not allowed"),
    ("load", {"tensors": [{"dtype": "|S0", "shape": [5]}]}, "a tensor can't be read"),
    ("load", {"tensors": [{"dtype": "lies", "shape": [1]}]}, "the header can't be read"),
    ("load", {"tensors": 7}, "the header can't be read"),
    ("load", {"raw": (b"EAW1" + b"\x00\x00\x00\x04[[[[").hex()}, "the header can't be read"),
    ("load", {"raw": (b"EAW1" + b"\x00\x00\x00\x02[]").hex()}, "the header can't be read"),
    ("load", {"raw": b"EAW1\xff\xff\xff\xff".hex()}, "over the limit"),
    ("load", {"raw": b"Segmentation fault\n".hex()}, "began with 'Segmentation fault'"),
    ("run", {"tensors": [], "data": 0}, "it has 0 tensors, and 1 are wanted"),
    ("run", {"tensors": HUGE}, "it announces tensors of 536870912 bytes, and 24 fit"),
    ("run", {"tensors": [{"dtype": "<f4", "shape": [2, 1, 2]}], "data": 16}, "is 2x1x2 float32"),
    ("run", {"tensors": [{"dtype": "<i4", "shape": [3, 1, 2]}]}, "is 3x1x2 int32, and 3x1x2 float"),
    ("time", {"tensors": [{"dtype": "<i8", "shape": [1, 3]}], "data": 24}, "durations are 1x3"),
    ("time", {"tensors": [{"dtype": "<f8", "shape": [1, 4]}]}, "durations are 1x4 float64"),
    ("time", {"tensors": []}, "it has 0 tensors, and one is wanted"),
    ("time", {"reply": {"ran_ns": "long"}}, "its 'ran_ns' is 'long'"),
    ("memory", {"without": ["peak"]}, "it lacks 'peak'"),
    ("memory", {"reply": {"peak": -1}}, "its 'peak' is -1"),
    ("memory", {"reply": {"peak": True}}, "its 'peak' is True, and no int"),
    ("waiting", {"without": ["ran_ns"]}, "it lacks 'ran_ns'"),
    ("cpus", {"reply": {"cpus": ["all"]}}, "its 'cpus' is"),
]


@pytest.mark.parametrize(("op", "lie", "words"), LIES)
def test_a_lie_is_a_sentence(op: str, lie: dict[str, Any], words: str) -> None:
    with start({op: lie}) as worker:
        with pytest.raises(WorkerError) as caught:
            ASKING[op](worker)
        said = str(caught.value)
        assert said.startswith(
            f"the worker that served {LABEL} on runtime litert broke the protocol"
        )
        assert words in said
        assert f"its reply to {op!r}" in said
        assert said.count("\n") == 0
        with pytest.raises(WorkerError, match="was ended"):
            worker.memory()


def test_negative_durations_are_no_durations() -> None:
    from edgeassay.worker.protocol import ProtocolError
    from edgeassay.workers.replies import read_rounds

    with pytest.raises(ProtocolError, match="a duration of -3 ns"):
        read_rounds({"ran_ns": None, "waited_ns": None}, [np.array([[1, -3]])], 1, 2)


@pytest.mark.parametrize(
    ("lie", "kind", "words"),
    [
        ({"reply": {"protocol": 4}}, Absent, "speaks version 4 of the protocol"),
        ({"reply": {"protocol": "new"}}, WorkerError, "its 'protocol' is 'new'"),
        ({"without": ["architecture"]}, WorkerError, "it lacks 'architecture'"),
        ({"reply": {"cpus": 0}}, WorkerError, "its 'cpus' is 0"),
        ({"raw": b"Welcome to board 7!\n".hex()}, WorkerError, "'Welcome to board 7!'"),
        (
            {"end": 0},
            WorkerError,
            "ended with status 0; its command must start a Python that stays",
        ),
        ({"end": 1}, Absent, "the environment of runtime litert is broken: "),
        ({"end": 127}, Absent, "its command with -V after it must tell a Python's version"),
        ({"end": -4}, WorkerError, "was killed by SIGILL; the runtime crashes on it"),
    ],
)
def test_a_bad_greeting_is_a_sentence(
    lie: dict[str, Any], kind: type[EdgeassayError], words: str
) -> None:
    with pytest.raises(kind) as caught:
        start({"hello": lie})
    assert words in str(caught.value)
    assert "litert" in str(caught.value)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (0, "ended with status 0; its command must start a Python that stays"),
        (3, "ended with status 3; what it said tells why"),
        (-signal.SIGSEGV, "was killed by SIGSEGV; the runtime crashes on it: export it anew"),
        (-signal.SIGKILL, "was killed by SIGKILL; the system may have run out of memory"),
        (-signal.SIGTERM, "was killed by SIGTERM; something there ended it: run again"),
        (-signal.SIGRTMIN - 1, f"was killed by signal {signal.SIGRTMIN + 1}"),
    ],
)
def test_an_end_in_mid_conversation_is_a_sentence(end: int, words: str) -> None:
    with start({"run": {"end": end}}) as worker, pytest.raises(WorkerError) as caught:
        infer(worker)
    assert f"the worker that served {LABEL} on runtime litert {words}" in str(caught.value)


def test_another_version_elsewhere_names_the_command_that_copies_it() -> None:
    elsewhere = Elsewhere(device="board", folder="there")
    with pytest.raises(Absent, match=r"speaks version 4 .*; `edgeassay push board` copies it"):
        start({}, version=4, elsewhere=elsewhere)


def test_a_flood_on_stderr_costs_neither_memory_nor_the_reply() -> None:
    before = psutil.Process().memory_info().rss
    with start({"run": {"stderr": 48 << 20}}) as worker:
        infer(worker)
        assert worker._process.log.count > 40 << 20
        assert len(worker._process.log._end) <= 1 << 16
    assert psutil.Process().memory_info().rss - before < 24 << 20


def test_a_flood_without_a_reply_is_cut_off() -> None:
    lie = {"run": {"stderr": 1 << 50}}
    with start(lie, timeout_s=0.3) as worker, pytest.raises(WorkerError) as caught:
        infer(worker)
    assert "was silent for 0.3 s but for " in str(caught.value)
    assert "lies lies" in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("op", ["hello", "run"])
def test_who_hangs_is_ended(op: str) -> None:
    with pytest.raises(WorkerError, match=r"was silent for 0\.2 s and was ended"):
        infer(start({op: {"end": "hang"}}, timeout_s=0.2))


def test_a_board_that_hangs_at_the_greeting_is_absent() -> None:
    elsewhere = Elsewhere(device="board", folder="there")
    with pytest.raises(Absent, match=r"was silent for 0\.2 s before it greeted and was ended"):
        start({"hello": {"end": "hang"}}, timeout_s=0.2, elsewhere=elsewhere)


def test_what_a_worker_started_ends_with_it(tmp_path: Path) -> None:
    """As ssh and emulators do: the command has children, and they outlive nobody."""
    script = (
        "import subprocess, sys, runpy\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
        "sys.argv[:] = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    words = [sys.executable, "-I", "-S", "-c", script, SCRIPT, "{}", str(VERSION)]
    with Worker(words, "litert", label=LABEL, timeout_s=20.0):
        child = int((tmp_path / "pid").read_text())
        os.kill(child, 0)
    deadline = time.monotonic() + 20.0
    while runs(child):
        assert time.monotonic() < deadline
        time.sleep(0.005)


def runs(pid: int) -> bool:
    """Whether a process is there, and hasn't only left its number."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_file_that_is_not_kept_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "tiny.tflite").write_bytes(b"TFL3")
    lie = {"reply": {"ok": False, "kind": "files", "message": "No space left on device"}}
    elsewhere = Elsewhere(device="board", folder="there")
    with start({"put": lie}, elsewhere=elsewhere) as worker, pytest.raises(WorkerError) as caught:
        worker.load(tmp_path / "tiny.tflite", RuntimeSpec(), "a", LABEL)
    assert "can't be copied to board: No space left on device; make room" in str(caught.value)
