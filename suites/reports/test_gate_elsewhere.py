"""A model that another repository declares: its own commits count, and its own base."""

from __future__ import annotations

import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from edgeassay.config import load_devices, load_models
from edgeassay.config.legs import load_expected
from edgeassay.merge_gate.planning import leg_plans
from suites.reports.gated import Gated


class Theirs:
    """A repository of its own, with a folder of models and a gate.toml."""

    def __init__(self, gated: Gated, folder: Path) -> None:
        self.gated, self.folder = gated, folder
        shutil.move(gated.folder / "models", self.folder / "models")
        gate = (gated.folder / "gate.toml").read_text(encoding="utf-8")
        (self.folder / "gate.toml").write_text(gate.replace('"all"', '["tiny"]'), encoding="utf-8")
        own = gated.folder / "models/own/model.toml"
        own.parent.mkdir(parents=True)
        text = self.model.read_text(encoding="utf-8")
        own.write_text(text.replace('id = "tiny"', 'id = "own"'), encoding="utf-8")
        self.git("init", "-q", "-b", "main")
        self.commit()
        gated.git("add", "-A")
        gated.git("commit", "-q", "-m", "models live elsewhere")
        gated.commit = gated.git("rev-parse", "HEAD")
        self.measure()

    @property
    def model(self) -> Path:
        return self.folder / "models/tiny/model.toml"

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
        command = ["git", "-C", str(self.folder), *who, *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "declared", "--allow-empty")

    def change(self, old: str, new: str) -> None:
        text = self.model.read_text(encoding="utf-8")
        assert old in text
        self.model.write_text(text.replace(old, new), encoding="utf-8")
        self.commit()

    def measure(self) -> None:
        """Runs at both commits that are there now."""
        root = self.gated.folder
        plans = leg_plans(
            load_expected(self.folder / "gate.toml", root, date.today()),
            load_models([self.folder / "models"], root),
            load_devices([root / "fixtures/devices"], root),
        )
        at = {"tiny": self.git("rev-parse", "HEAD")}
        self.gated.documents = {
            f"{leg}.json": self.gated.results(made, elsewhere=at) for leg, made in plans.items()
        }

    def options(self) -> tuple[str, ...]:
        models, config = self.folder / "models", self.folder / "gate.toml"
        return ("--models-dir", str(models), "--config", str(config))


@pytest.fixture
def theirs(gated: Gated, tmp_path_factory: pytest.TempPathFactory) -> Theirs:
    return Theirs(gated, tmp_path_factory.mktemp("theirs"))


def test_what_is_as_its_own_repository_has_it_may_be_merged(theirs: Theirs) -> None:
    end = theirs.gated.end(*theirs.options())
    assert (end.code, end.document["changes"]) == (0, []), end.text
    assert "nothing blocks the merge" in end.text


def test_a_limit_that_its_repository_widens_is_red(theirs: Theirs) -> None:
    theirs.change("limit = 0.9,", "limit = 1.2,")
    theirs.measure()
    end = theirs.gated.end(*theirs.options())
    assert (end.code, end.problems[0]) == (1, "loosened without approval"), end.text
    assert "was 0.9" in end.document["changes"][0]["sentence"]
    assert "the merge is blocked" in end.text


def test_results_of_another_commit_of_its_repository_are_red(theirs: Theirs) -> None:
    theirs.change("size = [8, 8]", 'size = [8, 8]\nresize = "nearest"')
    end = theirs.gated.end(*theirs.options())
    assert "another commit" in end.problems, end.text
    assert "judges tiny, whose declaration is of commit" in end.sentence("another commit")


def test_results_that_name_no_commit_of_it_are_red(theirs: Theirs) -> None:
    for document in theirs.gated.documents.values():
        document["elsewhere"] = {}
    for name in theirs.gated.documents:
        theirs.gated.change(name, lambda _: None)
    end = theirs.gated.end(*theirs.options())
    assert "whose declaration names no commit" in end.sentence("another commit")


def test_a_repository_whose_base_is_not_here_is_red(theirs: Theirs) -> None:
    theirs.commit()
    shallow = theirs.folder.parent / f"{theirs.folder.name}-shallow"
    theirs.git("clone", "-q", "--depth=1", f"file://{theirs.folder}", str(shallow))
    shutil.rmtree(theirs.folder)
    shallow.rename(theirs.folder)
    end = theirs.gated.end(*theirs.options())
    assert "no base" in end.problems, end.text
