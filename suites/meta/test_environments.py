"""Environments are made whole or not at all, found again by what they hold, and used when whole."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeassay.config import environment_specs
from edgeassay.environments import (
    declared,
    install,
    installed,
    installing,
    places,
    python_of,
    pythons,
    runtimes_folder,
    serves,
)
from edgeassay.environments.places import OWN, place_of, python_in
from edgeassay.errors import Absent, ConfigError
from edgeassay.progress import silent
from edgeassay.spec import EnvironmentSpec
from edgeassay.temporary import temporary_folder

# What a Python does when it is asked for a venv, and when its pip is: a line in a file each time.
PYTHON = """#!/bin/sh
case "$3" in
venv) mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; echo "#!$4/bin/python" > "$4/bin/tool"
      echo "command = $4" > "$4/pyvenv.cfg"; echo venv >> {log};;
pip)  echo "$*" >> {log}; {pip};;
esac
"""

Fake = Callable[[str], Path]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """A project in an empty folder, and a Python whose pip does as it is told; gives its log."""
    (tmp_path / "models" / "m").mkdir(parents=True)
    (tmp_path / "models" / "m" / "model.toml").write_text("")
    monkeypatch.chdir(tmp_path)

    def made(pip: str = ":") -> Path:
        log, python = tmp_path / "log", tmp_path / "python"
        python.write_text(PYTHON.format(log=log, pip=pip))
        python.chmod(0o755)

        def fitting(name: str, spec: EnvironmentSpec) -> tuple[Path, tuple[int, int]]:
            return python, OWN

        monkeypatch.setattr(installing, "fitting_python", fitting)
        return log

    return made


def left() -> list[str]:
    """What is in the folder of environments, locks aside."""
    return sorted(p.name for p in runtimes_folder().iterdir() if p.suffix != ".lock")


def test_an_environment_is_made_once_and_found_by_what_it_holds(fake: Fake) -> None:
    log = fake(":")
    assert installed("litert-1.4") is None
    python = install("litert-1.4", report=silent)
    assert python == installed("litert-1.4") == python_of("litert-1.4")
    assert install("litert-1.4", report=silent) == python
    said = log.read_text().splitlines()
    assert len(said) == 2
    assert said[1].endswith("ai-edge-litert==1.4.0")
    assert left() == [python.parents[1].name]


def test_what_is_made_elsewhere_names_the_place_where_it_is(fake: Fake) -> None:
    fake(":")
    folder = install("litert-1.4", report=silent).parents[1]
    assert (folder / "bin/tool").read_text() == f"#!{folder}/bin/python\n"
    assert (folder / "pyvenv.cfg").read_text() == f"command = {folder}\n"


def test_a_failed_pip_is_told_in_its_own_words_and_leaves_nothing(fake: Fake) -> None:
    fake("echo Looking; echo 'ERROR: No matching distribution found for x' >&2; exit 1")
    with pytest.raises(Absent, match=r"litert-1.4 can't be installed: pip said: ERROR: No match"):
        install("litert-1.4", report=silent)
    assert left() == []
    with pytest.raises(Absent, match=r"isn't installed; .*edgeassay runtimes --install litert-1.4"):
        python_of("litert-1.4")


def test_a_pip_that_says_nothing_is_told_by_its_status(fake: Fake) -> None:
    fake("exit 7")
    with pytest.raises(Absent, match="it ended with status 7"):
        install("litert-1.4", report=silent)


def test_one_that_is_asked_for_again_takes_the_others_place(fake: Fake) -> None:
    fake(":")
    python = install("litert-1.4", report=silent)
    (python.parent / "tool").write_text("broken")
    assert install("litert-1.4", report=silent, again=True) == python
    assert (python.parent / "tool").read_text() != "broken"
    fake("exit 1")
    with pytest.raises(Absent):
        install("litert-1.4", report=silent, again=True)
    assert installed("litert-1.4") == python  # what was there stays until the new one is whole
    assert left() == [python.parents[1].name]


def test_what_a_killed_installation_left_is_removed_by_the_next(fake: Fake) -> None:
    fake(":")
    half = runtimes_folder() / ".edgeassay-xyz.tmp" / "litert-1.4-0123"
    half.mkdir(parents=True)
    with temporary_folder(runtimes_folder()) as other:
        install("litert-1.4", report=silent)
        assert not half.exists()
        assert other.exists()


def test_two_at_once_make_one(fake: Fake) -> None:
    log = fake("sleep 0.1")
    threads = [
        threading.Thread(target=lambda: install("litert-1.4", report=silent)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.read_text().count("venv") == 1
    assert len(left()) == 1


def test_a_place_where_nothing_can_be_written_is_named(fake: Fake, tmp_path: Path) -> None:
    fake(":")
    (tmp_path / ".assay").write_text("a file")
    with pytest.raises(ConfigError, match=r"\.assay/runtimes.*can't be used: Not a directory"):
        install("litert-1.4", report=silent)


def test_other_requirements_or_another_python_are_another_place() -> None:
    spec = EnvironmentSpec(about="", requires=("a==1", "b==2; python_version < '3'"))
    same = EnvironmentSpec(about="another word", requires=("a==1",))
    other = EnvironmentSpec(about="", requires=("a==2",))
    assert place_of("x", spec, (3, 11)) == place_of("x", same, (3, 11))
    places_ = {place_of("x", s, v) for s in (spec, other) for v in ((3, 11), (3, 9))}
    assert len(places_) == 4


def known(monkeypatch: pytest.MonkeyPatch, **specs: EnvironmentSpec) -> None:
    monkeypatch.setattr(places, "environment_specs", lambda: specs)


@pytest.mark.parametrize(
    ("requires", "met"),
    [
        (("numpy",), True),
        (("numpy>=1.26", "rich"), True),
        (("numpy<1",), False),
        (("numpy", "no-such-package-at-all"), False),
        (("numpy", "no-such-package-at-all; python_version < '3'"), True),
        (("rich-cpu",), True),  # as TensorFlow's two names
    ],
)
def test_this_python_serves_where_it_has_all_that_is_required(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, requires: tuple[str, ...], *, met: bool
) -> None:
    known(monkeypatch, mine=EnvironmentSpec(about="", requires=requires))
    assert serves("mine") is met
    if met:
        assert python_of("mine") == Path(sys.executable)
    else:
        with pytest.raises(Absent, match="'mine' isn't installed"):
            python_of("mine")


def test_an_environment_that_nobody_knows_is_the_profiles_to_give(fake: Fake) -> None:
    with pytest.raises(Absent, match="none that edgeassay installs: give the command"):
        python_of("litert-0.9")
    with pytest.raises(ConfigError, match=r"unknown environment 'litert-1\.5'; did you mean"):
        declared("litert-1.5")


LIMITED = EnvironmentSpec(about="", requires=("x",), python=("3.9", "3.11"))


def executable(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def too_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python of a version without wheels."""
    for module in (places, pythons):
        monkeypatch.setattr(module, "OWN", (3, 13))


@pytest.mark.usefixtures("too_new")
def test_a_fitting_python_is_found_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(tmp_path / "a", "python3.11", "echo no such version >&2; exit 127")
    executable(tmp_path / "b", "python3.10", "echo 3 10")
    found = executable(tmp_path / "c", "python3.11", "echo 3 11")
    monkeypatch.setenv("PATH", ":".join(str(tmp_path / name) for name in "abc"))
    assert pythons.fitting_python("old", LIMITED) == (found, (3, 11))
    found.unlink()
    assert pythons.fitting_python("old", LIMITED)[1] == (3, 10)


@pytest.mark.usefixtures("too_new")
def test_where_no_python_fits_it_is_said_which_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Absent, match=r"wheels for Python 3\.9 to 3\.11, this is 3\.13.*install"):
        pythons.fitting_python("old", LIMITED)


def test_a_machine_without_wheels_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = EnvironmentSpec(about="", requires=("x",), architectures=("z80",))
    with pytest.raises(Absent, match="it has wheels for z80, and this machine is"):
        pythons.fitting_python("old", spec)


def test_each_runtime_that_pip_has_can_be_installed() -> None:
    """Versions are exact, so that a run of next year has the same runtimes."""
    for name, spec in environment_specs().items():
        assert spec.about, name
        assert all("==" in text or "<" in text for text in spec.requires), name
    assert python_in(Path("x")) == Path("x/bin/python")
