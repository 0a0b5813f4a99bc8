"""Too little memory is a sentence, and never a traceback or a wait without end."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from edgeassay import cli
from edgeassay.memory import LEAST_BYTES, is_shortage
from suites.meta.project import ROOT


@pytest.mark.parametrize("allowed", [120_000_000, 307_200_000, LEAST_BYTES - 4096])
def test_a_process_that_may_take_too_little_is_told_so(allowed: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "edgeassay", "judge", "--latency", "none.json", "--budget", "1ms"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed)),
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("edgeassay: there isn't enough memory: this process may take")
    assert len(ended.stderr.splitlines()) == 1


def ended(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int | str | None:
    """How the command line ends where a command raises an error."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 1.2 GiB"),
        OSError(12, "Cannot allocate memory"),
        ImportError("libopenblas.so: failed to map segment from shared object"),
    ],
)
def test_memory_that_runs_out_later_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    assert ended(monkeypatch, error) == 2
    said = capsys.readouterr().err
    assert said.startswith("edgeassay: there isn't enough memory for this; give it more")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("error", [ImportError("no module named x"), OSError(5, "I/O error")])
def test_other_errors_arent_taken_for_it(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    assert not is_shortage(error)
    with pytest.raises(type(error)):
        ended(monkeypatch, error)
