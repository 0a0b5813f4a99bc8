"""The shell of the workflows' steps: what decides, and what would be promoted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from edgeassay.spec import Verdict
from suites.meta.project import ROOT
from suites.meta.promotable import FP32, HARDWARE, INT8, Run, claimed
from suites.reports.gated import GATE_TOML, Gated, fails

WAIVER = """
[[waiver]]
leg = "tablet"
reason = "its battery swells"
owner = "device lead"
expires = {expires}
"""
GREEN = {"PLANNED": "success success", "MEASURED": "success skipped"}


class Downloads:
    """A checkout at the gate, and the legs that were downloaded."""

    def __init__(self, gated: Gated) -> None:
        self.gated = gated
        for name in ("decide", "promote"):
            place = gated.folder / ".ci" / name
            place.parent.mkdir(exist_ok=True)
            place.write_bytes((ROOT / ".ci" / name).read_bytes())
        self.legs = gated.folder / "in"
        self.leave()

    def leave(self, **ended: str) -> None:
        """Each leg's files, with their digests, and how its steps ended."""
        for name, document in self.gated.documents.items():
            leg = self.legs / f"leg-{name.removesuffix('.json')}"
            leg.mkdir(parents=True, exist_ok=True)
            files = {
                "results.json": json.dumps(document).encode(),
                "ended": ended.get(name.removesuffix(".json"), "pytest 0\nab 0\n").encode(),
            }
            for file, content in files.items():
                (leg / file).write_bytes(content)
            sums = (f"{sha256(content).hexdigest()}  {file}\n" for file, content in files.items())
            (leg / "SHA256SUMS").write_text("".join(sums))

    def run(self, name: str, **environment: str) -> tuple[int, str, str]:
        """Exit code, what was said, and the step's summary."""
        summary = self.gated.folder / "out.summary"
        summary.write_text("")
        done = subprocess.run(
            ["bash", f".ci/{name}", "in"],
            cwd=self.gated.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "PYTHON": sys.executable,
                "GITHUB_STEP_SUMMARY": str(summary),
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, summary.read_text(encoding="utf-8")


@pytest.fixture
def downloads(gated: Gated) -> Downloads:
    return Downloads(gated)


def test_legs_that_hold_are_green_and_are_shown(downloads: Downloads) -> None:
    code, said, summary = downloads.run("decide", **GREEN)
    assert code == 0, said
    assert "cart" in summary
    assert (downloads.gated.folder / ".assay/gate/junit.xml").exists()


def missing(downloads: Downloads) -> None:
    for path in (downloads.legs / "leg-tablet").iterdir():
        path.unlink()
    (downloads.legs / "leg-tablet").rmdir()


def none_at_all(downloads: Downloads) -> None:
    missing(downloads)
    for path in (downloads.legs / "leg-cart").iterdir():
        path.unlink()
    (downloads.legs / "leg-cart").rmdir()


def changed(downloads: Downloads) -> None:
    with (downloads.legs / "leg-tablet/results.json").open("a") as file:
        file.write(" ")


def failing(downloads: Downloads) -> None:
    downloads.gated.change("tablet.json", fails)
    downloads.leave()


def unexpected(downloads: Downloads) -> None:
    (downloads.legs / "leg-tablet").rename(downloads.legs / "leg-nobodys")


@pytest.mark.parametrize(
    ("break_it", "expected", "sentence"),
    [
        (missing, 4, "tablet"),
        (none_at_all, 4, "no leg has left results"),
        (changed, 4, "what arrived of leg-tablet isn't what its SHA256SUMS is of"),
        (failing, 1, "size_ratio"),
        (unexpected, 4, "leg-nobodys arrived, and gate.toml has no such leg"),
    ],
)
def test_a_leg_that_is_red_or_missing_makes_the_check_red(
    break_it: Callable[[Downloads], None], expected: int, sentence: str, downloads: Downloads
) -> None:
    break_it(downloads)
    code, said, summary = downloads.run("decide", **GREEN)
    assert code == expected, said
    assert sentence in said + summary.replace("\\", "")
    assert summary


@pytest.mark.parametrize(
    ("jobs", "sentence"),
    [
        ({"PLANNED": "success failure"}, "a job that every leg needs ended as failure"),
        ({"MEASURED": "success cancelled"}, "a leg's job ended as cancelled for a reason"),
    ],
)
def test_a_red_job_before_it_makes_the_check_red(
    jobs: dict[str, str], sentence: str, downloads: Downloads
) -> None:
    code, said, summary = downloads.run("decide", **GREEN | jobs)
    assert code == 1, said
    assert sentence in said
    assert sentence in summary


@pytest.mark.long
def test_the_judge_is_the_one_that_is_installed(downloads: Downloads) -> None:
    """Whatever code of that name the project has, and wherever its checkout is."""
    fails(downloads.gated.documents["cart.json"])
    downloads.gated.change("cart.json", lambda _: None)
    downloads.leave()
    package = downloads.gated.folder / "edgeassay"
    package.mkdir()
    for name in ("__init__.py", "__main__.py"):
        (package / name).write_text("raise SystemExit(0)\n")
    code, said, _ = downloads.run("decide", **GREEN)
    assert code == 1, said
    assert "has at most 0.9 of the reference's bytes" in said


def test_the_base_is_compared_with(downloads: Downloads) -> None:
    gated = downloads.gated
    base = gated.commit
    path = gated.folder / "models/tiny/model.toml"
    path.write_text(path.read_text().replace("limit = 0.9,", "limit = 1.2,"))
    gated.git("commit", "-qam", "wider")
    gated.git("commit", "-q", "--allow-empty", "-m", "another")
    gated.commit = gated.git("rev-parse", "HEAD")
    gated.documents = {f"{leg}.json": gated.results(made) for leg, made in gated.plans().items()}
    downloads.leave()
    for given, expected in ((base, 1), ("0" * 40, 0), ("", 0)):
        code, said, summary = downloads.run("decide", **GREEN, BASE=given)
        assert code == expected, said
    assert "This commit changes what judges it" not in summary
    assert "loosened without approval" in downloads.run("decide", **GREEN, BASE=base)[1]


def test_a_waived_leg_may_fail_and_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    downloads = Downloads(
        Gated(tmp_path, gate=GATE_TOML + WAIVER.format(expires=date.today())).write()
    )
    missing(downloads)
    code, said, summary = downloads.run("decide", **GREEN | {"MEASURED": "success failure"})
    assert code == 0, said
    assert "waived are: tablet" in said
    assert "its battery swells" in summary
    for ended in ("pytest 1\nab 0\n", "pytest 0\nab 2\n", ""):
        downloads.leave(cart=ended)
        missing(downloads)
        code, said, summary = downloads.run("decide", **GREEN | {"MEASURED": "success failure"})
        assert code == 1, said
        assert "not only waived legs ended badly: cart" in summary


def test_a_step_leaves_how_it_ended(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/measure", tmp_path / ".ci/measure")
    for step, python in (("pytest", "false"), ("ab", "true"), ("ab", "false")):
        environment = {**os.environ, "PYTHON": python, "LEG": str(tmp_path / "leg")}
        words = ["bash", str(tmp_path / ".ci/measure"), step]
        subprocess.run(words, env=environment, check=False)
    assert (tmp_path / "leg/ended").read_text() == "pytest 1\nab 0\nab 1\n"


def test_what_legs_would_promote_is_a_patch_and_nothing_else(downloads: Downloads) -> None:
    code, said, summary = downloads.run("promote")
    assert code == 0, said
    assert "No baseline is to be promoted." in summary
    patch = downloads.gated.folder / ".assay/baselines.patch"
    assert not patch.exists()

    claims = [claimed(FP32, "loads"), claimed(INT8, "loads", Verdict.FAIL)]
    Run(claims=claims).write(downloads.legs / "leg-cart/benchmarks")
    code, said, summary = downloads.run("promote")
    assert code == 0, said
    assert "New baselines are in the artifact" in summary
    assert f"b/baselines/{HARDWARE}/last.json" in patch.read_text(encoding="utf-8")
    assert '"variant": "fp32"' in patch.read_text(encoding="utf-8")
    assert '"variant": "int8"' not in patch.read_text(encoding="utf-8")


def test_a_run_that_cannot_be_read_promotes_nothing(downloads: Downloads) -> None:
    folder = downloads.legs / "leg-cart/benchmarks/x/y"
    folder.mkdir(parents=True)
    (folder / "0001_run.json").write_text("{")
    assert downloads.run("promote")[0] == 2
