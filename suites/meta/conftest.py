"""A fresh project for every test that runs pytest as a user would."""

from __future__ import annotations

from pathlib import Path

import pytest

from suites.meta.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.write()
    return made
