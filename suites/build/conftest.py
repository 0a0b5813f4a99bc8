"""An interruption arrives here as in suites/meta; commands run elsewhere than in this folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from suites.meta.conftest import interruptible

__all__ = ["interruptible"]


@pytest.fixture(scope="session", autouse=True)
def data_from_anywhere() -> Iterator[None]:
    """EDGEASSAY_DATA may be relative to where the tests were started."""
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get("EDGEASSAY_DATA"):
            patch.setenv("EDGEASSAY_DATA", str(Path(os.environ["EDGEASSAY_DATA"]).resolve()))
        yield
