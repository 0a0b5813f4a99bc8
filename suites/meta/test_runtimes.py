"""Runtimes are known by what they do: one that is broken says how, and what mends it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgeassay.cli import app
from edgeassay.config import catalogue, engine_of, environment_specs, load_device
from edgeassay.devices import start_worker
from edgeassay.environments import places
from edgeassay.errors import Absent, Broken
from edgeassay.runtimes import command, showing
from edgeassay.runtimes.probe import PROBE, RuntimeState, State, try_runtime
from edgeassay.runtimes.showing import Listed
from edgeassay.spec import DeviceSpec, RuntimeSpec
from edgeassay.worker import wheels
from suites.meta.project import DEVICE_TOML

NAME = "tflite-runtime"
RUNTIME = RuntimeSpec(engine=NAME)
WORKERS = """[workers]
litert = ["{python}"]
tflite-runtime = ["{environment}"]
"litert-1.4" = ["{environment}"]
"""

# A runtime that makes its Interpreter as tflite-runtime 2.14 does with NumPy 2.
NUMPY_2 = """
class OpResolverType: AUTO = BUILTIN_WITHOUT_DEFAULT_DELEGATES = BUILTIN_REF = 0
class Interpreter:
    def __init__(self, **settings):
        raise SystemError('returned a result with an exception set') from ImportError(
            'numpy.core.multiarray failed to import')
"""
DISTRIBUTION: dict[str, str | bytes] = {
    "tflite_runtime/__init__.py": "",
    "tflite_runtime-2.14.0.dist-info/METADATA": "Name: tflite-runtime\nVersion: 2.14.0",
}


def laid(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def profile(folder: Path) -> DeviceSpec:
    path = folder / "bench.toml"
    path.write_text(DEVICE_TOML.replace('[workers]\nlitert = ["{python}"]\n', WORKERS))
    return load_device(path, folder)


Environment = Callable[[str | bytes], DeviceSpec]


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """A project where tflite-runtime's environment is installed, with this as its Python."""
    monkeypatch.setattr(places, "project_folder", lambda: tmp_path)

    def made(python: str | bytes) -> DeviceSpec:
        spec = environment_specs()[NAME]
        place = places.place_of(NAME, spec, places.versions_of(spec)[0])
        laid(place, {"bin/python": python})
        (place / "bin/python").chmod(0o755)
        return profile(tmp_path)

    return made


def python_with(folder: Path) -> str:
    """A Python like this one, with packages in front of its own."""
    return f'#!/bin/sh\nPYTHONPATH={folder} exec {sys.executable} "$@"\n'


def elf(machine: int) -> bytes:
    """The beginning of a library for another architecture."""
    return b"\x7fELF\x02\x01\x01" + bytes(11) + machine.to_bytes(2, "little")


OTHER = 243 if wheels.machine_of(sys.executable) == "aarch64" else 183
OTHERS_NAME = wheels.MACHINES[OTHER]
CAN_NOT = "cannot open shared object file: No such file or directory"

BROKEN: Mapping[str, tuple[dict[str, str | bytes], str]] = {
    "numpy 2": (
        {"tflite_runtime/interpreter.py": NUMPY_2},
        "it fails when it is used, with NumPy .*: numpy.core.multiarray failed to import",
    ),
    "wheel of another architecture": (
        {
            "tflite_runtime/_wrapper.so": elf(OTHER),
            "tflite_runtime/interpreter.py": "import pathlib\n"
            "raise ImportError(str(pathlib.Path(__file__).with_name('_wrapper.so'))"
            f" + ': {CAN_NOT}')",
        },
        f"can't be imported by Python .*: _wrapper.so is built for {OTHERS_NAME}",
    ),
    "wheel of another Python": (
        {"tflite_runtime/interpreter.py": "import tflite_runtime._wrapper"},
        "can't be imported by Python .*: No module named 'tflite_runtime._wrapper'",
    ),
    "shared library missing": (
        {"tflite_runtime/interpreter.py": f"raise OSError('libfoo.so.1: {CAN_NOT}')"},
        "can't be imported by Python .*: libfoo.so.1: cannot open",
    ),
    "numpy of another architecture": (
        {
            "tflite_runtime/interpreter.py": "",
            "numpy/__init__.py": "try:\n    import numpy.core\nexcept ImportError as error:\n"
            "    raise ImportError('Leave its\\nsource directory.') from error\n",
        },
        "status 1; it said: NumPy can't be imported by Python .*: No module named 'numpy.core'",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_told_with_what_mends_it(
    environment: Environment, tmp_path: Path, name: str
) -> None:
    files, words = BROKEN[name]
    package = laid(tmp_path / "packages", DISTRIBUTION | files)
    device = environment(python_with(package))
    state = try_runtime(device, NAME, RUNTIME, 20.0)
    assert state.state is State.BROKEN
    remedy = "make it anew: `edgeassay runtimes --install tflite-runtime`"
    assert state.remedy == remedy
    # Claims on it stay unmeasured: no artifact is to blame.
    with (
        pytest.raises(Broken, match=words) as caught,
        start_worker(device, RUNTIME, label="m") as worker,
    ):
        worker.load(PROBE, RUNTIME, "a", "m/int8")
    assert re.search(words, str(state.reason))
    assert remedy in str(caught.value)
    assert "bench.toml:workers.tflite-runtime" in str(caught.value)


@pytest.mark.parametrize(
    ("python", "words"),
    [
        (b"\x7fELF no program", "bin/python: Exec format error"),
        ("#!/nowhere/python3.11\n", "bin/python: No such file or directory"),
        ("#!/bin/sh\necho 'libpython3.11.so.1.0 is gone' >&2; exit 127\n", "libpython3.11.so.1.0"),
    ],
)
def test_a_python_that_can_not_start_is_a_broken_environment(
    environment: Environment, python: str | bytes, words: str
) -> None:
    device = environment(python)
    state = try_runtime(device, NAME, RUNTIME, 20.0)
    assert state.state is State.BROKEN
    assert words in str(state.reason)
    with pytest.raises(Broken, match="edgeassay runtimes --install tflite-runtime"):
        start_worker(device, RUNTIME, label="m")


def test_what_is_not_installed_is_not_broken(environment: Environment, tmp_path: Path) -> None:
    device = environment(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    state = try_runtime(device, NAME, RUNTIME, 20.0)
    assert state.state is State.NOT_INSTALLED
    assert "No module named 'tflite_runtime'" in str(state.reason)
    other = try_runtime(device, "litert-1.4", catalogue()["litert-1.4"], 20.0)
    assert (other.state, other.command) == (State.NOT_INSTALLED, None)
    assert other.remedy == "install it: `edgeassay runtimes --install litert-1.4`"
    nowhere = try_runtime(device, "ethos-u", catalogue()["ethos-u"], 20.0)
    assert nowhere.state is State.NOT_INSTALLED
    assert nowhere.reason == "bench.toml declares no worker for 'ethos-u'"
    assert nowhere.remedy == "add it to bench.toml"
    with pytest.raises(Absent, match="declares no worker"):
        start_worker(device, catalogue()["ethos-u"], label="m")


def test_only_libraries_are_read_for_their_architecture(tmp_path: Path) -> None:
    laid(tmp_path, {"text.so": "words that aren't a library", "short.so": b"\x7fELF"})
    assert wheels.machine_of(str(tmp_path / "text.so")) is None
    assert wheels.machine_of(str(tmp_path / "short.so")) is None
    assert wheels.machine_of(str(tmp_path / "none.so")) is None
    laid(tmp_path, {"other.so": elf(9999)})
    assert wheels.machine_of(str(tmp_path / "other.so")) == "machine 9999"


def test_an_environment_belongs_to_an_engine() -> None:
    assert engine_of("litert") == engine_of("litert-1.4") == engine_of("litert-2.0") == "litert"
    assert engine_of("tflite-runtime") == "tflite-runtime"
    assert all(runtime.worker in catalogue() for runtime in catalogue().values())


FACTS = {
    "runtime": "tflite-runtime",
    "runtime_version": "2.14.0",
    "python": "3.10.1",
    "numpy": "1.26.4",
    "architecture": "aarch64",
}


def state_of(name: str, state: State) -> RuntimeState:
    """What a runtime in this state would give."""
    spec = catalogue()[name]
    well = state is State.WORKS
    return RuntimeState(
        name=name,
        engine=spec.engine,
        environment=spec.worker,
        state=state,
        facts=FACTS if well else {},
        loaded={"nodes": 2} if well else {},
        reason=None if well else f"{name} is ill",
        remedy=None if well else f"mend {name}",
    )


WORKS, MISSING, ILL = State.WORKS, State.NOT_INSTALLED, State.BROKEN


@pytest.mark.parametrize(
    ("states", "needed", "code"),
    [
        ({"litert": WORKS}, (), 0),
        ({"litert": WORKS, "tflite-runtime": MISSING}, (), 0),
        ({"litert": WORKS, "tflite-runtime": MISSING}, ("tflite-runtime",), 4),
        ({"litert": WORKS, "tflite-runtime": MISSING}, ("litert",), 0),
        ({"litert": MISSING}, (), 4),
        ({"litert": WORKS, "tflite-runtime": ILL}, (), 1),
        ({"litert": MISSING, "tflite-runtime": ILL}, ("litert",), 1),
    ],
)
def test_the_exit_code_is_the_first_that_applies(
    tmp_path: Path, states: dict[str, State], needed: tuple[str, ...], code: int
) -> None:
    listed = Listed(
        device=profile(tmp_path),
        states=[state_of(name, state) for name, state in states.items()],
        needed=frozenset(needed),
    )
    assert listed.exit_code == code


@pytest.fixture
def tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, State]:
    """What runtimes are found to be; those that aren't in it work. Nothing is installed."""
    found: dict[str, State] = {}

    def try_one(device: DeviceSpec, name: str, runtime: RuntimeSpec, most_s: float) -> RuntimeState:
        return state_of(name, found.get(name, WORKS))

    monkeypatch.setattr(command, "try_runtime", try_one)
    monkeypatch.setattr(places, "project_folder", lambda: tmp_path)
    monkeypatch.setattr(showing, "installed", lambda _: None)
    profile(tmp_path)
    return found


def runtimes(folder: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["runtimes", "--devices-dir", str(folder), *words])
    return done.exit_code, done.output


def test_every_runtime_is_listed_with_what_it_does(tmp_path: Path, tried: dict[str, State]) -> None:
    tried |= {"litert-1.4": MISSING, "tflite-micro": MISSING}
    code, text = runtimes(tmp_path, "--json", str(tmp_path / "out.json"))
    assert code == 0, text
    lines = {line.split()[0]: " ".join(line.split()) for line in text.splitlines() if line.split()}
    assert set(catalogue()) <= set(lines)
    assert lines["litert"] == (
        "litert litert this Python works tflite-runtime 2.14.0 3.10.1 1.26.4 aarch64 .tflite"
        " runs, timed, tells delegation"
    )
    assert lines["litert-1.4"] == "litert-1.4 litert litert-1.4 not installed .tflite runs, timed"
    assert lines["tflite-micro"].endswith("not installed .tflite runs, not timed")
    assert ".onnx" in lines["onnxruntime"]
    assert lines["ethos-u"].endswith(".tflite estimates")
    written = json.loads((tmp_path / "out.json").read_text())
    by_name = {entry["name"]: entry for entry in written["runtimes"]}
    assert set(by_name) == set(catalogue())
    assert by_name["litert"]["served_by"] == "this Python"
    assert by_name["litert"]["does"] == {
        "takes": ".tflite",
        "runs": True,
        "timed": True,
        "kind": "measured",
        "tells_delegation": True,
    }
    assert by_name["litert-1.4"]["state"] == "not installed"
    assert by_name["litert-1.4"]["does"]["tells_delegation"] is None
    assert by_name["ethos-u"]["does"]["kind"] == "estimated"


def test_what_is_broken_is_said_below_the_table(tmp_path: Path, tried: dict[str, State]) -> None:
    tried |= {"tflite-runtime": ILL, "litert-1.4": MISSING}
    code, text = runtimes(tmp_path)
    assert code == 1
    assert "tflite-runtime: tflite-runtime is ill\n→ mend tflite-runtime\n" in text
    assert "litert-1.4 is ill" not in text


def test_one_that_is_named_must_be_there(tmp_path: Path, tried: dict[str, State]) -> None:
    tried |= {"litert-1.4": MISSING}
    code, text = runtimes(tmp_path, "litert", "litert-1.4")
    assert code == 4
    assert "litert-1.4: litert-1.4 is ill\n→ mend litert-1.4" in text
    assert "tensorflow" not in text


def test_what_is_not_there_is_installed_and_what_is_broken_anew(
    tmp_path: Path, tried: dict[str, State], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried |= {"litert": ILL, "litert-1.4": MISSING, "tflite-runtime": ILL, "edgetpu": MISSING}
    made = []

    def install(name: str, *, report: object, again: bool) -> None:
        made.append((name, again))
        tried[name] = WORKS

    monkeypatch.setattr(command, "install", install)
    code, text = runtimes(tmp_path, "--install")
    assert sorted(made) == [("litert-1.4", False), ("tflite-runtime", True)]
    assert code == 1  # litert is this Python's own: nothing here mends it
    assert "litert: litert is ill" in text
    del tried["litert"]
    assert runtimes(tmp_path, "--install")[0] == 0  # no pip has the compiler of edgetpu


def test_an_installation_that_fails_is_told(
    tmp_path: Path, tried: dict[str, State], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried |= {"litert-1.4": MISSING}

    def install(name: str, *, report: object, again: bool) -> None:
        raise Absent(f"{name} can't be installed: pip said: no; mend that")

    monkeypatch.setattr(command, "install", install)
    code, text = runtimes(tmp_path, "--install", "litert-1.4")
    assert code == 4
    assert "litert-1.4: litert-1.4 can't be installed: pip said: no\n→ mend that" in text


def test_a_device_that_is_not_what_its_profile_says_does_not_work(tmp_path: Path) -> None:
    profile = DEVICE_TOML.replace('id = "bench"', 'id = "bench"\narchitecture = "riscv64"')
    (tmp_path / "bench.toml").write_text(profile)
    device = load_device(tmp_path / "bench.toml", tmp_path)
    state = try_runtime(device, "litert", catalogue()["litert"], 20.0)
    assert (state.state, state.remedy) == (State.BROKEN, None)
    assert "bench.toml declares riscv64; correct one of them" in str(state.reason)


def test_a_machine_that_is_not_reached_is_not_told_to_install_anything(tmp_path: Path) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text("#!/bin/sh\necho 'Connection refused' >&2\nexit 255\n")
    ssh.chmod(0o755)
    worker = f'litert = {{ command = ["{ssh}", "board", "python3"], folder = ".cache/x" }}'
    profile = DEVICE_TOML.replace('litert = ["{python}"]', worker)
    (tmp_path / "bench.toml").write_text(profile)
    device = load_device(tmp_path / "bench.toml", tmp_path)
    state = try_runtime(device, "litert", catalogue()["litert"], 20.0)
    assert (state.state, state.remedy) == (State.BROKEN, None)
    assert "isn't reached" in str(state.reason)
