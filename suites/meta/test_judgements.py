"""What a run says of a claim, by what measuring it gave and what is declared of it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from edgeassay.assay import Assay
from edgeassay.errors import Absent, ArtifactError, MeasurementError, NoEvidence, WorkerError
from edgeassay.measure.latency import SOFTWARE_TIMES
from edgeassay.progress import silent
from edgeassay.rig import Rig, Settings
from edgeassay.spec import Case, ClaimName, Judgement, Kind, Measurement, Verdict
from edgeassay.workers import Loaded
from suites.meta.project import IN_A_YEAR, MODEL_TOML
from suites.meta.test_matrix import make, with_deviation

TODAY = date.today()
AFTER = date.fromisoformat(IN_A_YEAR) + timedelta(days=1)

FAILS, PASSES = Measurement(value=2.0, unit="ratio", n=1), Measurement(value=0.1, unit="ratio", n=1)
OPEN = Measurement(value=2.0, unit="ratio", n=1, low=0.1, high=3.0, confidence=0.95)
LACKING = 'verdict = "inconclusive"'


def judged(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: Measurement | Exception,
    lines: str = "",
    today: date = TODAY,
) -> tuple[Judgement, Verdict]:
    """What is said of int8's size ratio, and of the deviation about it."""

    def measure(*_: object) -> tuple[Measurement, None]:
        if isinstance(given, Exception):
            raise given
        return given, None

    monkeypatch.setattr("edgeassay.assay.MEASURES", dict.fromkeys(ClaimName, measure))
    plan = make(tmp_path, with_deviation(lines))
    settings = cast(Settings, SimpleNamespace(timing_off=None, today=today))
    assay = Assay(plan, settings, silent)
    (claim,) = (c for c in plan.claims if c.name is ClaimName.SIZE_RATIO)
    ((_, deviation, _),) = plan.deviations()
    return assay.judge(claim), assay.deviation_status(deviation)[0]


@pytest.mark.parametrize(
    ("given", "lines", "verdict", "excused", "status"),
    [
        (FAILS, "", Verdict.FAIL, True, Verdict.PASS),
        (FAILS, LACKING, Verdict.FAIL, False, Verdict.FAIL),
        (OPEN, "", Verdict.INCONCLUSIVE, False, Verdict.INCONCLUSIVE),
        (OPEN, LACKING, Verdict.INCONCLUSIVE, True, Verdict.PASS),
        (PASSES, "", Verdict.PASS, False, Verdict.FAIL),
        (PASSES, LACKING, Verdict.PASS, False, Verdict.FAIL),
        (NoEvidence("none"), "", Verdict.INCONCLUSIVE, False, Verdict.INCONCLUSIVE),
        (NoEvidence("none"), LACKING, Verdict.INCONCLUSIVE, True, Verdict.PASS),
        (Absent("away"), "", Verdict.UNMEASURED, False, Verdict.UNMEASURED),
        (MeasurementError("NaN"), "", Verdict.FAIL, False, Verdict.UNMEASURED),
        (WorkerError("died"), "", Verdict.FAIL, False, Verdict.UNMEASURED),
    ],
)
def test_a_deviation_excuses_what_it_declares_and_nothing_else(
    *,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: Measurement | Exception,
    lines: str,
    verdict: Verdict,
    excused: bool,
    status: Verdict,
) -> None:
    found, of_deviation = judged(tmp_path, monkeypatch, given, lines)
    assert found.verdict is verdict
    assert (found.deviation is not None) is excused
    assert of_deviation is status


@pytest.mark.parametrize(
    ("given", "excused"),
    [
        (ArtifactError("refused"), True),
        (WorkerError("silent"), False),
        (MeasurementError("floats"), False),
    ],
)
def test_only_an_artifact_that_is_refused_is_declared_not_to_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: Exception, excused: bool
) -> None:
    def measure(*_: object) -> None:
        raise given

    monkeypatch.setattr("edgeassay.assay.MEASURES", dict.fromkeys(ClaimName, measure))
    text = with_deviation("").replace('claim = "size_ratio"', 'claim = "loads"')
    plan = make(tmp_path, text)
    settings = cast(Settings, SimpleNamespace(timing_off=None, today=TODAY))
    assay = Assay(plan, settings, silent)
    ((_, deviation, claims),) = plan.deviations()
    found = assay.judge(claims[0])
    assert found.verdict is Verdict.FAIL
    assert (found.deviation is not None) is excused
    status = assay.deviation_status(deviation)[0]
    assert status is (Verdict.PASS if excused else Verdict.UNMEASURED)


def test_an_expired_deviation_excuses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for given, lines in ((FAILS, ""), (OPEN, LACKING)):
        found, status = judged(tmp_path, monkeypatch, given, lines, AFTER)
        assert found.deviation is None
        assert status is Verdict.FAIL


GPU_TOML = MODEL_TOML.replace("litert = {}", "litert-compiled-gpu = {}")


@pytest.mark.parametrize("software", [True, False])
def test_times_of_a_software_adapter_decide_nothing_and_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, software: bool
) -> None:
    monkeypatch.setattr(
        "edgeassay.assay.MEASURES", dict.fromkeys(ClaimName, lambda *_: (PASSES, None))
    )
    facts = {"adapter": "SwiftShader Device", "software": software}
    plan = make(tmp_path, GPU_TOML)
    settings = cast(Settings, SimpleNamespace(timing_off=None, today=TODAY))
    for name, timed in ((ClaimName.SIZE_RATIO, False), (ClaimName.LATENCY_RATIO, True)):
        assay = Assay(plan, settings, silent)  # anew: neither is asked before the other
        rig = assay.rig

        def load(case: Case, rig: Rig = rig) -> Loaded:
            loaded = cast(Loaded, SimpleNamespace(facts=facts))
            return rig._loaded.setdefault(case, loaded)

        monkeypatch.setattr(rig, "loaded", load)
        (claim,) = (c for c in plan.claims if c.name is name)
        judgement = assay.judge(claim)
        assert judgement.kind is (Kind.SOFTWARE if software else Kind.MEASURED)
        assert judgement.measurement == PASSES
        undecided = software and timed
        assert judgement.verdict is (Verdict.UNMEASURED if undecided else Verdict.PASS)
        assert (SOFTWARE_TIMES in judgement.reason) is undecided
