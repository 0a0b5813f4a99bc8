"""Projects with gates."""

from __future__ import annotations

from pathlib import Path

import pytest

from suites.reports.gated import Gated


@pytest.fixture
def gated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gated:
    """A green one, in which this process works."""
    monkeypatch.chdir(tmp_path)
    return Gated(tmp_path).write()
