"""Whole runs on a worker that says it is an aarch64, as an emulator's does: what counts, what
doesn't, and a sample in place of each split.
"""

from __future__ import annotations

import json
import platform

import pytest

from suites.meta.project import PROFILE, Project

# A worker's Python whose processor has another name: the rest is this machine.
FOREIGN = (
    "import platform, runpy, sys; platform.machine = lambda: 's390x';"
    " sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
)
WORKER = f'["{{python}}", "-c", "{FOREIGN}"]'
EMULATED = PROFILE.replace('["{python}"]', WORKER)


def emulated(project: Project, top: str) -> None:
    project.device_toml = EMULATED.replace('id = "bench"', f'id = "bench"\n{top}')
    project.write()


@pytest.mark.skipif(platform.machine() == "s390x", reason="this machine is what would be foreign")
def test_times_of_an_emulated_device_are_never_measured(project: Project) -> None:
    emulated(project, "emulated = true")
    saved = project.folder / "benchmark.json"
    outcome = project.run("--benchmark", f"--benchmark-json={saved}")
    assert outcome.code == 0, outcome.text
    claims = outcome.results["claims"]
    timed = [c for c in claims if c["claim"].startswith("latency")]
    assert timed
    for claim in timed:
        assert (claim["verdict"], claim["measurement"]) == ("unmeasured", None)
        assert "bench is emulated" in claim["reason"]
    assert {c["kind"] for c in claims} == {"emulated"}
    assert {c["verdict"] for c in claims if c not in timed} <= {"pass", "inconclusive"}
    assert "test_latency[tiny-int8-litert]" in outcome.named("skipped")
    assert not saved.exists() or json.loads(saved.read_text() or "{}").get("benchmarks", []) == []


@pytest.mark.skipif(platform.machine() == "s390x", reason="this machine is what would be foreign")
def test_an_emulator_that_the_profile_keeps_quiet_about_is_found_out(project: Project) -> None:
    emulated(project, "")
    outcome = project.run("--benchmark", "suites/artifact", "suites/latency")
    assert outcome.code == 1, "nothing ran, and the model was named"
    verdicts = {c["claim"]: c["verdict"] for c in outcome.results["claims"]}
    assert verdicts["loads"] == verdicts["latency_ratio"] == "unmeasured"
    assert "so it is emulated; add `emulated = true` to " in outcome.text


def test_a_sample_is_told_wherever_its_numbers_are(project: Project) -> None:
    # So few patients decide little.
    accuracy = ("suites/accuracy", "--verbose", "--verbose", "--inconclusive=warn")
    part = project.run("--images=40", *accuracy)
    assert part.code == 0, part.text
    assert "evaluation: a sample of at most 40 images of each split (--images)" in part.text
    assert "tiny: quality was judged on a sample of 40 of 158 evaluation images" in part.text
    drop = part.results["claims"][-1]
    assert drop["measurement"]["n"] == 40
    facts = part.results["cases"]
    assert {(c["evaluated_images"], c["split_images"]) for c in facts} == {(40, 158)}
    whole = project.run(*accuracy)
    assert "a sample of" not in whole.text
    assert whole.results["claims"][-1]["measurement"]["n"] == 158
    assert all(c["reused_predictions"] == 0 for c in whole.results["cases"]), "other images"
    again = project.run("--images=40", *accuracy)
    assert all(c["reused_predictions"] == 40 for c in again.results["cases"])
    measured = [[c["measurement"] for c in run.results["claims"]] for run in (part, again)]
    assert measured[0] == measured[1]


@pytest.mark.long
def test_an_option_goes_before_the_profiles_sample(project: Project) -> None:
    project.device_toml = f"{PROFILE}\n[evaluation]\nimages = 40\n"
    project.write()
    options = ("suites/accuracy", "--variant=fp32", "--verbose", "--verbose")
    text = project.run(*options).text
    assert "a sample of at most 40 images of each split (" in text
    assert "bench.toml:evaluation.images)" in text
    assert (
        "a sample of at most 60 images of each split (--images)"
        in project.run("--images=60", *options).text
    )
    assert "a sample of" not in project.run("--images=all", *options).text
