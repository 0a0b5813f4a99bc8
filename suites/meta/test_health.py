"""What others do to the machine is told apart from what the model does, and compared."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from edgeassay.health import (
    Snapshot,
    Worked,
    between,
    elsewhere,
    excess,
    group_counters,
    group_folder,
    snapshot,
)
from edgeassay.spec import Tolerance

QUIET = Tolerance(
    waited_share=0.05, free_cpus=0.75, steal_share=0.05, throttled_share=0.05, swapped_mb=10.0
)
BEFORE = Snapshot(
    wall_s=100.0,
    cpus=2,
    busy_s=1000.0,
    stolen_s=5.0,
    own_s=3.0,
    group_s=50.0,
    throttled_s=1.0,
    swapped_bytes=0,
    free_bytes=10**9,
    mhz=2000.0,
    celsius=50.0,
)


def after(**changes: float) -> Snapshot:
    """Ten seconds later, in which this program kept one CPU busy and nobody did anything else."""
    plain = {"wall_s": 110.0, "busy_s": 1010.0, "own_s": 13.0, "group_s": 60.0}
    return replace(BEFORE, **(plain | changes))  # type: ignore[arg-type]


def judged(
    later: Snapshot, threads: int = 1, *, waited_s: float = 0.1, memory_bytes: int = 10**8
) -> str | None:
    worked = Worked(ran_s=9.9, waited_s=waited_s, memory_bytes=memory_bytes)
    health = between(BEFORE, later, worked)
    return excess(health, QUIET, threads=threads, file="devices/d.toml")


def test_what_the_model_does_to_the_machine_counts() -> None:
    assert judged(after()) is None
    # A quota that only this program used up, and swapping for what it asked for.
    assert judged(after(throttled_s=9.0), waited_s=8.0) is None
    assert judged(after(swapped_bytes=10**9), memory_bytes=2 * 10**9) is None
    # Threads that wait for each other.
    assert judged(after(), threads=4, waited_s=5.0) is None
    # Heat is recorded, and no excuse.
    assert judged(after(mhz=1200.0, celsius=95.0)) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"busy_s": 1025.0}, "others used 1.50 of 2 CPUs, and tolerance.free_cpus wants 0.75 left"),
        ({"stolen_s": 6.0}, "took 9.1% of the CPU time wanted, and tolerance.steal_share allows"),
        ({"throttled_s": 3.0, "group_s": 70.0}, "cut off 10.0%, and tolerance.throttled_share"),
        ({"swapped_bytes": 11_000_000}, "11.0 MB were swapped, and tolerance.swapped_mb allows 10"),
    ],
)
def test_what_others_do_beyond_tolerance_is_a_sentence(
    changes: dict[str, float], words: str
) -> None:
    text = judged(after(**changes))
    assert text is not None
    assert text.startswith("while it was timed, ")
    assert words in text
    assert text.endswith("(devices/d.toml)")


def test_a_worker_that_waits_for_a_cpu_is_disturbed_whatever_the_load() -> None:
    assert judged(after(), waited_s=0.5) is None
    text = judged(after(), waited_s=1.1)
    assert text is not None
    assert "the worker waited 10.0% of the time for a CPU, and tolerance.waited_share" in text


def test_a_second_core_in_use_is_tolerated_by_one_thread_and_not_by_two() -> None:
    later = after(busy_s=1020.0)
    assert judged(later) is None
    assert "tolerance.free_cpus wants 1.5 left" in (judged(later, threads=2) or "")


def test_what_the_system_does_not_tell_is_said_and_decides_nothing() -> None:
    blind = {"stolen_s": None, "group_s": None, "throttled_s": None, "swapped_bytes": None}
    earlier, later = replace(BEFORE, **blind), replace(after(), **blind)  # type: ignore[arg-type]
    health = between(earlier, later, Worked())
    assert health.unknown is not None
    for word in ("waiting", "stolen time", "throttling", "swapping"):
        assert word in health.unknown
    assert excess(health, QUIET, threads=1, file="d") is None
    away = elsewhere(BEFORE, after(busy_s=1030.0), Worked())
    assert away.unknown is not None
    assert "on another machine" in away.unknown
    assert excess(away, QUIET, threads=1, file="d") is None


def test_the_control_group_is_read_as_the_kernel_writes_it() -> None:
    assert group_folder("12:cpu:/a\n0::/user.slice/b.scope\n") == "user.slice/b.scope"
    assert group_folder("0::/\n") == ""
    assert group_folder("12:cpu:/a\n") is None
    text = "usage_usec 2500000\nnr_periods 10\nnr_throttled 3\nthrottled_usec 500000\n"
    assert group_counters(text) == {"usage_usec": 2.5, "throttled_usec": 0.5}


def test_a_childs_work_is_ours_alive_or_buried() -> None:
    spin = "import time\nwhile time.process_time() < 0.3: pass\nprint('.', flush=True); input()"
    before = snapshot()
    with subprocess.Popen(
        [sys.executable, "-c", spin], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.read(1)
        alive = snapshot()
        child.communicate(b"\n")
    buried = snapshot()
    assert alive.own_s - before.own_s >= 0.28
    assert buried.own_s >= alive.own_s - 0.02  # clocks tick in hundredths
