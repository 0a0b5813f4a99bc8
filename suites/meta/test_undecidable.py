"""Claims that a run can't decide by its design are known before it begins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeassay.config import load_devices, load_models
from edgeassay.gates import never_passes, verdict_of
from edgeassay.machine import this_machine
from edgeassay.matrix import plan
from edgeassay.measure.processes import over_processes
from edgeassay.spec import ClaimName, Measurement, Sample, Sense, Verdict
from edgeassay.undecidable import QUANTILES, least_processes, undecidable
from suites.meta.project import MODEL_TOML, PROFILE, ROOT

BUDGETS = "\n[limits.tiny]\n" + "".join(f"{name} = 50.0\n" for name in QUANTILES)


def sentences(
    folder: Path, device: str, *, model: str = MODEL_TOML, timed: bool = True, images: int = 0
) -> list[str]:
    for name, text in (("models/tiny/model.toml", model), ("devices/bench.toml", device)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    made = plan(
        models=load_models([folder / "models"], folder),
        devices=load_devices([folder / "devices"], folder),
        machine=this_machine(),
    )
    sample = Sample(images=images, source=f"--images {images}") if images else None
    return list(undecidable(made, sample, timed=timed))


@pytest.mark.parametrize("processes", [1, 2, 3, 4, 5, 58, 59])
def test_each_claim_about_time_says_how_many_processes_it_needs(
    tmp_path: Path, processes: int
) -> None:
    device = PROFILE.replace("processes = 3", f"processes = {processes}") + BUDGETS
    found = sentences(tmp_path, device)
    told = {words.split()[0] for words in found}
    needs = {name: least_processes(name, 0.95) for name in (*QUANTILES, ClaimName.LATENCY_RATIO)}
    assert needs[ClaimName.LATENCY_P95_MS] == 59
    assert needs[ClaimName.INIT_MS] == 5
    assert needs[ClaimName.LATENCY_RATIO] == 3
    assert told == {name.value for name, least in needs.items() if processes < least}
    for words in found:
        assert "set [timing] processes = " in words
        assert "devices/bench.toml" in words
    assert sentences(tmp_path, device, timed=False) == []


@pytest.mark.parametrize("claim", QUANTILES)
def test_the_number_is_the_one_that_bounds_need(claim: ClaimName) -> None:
    """One process fewer gives no upper bound, and so never a pass, however fast they are."""
    least = least_processes(claim, 0.95)
    for count in (least - 1, least):
        made = over_processes(np.full(count, 0.1), QUANTILES[claim], 0.95, value=0.1, unit="ms")
        assert never_passes(made, Sense.AT_MOST) == (count < least)
        passes = verdict_of(made, 50.0, Sense.AT_MOST) is Verdict.PASS
        assert passes == (count >= least)


def test_what_has_the_bound_that_a_pass_needs_can_pass() -> None:
    exact = Measurement(value=1.0, unit="ratio", n=1)
    assert not never_passes(exact, Sense.AT_MOST)
    both = Measurement(value=1.0, unit="ms", n=5, low=0.9, high=1.2, insufficient="disturbed")
    assert not never_passes(both, Sense.AT_MOST)
    low = Measurement(value=1.0, unit="AUC", n=5, low=0.9)
    assert never_passes(low, Sense.AT_MOST)
    assert not never_passes(low, Sense.AT_LEAST)


@pytest.mark.parametrize(
    ("limit", "images", "least"),
    [
        ("mean_auc_drop = 0.05", 39, 40),
        ("min_auc = 0.7", 39, 40),
        ("sensitivity_drop = 0.05", 19, 20),
        ("score_shift_p99 = 0.5", 298, 299),
        ("min_saliency_overlap = 0.5", 29, 30),
    ],
)
def test_a_sample_that_is_too_small_says_how_many_patients_are_needed(
    tmp_path: Path, limit: str, images: int, least: int
) -> None:
    head, _, _ = MODEL_TOML.partition("[limits]")
    model = f"{head}[limits]\n{limit}\n"
    (words,) = sentences(tmp_path, PROFILE, model=model, images=images)
    assert f"{images} images (--images {images}) can't show it: {least} patients" in words
    assert sentences(tmp_path, PROFILE, model=model, images=least) == []
    assert sentences(tmp_path, PROFILE, model=model) == []


@pytest.mark.parametrize("name", ["README.md", "docs/devices.md"])
def test_a_profile_that_people_copy_can_show_a_p95(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("processes = ")]
    assert lines
    assert {int(line.split()[2]) for line in lines} == {59}
