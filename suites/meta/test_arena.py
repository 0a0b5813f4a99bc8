"""The search for a microcontroller's arena, with children that need no runtime."""

from __future__ import annotations

import os
import signal
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgeassay.worker import arena
from edgeassay.worker.arena import MOST_BYTES, REFUSED, STEP_BYTES, Trial, said, smallest, tried

# A child is forked where no other thread holds what it needs: a worker has one thread.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


@given(need=st.integers(1, MOST_BYTES), start=st.integers(0, 2 * MOST_BYTES))
@example(need=1, start=0)
@example(need=334_400, start=334_400)
@example(need=MOST_BYTES, start=1)
def test_the_size_that_is_found_works_and_one_step_less_does_not(need: int, start: int) -> None:
    sizes: list[int] = []

    def works(size: int) -> bool:
        sizes.append(size)
        return size >= need

    found = smallest(works, start)
    assert found % STEP_BYTES == 0
    assert found >= need > found - STEP_BYTES
    assert max(sizes, default=0) < MOST_BYTES
    assert len(sizes) <= 2 * (MOST_BYTES // STEP_BYTES).bit_length()
    assert len(set(sizes)) == len(sizes)


def test_where_the_runtime_tells_what_it_used_two_trials_do() -> None:
    sizes: list[int] = []

    def works(size: int) -> bool:
        sizes.append(size)
        return size >= 334_400

    assert smallest(works, 334_400) == 334_400
    assert sizes == [334_400, 334_384]


def refuse() -> None:
    os.write(2, b"Node CONV_2D (number 1) failed to prepare with status 1\n")
    raise RuntimeError("TFLM failed to allocate tensors")


def crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_trial_says_whether_it_worked_and_what_was_printed() -> None:
    assert tried(lambda: os.write(1, b"used 12 bytes\n")) == Trial(True, "used 12 bytes\n")
    refused = tried(refuse)
    assert not refused.works
    assert said(refused.words) == (
        "Node CONV_2D (number 1) failed to prepare with status 1; TFLM failed to allocate tensors"
    )


def test_a_trial_that_ends_its_process_ends_no_other() -> None:
    crashed = tried(crash)
    assert not crashed.works
    assert "its process was killed by SIGKILL" in said(crashed.words)
    ended = tried(lambda: os._exit(REFUSED))
    assert not ended.works


def test_a_trial_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arena, "TRIAL_S", 0.1)
    hung = tried(lambda: time.sleep(60))
    assert not hung.works
    assert "it didn't end within 0.1 s" in said(hung.words)


def test_what_was_said_is_one_sentence_told_once() -> None:
    assert said("  A  failed.\nB\n\nA failed.\n") == "A failed; B"
