"""An environment is made by the real venv and pip, without a network: its package lies here."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from edgeassay.environments import install, installed, installing, places, runtimes_folder
from edgeassay.errors import Absent
from edgeassay.progress import silent
from edgeassay.spec import EnvironmentSpec

INFO = "hand_made-1.0.dist-info"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package with a command of its own."""
    path = tmp_path / "hand_made-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("hand_made.py", "def main():\n    print('made by hand')\n")
        file.writestr(f"{INFO}/METADATA", "Metadata-Version: 2.1\nName: hand-made\nVersion: 1.0\n")
        file.writestr(
            f"{INFO}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{INFO}/entry_points.txt", "[console_scripts]\nby-hand = hand_made:main\n")
        file.writestr(f"{INFO}/RECORD", "")
    return path


def declare(monkeypatch: pytest.MonkeyPatch, folder: Path, requirement: str) -> None:
    """One environment, and a project in this folder."""
    specs = {"by-hand": EnvironmentSpec(about="for a test", requires=(requirement,))}
    monkeypatch.setattr(places, "environment_specs", lambda: specs)
    monkeypatch.setattr(places, "project_folder", lambda: folder)
    monkeypatch.setenv("PIP_NO_INDEX", "1")


def test_what_is_installed_runs_where_it_ends_up(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(monkeypatch, tmp_path, f"hand-made @ {wheel.as_uri()}")
    python = install("by-hand", report=silent)
    assert python == installed("by-hand")
    for words in (
        [str(python), "-c", "import hand_made; hand_made.main()"],
        [str(python.parent / "by-hand")],  # its first line names the Python
    ):
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        assert done.stdout == "made by hand\n"
    found = [path for path in runtimes_folder().iterdir() if path.suffix != ".lock"]
    assert found == [python.parents[1]]


def test_pips_own_words_say_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, tmp_path, "hand-made==9")
    with pytest.raises(Absent, match=r"pip said: .*No matching distribution found for hand-made"):
        install("by-hand", report=silent)
    assert not [path for path in runtimes_folder().iterdir() if path.suffix != ".lock"]


def test_a_python_without_venv_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, tmp_path, "hand-made==9")
    poor = tmp_path / "python3"
    poor.write_text("#!/bin/sh\necho 'Error: ensurepip is not available' >&2\nexit 1\n")
    poor.chmod(0o755)
    monkeypatch.setattr(installing, "fitting_python", lambda *_: (poor, places.OWN))
    with pytest.raises(Absent, match="its venv said: Error: ensurepip is not available; mend"):
        install("by-hand", report=silent)
