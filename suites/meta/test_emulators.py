"""Emulators that are there, aren't, or can't be made: what is said, and what is left behind."""

from __future__ import annotations

import configparser
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgeassay.config import load_device
from edgeassay.devices import command_of, identity_of
from edgeassay.emulation import Emulator, debian, emulator, emulator_for, emulators, making
from edgeassay.errors import Absent, ConfigError
from edgeassay.progress import silent
from edgeassay.spec import DeviceSpec
from suites.meta.project import DEVICE_TOML, ROOT

PROFILE = ROOT / "fixtures/devices/arm64-emulated.toml"
ARCHIVE = debian.Archive(mirror="http://example.org/debian", keyring=Path("/keys"))
EMULATED = '"{emulator}/qemu", "{python}"'


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The arm64 of a project that hasn't made it, on a machine of another architecture."""
    monkeypatch.setattr(emulator, "project_folder", lambda: tmp_path)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    return emulators()["arm64"]


def tool(folder: Path, name: str, script: str) -> None:
    """A program of that name, found first."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def installed(made: Emulator) -> None:
    made.folder.mkdir(parents=True)
    (made.folder / emulator.MANIFEST).write_text("{}")


def tox(option: str, name: str) -> str:
    """What tox.ini says of an environment."""
    found = configparser.ConfigParser(interpolation=None)
    found.read(ROOT / "tox.ini")
    return found[f"testenv:{name}"].get(option, found["testenv"].get(option, ""))


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ([], True),
        (["--model", "phantom-cnn"], True),
        (["--artifacts", "made"], False),
        (["--benchmark", "--artifacts=made"], False),
    ],
)
def test_converters_are_installed_where_nothing_made_is_given(
    *, tmp_path: Path, options: list[str], asked: bool
) -> None:
    uv = tmp_path / "uv"
    uv.write_text('#!/bin/sh\necho "$@"\n[ "$1" = venv ] || exit 3\n')
    uv.chmod(0o755)
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci/install.py"), "build", "report", "--", *options],
        env={**os.environ, "PATH": str(tmp_path), "TOX_WORK_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, "uv's own exit code"
    assert ("[build,report]" in done.stdout) is asked
    assert ("[report]" in done.stdout) is not asked
    for name in ("bench", "arm64-emulated"):
        assert re.search(r"install\.py build .*-- \{posargs\}", tox("commands_pre", name))


def test_a_worker_runs_in_its_architectures_emulator(away: Emulator) -> None:
    installed(away)
    device = load_device(PROFILE, ROOT)
    words = command_of(device, "litert")
    assert words[0] == f"{away.folder}/qemu"
    assert words[-1] == f"{away.folder}/root/usr/bin/python3.11"
    assert words[words.index("-cpu") + 1] == "cortex-a72"
    assert identity_of(device, "litert")[-1] == away.folder.name, "another recipe, other outputs"


def test_an_emulator_that_is_not_installed_is_absent(away: Emulator) -> None:
    with pytest.raises(Absent, match="isn't installed; `edgeassay emulators --install` makes"):
        command_of(load_device(PROFILE, ROOT), "litert")


def test_nothing_is_emulated_on_the_architecture_itself(
    away: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    for act in (lambda: emulator_for("aarch64"), lambda: making.make(away, silent)):
        with pytest.raises(Absent, match=r"is aarch64 itself, .*: leave --device out"):
            act()


def profile(tmp_path: Path, top: str) -> DeviceSpec:
    path = tmp_path / "bench.toml"
    text = DEVICE_TOML.replace('id = "bench"', f'id = "bench"\n{top}')
    path.write_text(text.replace('"{python}"', EMULATED))
    return load_device(path, tmp_path)


def test_an_emulated_profile_must_say_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"bench.toml: workers.litert .* add `emulated = true`"):
        profile(tmp_path, 'architecture = "aarch64"')


@pytest.mark.parametrize(("top", "said"), [("", "none"), ('architecture = "riscv64"', "riscv64")])
def test_an_architecture_without_an_emulator_is_refused(
    tmp_path: Path, away: Emulator, top: str, said: str
) -> None:
    device = profile(tmp_path, f"emulated = true\n{top}")
    with pytest.raises(ConfigError, match=f"aarch64, and the profile declares {said}"):
        command_of(device, "litert")


def test_what_is_there_is_not_made_again(away: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        pytest.fail("it is there")

    monkeypatch.setattr(making, "_make", never)
    installed(away)
    assert making.make(away, silent) is False


def test_a_failure_leaves_nothing_behind(away: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    left = away.folder.parent / ".edgeassay-killed.tmp"
    left.mkdir(parents=True)

    def fails(_: Emulator, made: Path, *rest: object) -> None:
        (made / "half").write_text("")
        raise Absent("the network went")

    monkeypatch.setattr(making, "check_tools", lambda _: None)
    monkeypatch.setattr(making, "_make", fails)
    with pytest.raises(Absent, match="the network went"):
        making.make(away, silent, mirror="http://example.org/debian")
    assert not away.installed
    assert [path.name for path in away.folder.parent.iterdir()] == [f"{away.folder.name}.lock"]
    monkeypatch.setattr(making, "_make", lambda *_: {"packages": []})
    assert making.make(away, silent, mirror="http://example.org/debian") is True
    assert away.installed


def test_a_machine_without_apt_or_keys_is_told_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(Absent, match="has no apt-get; use one with apt"):
        debian.check_tools(ARCHIVE)
    for name in ("apt-get", "dpkg"):
        tool(tmp_path / "bin", name, "")
    with pytest.raises(Absent, match=r"/keys isn't there, .* install .* debian-archive-keyring"):
        debian.check_tools(ARCHIVE)
    (tmp_path / "keys").touch()
    debian.check_tools(replace(ARCHIVE, keyring=tmp_path / "keys"))


def test_what_apt_says_is_quoted_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "echo 'W: careful' >&2; echo 'E: The repository is not signed.' >&2; exit 100"
    tool(tmp_path / "bin", "apt-get", words)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(Absent) as refused:
        debian.fetch(["libc6"], "bookworm", "arm64", ARCHIVE, tmp_path / "work")
    assert str(refused.value) == (
        "Debian's packages can't be had from http://example.org/debian (bookworm): apt-get failed"
        " (status 100): The repository is not signed; look at the network, or choose with --mirror"
        " and --keyring"
    )


def test_apt_sees_no_sources_but_ours_and_keeps_its_own_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool(
        tmp_path / "bin",
        "apt-get",
        'echo "$@" >> "$LOG"; case "$*" in *download*) touch libc6.deb;; esac',
    )
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    files = debian.fetch(["libc6"], "bookworm", "arm64", ARCHIVE, tmp_path / "work")
    assert files == [tmp_path / "work/packages/libc6.deb"]
    settings = (tmp_path / "work/apt.conf").read_text()
    for key in ("Dir::State ", "Dir::State::status ", "Dir::Cache ", "Dir::Etc::sourcelist "):
        assert f'{key}"{tmp_path}/work/' in settings
    source = (tmp_path / "work/sources.list").read_text()
    assert source == (
        "deb [arch=arm64 target=Packages signed-by=/keys] http://example.org/debian bookworm main\n"
    )
    said = (tmp_path / "log").read_text().splitlines()
    assert [line.rsplit("apt.conf ")[1] for line in said] == ["update", "download libc6"]


@pytest.mark.parametrize(
    ("system", "listed", "mirror"),
    [
        (
            "ID=debian\nVERSION_CODENAME=bookworm",
            "http://m/debian/ bookworm main",
            "http://m/debian",
        ),
        ("ID=debian\nVERSION_CODENAME=bookworm", "http://m/other/ stable extra", None),
        ('ID="ubuntu"\nVERSION_CODENAME=noble', "http://m/ubuntu/ noble main", None),
    ],
)
def test_the_mirror_is_a_debians_own(
    *,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    system: str,
    listed: str,
    mirror: str | None,
) -> None:
    tool(tmp_path / "bin", "apt-get", f"echo '{listed}'")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "os-release").write_text(system)
    monkeypatch.setattr(debian, "OS_RELEASE", tmp_path / "os-release")
    assert debian.own_mirror() == mirror
    monkeypatch.setattr(debian, "OS_RELEASE", tmp_path / "nowhere")
    assert debian.own_mirror() is None


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("kill -ILL $$", r"can't import m \(SIGILL\)"),
        ("echo 'ImportError: no numpy' >&2; exit 1", r"can't import m \(status 1\): .*no numpy"),
        ('echo \'{"machine": "x86_64"}\'', "says that it is x86_64, and aarch64 was meant"),
    ],
)
def test_an_emulated_python_that_does_not_work_is_never_installed(
    tmp_path: Path, away: Emulator, script: str, words: str
) -> None:
    attempt: Callable[..., object] = making._try
    tool(tmp_path, "qemu", script)
    with pytest.raises(Absent, match=words):
        attempt(tmp_path, "litert", "m", away.recipe)
