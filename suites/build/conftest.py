"""Interruptions arrive here as in suites/meta, and TensorFlow is imported once for all tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeassay import converter
from suites.meta import commands
from suites.meta.conftest import interruptible

__all__ = ["interruptible"]


@pytest.fixture(scope="session", autouse=True)
def data_from_anywhere() -> Iterator[None]:
    """EDGEASSAY_DATA may be relative to where the tests were started."""
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get("EDGEASSAY_DATA"):
            patch.setenv("EDGEASSAY_DATA", str(Path(os.environ["EDGEASSAY_DATA"]).resolve()))
        yield


@pytest.fixture(autouse=True)
def forked_converter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The converter process is forked where one has imported TensorFlow, unless a test is about how
    it is started: it asks for `fresh_converter` then.
    """
    if "fresh_converter" not in request.fixturenames and not commands.needs_fresh(os.environ):
        monkeypatch.setattr(converter, "start_converter", commands.forked_converter)


@pytest.fixture
def fresh_converter() -> None:
    """The converter process is started as users start it."""
