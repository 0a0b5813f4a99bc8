"""What reports of tests say of a case, put together."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from edgeassay.evidence import CaseFacts
from edgeassay.report.results import case_record
from edgeassay.spec import Case, Kind
from fixtures.reporting import Collector

CASE = Case(model="tiny", variant="fp32", runtime="gpu", device="bench")


def collected(*facts: CaseFacts) -> Any:
    collector = Collector(cast(pytest.Config, SimpleNamespace()))
    for each in facts:
        record = case_record(CASE, each).model_dump(mode="json")
        report = SimpleNamespace(edgeassay={"claim": None, "facts": [record]})
        collector.pytest_runtest_logreport(cast(pytest.TestReport, report))
    (found,) = collector.cases
    return found


def test_who_has_not_loaded_an_artifact_does_not_make_its_numbers_measured() -> None:
    """A process of pytest-xdist knows what it asked, and results come in any order."""
    loaded, sized = CaseFacts(kind=Kind.SOFTWARE, mean_auc=0.9), CaseFacts(size_bytes=7)
    for facts in ((loaded, sized), (sized, loaded)):
        found = collected(*facts)
        assert (found.kind, found.mean_auc, found.size_bytes) == (Kind.SOFTWARE, 0.9, 7)
