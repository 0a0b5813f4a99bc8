"""A fresh project for tests that run pytest as users do, and interruptions that arrive."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from suites.meta.judge_files import Files
from suites.meta.project import Project
from suites.meta.starting import init

__all__ = ["files", "init", "interruptible", "project"]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Children hear SIGINT even where these tests run in the background of a shell, which ignores
    it and hands that on.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.write()
    return made


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """What `edgeassay judge` reads: labels, and two models that are nearly alike."""
    return Files.of(tmp_path)
