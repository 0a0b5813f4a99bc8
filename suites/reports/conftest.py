"""Projects with gates."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeassay.merge_gate.base import BRANCHES
from suites.reports.gated import Gated


@pytest.fixture
def gated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gated:
    """A green one, in which this process works."""
    monkeypatch.chdir(tmp_path)
    for name in BRANCHES:  # a build server's own are about another repository
        monkeypatch.delenv(name, raising=False)
    return Gated(tmp_path).write()
