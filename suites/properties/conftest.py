"""Hypothesis's profiles, in one place: `HYPOTHESIS_PROFILE` chooses, or which tests are asked for.

Those of CI and of `--part=quick` are repeatable.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from suites.properties.bench import Bench, opened

settings.register_profile("dev", max_examples=100, deadline=None)
settings.register_profile("quick", max_examples=40, deadline=None, derandomize=True)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=5000, deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    usual = "ci" if os.environ.get("CI") else "dev"
    if config.option.part == "quick":
        usual = "quick"
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", usual))


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Where generated networks are made and run, for the whole session."""
    with opened(tmp_path_factory.mktemp("networks")) as made:
        yield made
