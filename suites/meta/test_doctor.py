"""The doctor sees what is wrong with a machine or a runtime, and says what to do."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from edgeassay.cli import app
from edgeassay.config import load_device
from edgeassay.config.shapes import default_checkup
from edgeassay.doctor import command, readings
from edgeassay.doctor.finding import Finding, Level
from edgeassay.doctor.findings import examine
from edgeassay.doctor.readings import Heat, Readings, Space, Ticking
from edgeassay.doctor.report import Checked
from edgeassay.health import Health
from edgeassay.machine import Machine, this_machine
from edgeassay.runtimes.probe import PROBE, RuntimeState, State, try_runtime
from edgeassay.spec import DeviceSpec, RuntimeSpec, Tolerance
from suites.meta.project import DEVICE_TOML
from suites.meta.tinymodels import SIDE, write_classifier

TOLERANCE = Tolerance(
    waited_share=0.05, free_cpus=0.75, steal_share=0.05, throttled_share=0.05, swapped_mb=10.0
)
HEALTH = Health(
    seconds=2.0,
    cpus=4,
    waited_share=0.0,
    foreign_cpus=0.1,
    steal_share=0.0,
    throttled_share=0.0,
    swapped_mb=0.0,
)
WELL = Readings(
    health=HEALTH,
    cpu_quota=None,
    governors=("performance",),
    boost=False,
    clock_cap=1.0,
    sharing=1,
    heat=Heat(celsius=50.0, critical_celsius=95.0, slowed=0, board_flags=0),
    on_battery=False,
    free_memory_bytes=8 * 10**9,
    disk=Space(folder=Path("/work"), free_bytes=10**11),
    temporary=Space(folder=Path("/tmp"), free_bytes=10**10),  # noqa: S108
    ticking=Ticking(step_ns=40, backwards=False, source="tsc"),
)


def found(state: Readings) -> dict[str, Finding]:
    return {f.about: f for f in examine(state, TOLERANCE, default_checkup())}


def test_a_quiet_machine_is_well() -> None:
    assert {f.level for f in found(WELL).values()} == {Level.OK}


HOT = Heat(celsius=90.0, critical_celsius=95.0)
FULL = Space(folder=Path("/full"), free_bytes=10**6)
LOCKED = Space(folder=Path("/locked"), free_bytes=None)


@pytest.mark.parametrize(
    ("changes", "about", "level", "seen"),
    [
        ({"health": {"foreign_cpus": 3.5}}, "load by others", "problem", "others use 3.50 of 4"),
        ({"health": {"waited_share": 0.2}}, "waiting", "problem", "waits 20.0% of the time"),
        ({"health": {"steal_share": 0.1}}, "stolen time", "problem", "takes 10.0% of the CPU time"),
        ({"health": {"throttled_share": 0.3}}, "throttling", "problem", "cuts off 30.0%"),
        ({"health": {"swapped_mb": 50.0}}, "swapping", "problem", "50.0 MB were swapped"),
        ({"cpu_quota": 1.5}, "quota", "note", "the time of 1.5 CPUs"),
        ({"governors": ("powersave",)}, "governor", "note", "follow powersave"),
        ({"governors": ("performance", "schedutil")}, "governor", "note", "schedutil"),
        ({"boost": True}, "boost", "note", "may boost"),
        ({"clock_cap": 0.8}, "highest clock", "note", "80% of its highest clock"),
        ({"heat": HOT}, "heat", "problem", "90 °C, critical at 95 °C"),
        ({"heat": Heat(slowed=3)}, "heat", "problem", "slowed down 3 times"),
        ({"heat": Heat(board_flags=0x5)}, "heat", "problem", "too little voltage, it is throttled"),
        ({"on_battery": True}, "power", "problem", "on its battery"),
        ({"free_memory_bytes": 10**8}, "memory", "problem", "100 MB are free"),
        ({"disk": FULL}, "disk", "problem", "1 MB are free in /full"),
        ({"disk": LOCKED}, "disk", "problem", "/locked can't be written to"),
        ({"temporary": FULL}, "temporary files", "problem", "1 MB are free in /full"),
        ({"temporary": None}, "temporary files", "problem", "no folder takes any"),
        ({"sharing": 2}, "shared cores", "note", "2 CPUs share a core"),
        ({"ticking": Ticking(step_ns=None, backwards=False)}, "clock", "problem", "stands still"),
        ({"ticking": Ticking(step_ns=40, backwards=True)}, "clock", "problem", "runs backwards"),
        (
            {"ticking": Ticking(step_ns=15_600_000, backwards=False)},
            "clock",
            "problem",
            "steps of 15,600,000 ns",
        ),
        (
            {"ticking": Ticking(step_ns=900, backwards=False, source="hpet")},
            "clock",
            "note",
            "hpet, which is slow to read",
        ),
    ],
)
def test_what_is_wrong_is_found_alone_and_has_a_remedy(
    changes: Mapping[str, Any], about: str, level: str, seen: str
) -> None:
    changes = dict(changes)
    if "health" in changes:
        changes["health"] = replace(HEALTH, **changes["health"])
    findings = found(replace(WELL, **changes))
    finding = findings.pop(about)
    assert finding.level == level
    assert seen in finding.seen
    assert finding.remedy
    assert {f.level for f in findings.values()} == {Level.OK}


def test_what_a_board_had_before_is_no_finding_of_now() -> None:
    assert found(replace(WELL, heat=Heat(board_flags=0x50000)))["heat"].level is Level.OK


def test_what_the_system_does_not_tell_is_unknown() -> None:
    blind = replace(
        WELL,
        health=Health(seconds=2.0, cpus=4),
        governors=None,
        boost=None,
        clock_cap=None,
        sharing=None,
        heat=Heat(),
        on_battery=None,
    )
    findings = found(blind).values()
    unknown = {f.about for f in findings if f.level is Level.UNKNOWN}
    assert unknown == {
        *("load by others", "waiting", "stolen time", "throttling", "swapping"),
        *("governor", "boost", "highest clock", "shared cores", "heat", "power"),
    }
    assert {f.level for f in findings} == {Level.UNKNOWN, Level.OK}


def laid(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_settings_are_read_as_the_kernel_writes_them(tmp_path: Path) -> None:
    cpus = "sys/devices/system/cpu"
    assert readings.governors(tmp_path, {0}) is None
    assert readings.boost(tmp_path) is None
    assert readings.clock_cap(tmp_path, {0}) is None
    assert readings.sharing(tmp_path, {0}) is None
    assert readings.slow_downs(tmp_path, {0}) is None
    assert readings.board_flags(tmp_path) is None
    files = {
        f"{cpus}/cpu0/cpufreq/scaling_governor": "powersave\n",
        f"{cpus}/cpu1/cpufreq/scaling_governor": "performance\n",
        f"{cpus}/cpu2/cpufreq/scaling_governor": "ondemand\n",
        f"{cpus}/cpu1/cpufreq/scaling_max_freq": "1200000\n",
        f"{cpus}/cpu1/cpufreq/cpuinfo_max_freq": "2400000\n",
        f"{cpus}/cpu0/topology/thread_siblings_list": "0,4\n",
        f"{cpus}/cpu0/thermal_throttle/core_throttle_count": "3\n",
        f"{cpus}/cpu1/thermal_throttle/core_throttle_count": "4\n",
        f"{cpus}/cpufreq/boost": "1\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
        "sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet\n",
    }
    laid(tmp_path, files)
    assert readings.governors(tmp_path, {0, 1}) == ("performance", "powersave")
    assert readings.clock_cap(tmp_path, {0, 1}) == 0.5
    assert readings.sharing(tmp_path, {0, 1}) == 2
    assert readings.slow_downs(tmp_path, {0, 1}) == 7
    assert readings.board_flags(tmp_path) == 0x50005
    assert readings.boost(tmp_path) is True
    laid(tmp_path, {f"{cpus}/intel_pstate/no_turbo": "1\n"})
    assert readings.boost(tmp_path) is False
    assert readings.ticking([1, 2], tmp_path).source == "hpet"


def test_a_list_of_cpus_is_counted() -> None:
    assert [readings.cpus_of(text) for text in ("0", "0,4", "0-1", "0,8-10")] == [1, 2, 2, 4]


def test_a_clock_is_known_by_its_readings(tmp_path: Path) -> None:
    assert readings.ticking([5, 5, 45, 145], tmp_path) == Ticking(step_ns=40, backwards=False)
    assert readings.ticking([5, 5, 5], tmp_path).step_ns is None
    assert readings.ticking([5, 9, 8], tmp_path).backwards


def test_a_temporary_folder_that_python_passes_over_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "gone"))
    assert readings.temporary_space() == Space(folder=tmp_path / "gone", free_bytes=None)
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    space = readings.temporary_space()
    assert space is not None
    assert space.folder == tmp_path
    assert space.free_bytes is not None


def device(folder: Path, *words: str, engine: str = "litert") -> DeviceSpec:
    """The profile of a device whose worker is started by these words."""
    text = DEVICE_TOML.replace('litert = ["{python}"]', f"{engine} = {json.dumps(words)}")
    path = folder / "bench.toml"
    path.write_text(text)
    return load_device(path, folder)


def broken(state: RuntimeState) -> tuple[str, str]:
    assert not state.works
    assert state.reason
    assert state.remedy
    assert "bench.toml:workers.litert" in str(state.command)
    return state.reason, state.remedy


def test_a_runtime_that_gives_the_right_outputs_works(tmp_path: Path) -> None:
    state = try_runtime(device(tmp_path, "{python}"), "litert", RuntimeSpec(), 20.0)
    assert state.works, state
    assert state.facts["runtime"] == "ai-edge-litert"
    assert state.reason is None
    assert state.remedy is None


def test_a_worker_that_cannot_start_says_what_is_missing(tmp_path: Path) -> None:
    reason, remedy = broken(
        try_runtime(device(tmp_path, "/nowhere/python"), "litert", RuntimeSpec(), 20.0)
    )
    assert "/nowhere/python: No such file or directory" in reason
    assert "install /nowhere/python, or correct bench.toml:workers.litert" in remedy
    bare = device(tmp_path, "{python}", "-S")  # an environment without anything installed
    reason, remedy = broken(try_runtime(bare, "litert", RuntimeSpec(), 20.0))
    assert "No module named 'numpy'" in reason
    assert "pip install" in remedy


# What tflite-runtime 2.14 does with NumPy 2, a runtime that computes nonsense, and none at all.
FAKES = {
    "fails when used": (
        "class Interpreter:\n"
        "    def __init__(self, **settings):\n"
        "        raise SystemError('initialization of wrapper raised unreported exception')\n",
        "is broken: it fails when it is used, with NumPy ",
    ),
    "nonsense": (
        "import numpy as np\n"
        "class Interpreter:\n"
        "    def __init__(self, **settings): pass\n"
        "    def allocate_tensors(self): pass\n"
        "    def reset_all_variables(self): pass\n"
        "    def invoke(self): pass\n"
        "    def set_tensor(self, index, value): pass\n"
        "    def get_tensor(self, index): return np.zeros((1, 2), np.float32)\n"
        "    def details(self, shape):\n"
        "        return [dict(index=0, name='x', shape=shape, shape_signature=shape,"
        " dtype=np.float32, quantization=(0.0, 0))]\n"
        "    def get_input_details(self): return self.details([1, 8, 8, 1])\n"
        "    def get_output_details(self): return self.details([1, 2])\n",
        "it gives [[0.0, 0.0]",
    ),
    "not installed": ("raise ImportError('libpthread is gone')\n", "libpthread is gone"),
}


@pytest.mark.parametrize("name", FAKES)
def test_a_runtime_is_judged_by_what_it_does(tmp_path: Path, name: str) -> None:
    code, words = FAKES[name]
    resolvers = "class OpResolverType: AUTO = BUILTIN_WITHOUT_DEFAULT_DELEGATES = BUILTIN_REF = 0\n"
    files = {"__init__.py": "", "interpreter.py": resolvers + code}
    laid(tmp_path / "fake/ai_edge_litert", files)
    profile = device(tmp_path, "env", f"PYTHONPATH={tmp_path / 'fake'}", "{python}")
    reason, remedy = broken(try_runtime(profile, "litert", RuntimeSpec(), 20.0))
    assert words in reason
    assert "pip install --force-reinstall ai-edge-litert" in remedy


def test_a_worker_that_says_nothing_is_ended(tmp_path: Path) -> None:
    silent = device(tmp_path, "{python}", "-c", "import time; time.sleep(60)")
    reason, remedy = broken(try_runtime(silent, "litert", RuntimeSpec(), 0.5))
    assert "it was silent for 0.5 s and was ended" in reason
    assert "by hand" in remedy


def test_the_built_in_network_is_the_one_that_is_described(tmp_path: Path) -> None:
    weights = np.full((2, SIDE, SIDE), 12.0 / (SIDE * SIDE), np.float32)
    weights[1, :, SIDE // 2 :] *= -1.0
    bias = np.array([-6.0, 0.0], np.float32)
    write_classifier(tmp_path / "probe.tflite", weights.reshape(2, -1), bias)
    assert PROBE.read_bytes() == (tmp_path / "probe.tflite").read_bytes()


def state(*, works: bool) -> RuntimeState:
    return RuntimeState(
        name="litert",
        engine="litert",
        environment="litert",
        state=State.WORKS if works else State.BROKEN,
        command="python",
        reason="r",
        remedy="r",
    )


@pytest.mark.parametrize(
    ("levels", "works", "code"),
    [
        ((), (True,), 0),
        ((Level.NOTE, Level.UNKNOWN, Level.OK), (True,), 0),
        ((Level.PROBLEM,), (True,), 1),
        ((), (True, False), 1),
        ((Level.PROBLEM,), (False, False), 4),
        ((), (), 4),
    ],
)
def test_the_exit_code_is_the_first_that_applies(
    tmp_path: Path, levels: tuple[Level, ...], works: tuple[bool, ...], code: int
) -> None:
    checked = Checked(
        machine=this_machine(),
        gpu_driver=None,
        device=device(tmp_path, "{python}"),
        present=True,
        health=HEALTH,
        findings=[Finding(about="a", level=level, seen="s") for level in levels],
        runtimes=[state(works=work) for work in works],
    )
    assert checked.exit_code == code


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is well, whatever this one is."""

    def read(machine: Machine, assay: Path, watch_s: float) -> Readings:
        return WELL

    monkeypatch.setattr(command, "read", read)


@pytest.mark.usefixtures("calm")
def test_all_of_it_is_shown_and_written(tmp_path: Path) -> None:
    (tmp_path / "devices").mkdir()
    device(tmp_path / "devices", "{python}")
    path = tmp_path / "out" / "doctor.json"
    words = ["doctor", "--devices-dir", str(tmp_path / "devices"), "--json", str(path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    written = json.loads(path.read_text())
    fingerprint = this_machine().fingerprint
    assert written["machine"]["fingerprint"] == fingerprint
    assert written["exit_code"] == 0
    assert written["runtimes"][0]["facts"]["runtime"] == "ai-edge-litert"
    for text in (fingerprint, this_machine().cpu_model, "hostname", "bench.toml", "governor"):
        assert text in done.output
    assert re.search(r"ok +litert +ai-edge-litert \d", done.output)


@pytest.mark.usefixtures("calm")
def test_no_runtime_that_works_and_another_machines_profile_are_shown(tmp_path: Path) -> None:
    device(tmp_path, "/nowhere/python")
    text = (tmp_path / "bench.toml").read_text()
    (tmp_path / "bench.toml").write_text(
        text.replace('architecture = "*"', 'architecture = "riscv64"')
    )
    done = CliRunner().invoke(
        app, ["doctor", "--devices-dir", str(tmp_path), "--device", "bench"], terminal_width=200
    )
    assert done.exit_code == 4, done.output
    words = " ".join(done.output.split())
    assert "No such file or directory" in words
    assert "this machine isn't the device 'bench'" in words
    assert "leave out --device" in words
    assert "runtimes that work: 0 of 1" in words


def test_a_whole_reading_of_this_machine_is_possible(tmp_path: Path) -> None:
    got = readings.read(this_machine(), tmp_path / ".assay", 0.05)
    assert got.health.seconds >= 0.05
    assert got.disk.folder == tmp_path
    assert examine(got, TOLERANCE, default_checkup())
