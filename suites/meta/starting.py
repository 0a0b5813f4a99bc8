"""`edgeassay init` in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgeassay.cli import main


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


Init = Callable[..., Done]


@pytest.fixture
def init(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Init:
    """Run `edgeassay init` in this process, into tmp_path/models, as the command line would."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> Done:
        command = ["edgeassay", "init", *words]
        if "--models-dir" not in words:
            command += ["--models-dir", str(tmp_path / "models")]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return Done(int(ended.value.code or 0), shown.out, shown.err)

    return run
