"""Commands killed at drawn moments, and what they leave: for Linux.

Half of the kills come after a drawn time, and half before a drawn change to a file: before it is
opened for writing, renamed, removed or given its permissions, and before a folder is made.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from edgeassay.artifacts import read_artifact
from edgeassay.errors import EdgeassayError
from edgeassay.runs.scores import write_scores
from edgeassay.runs.storage import save_run
from suites.meta.project import PATIENTS, Project, write_spots
from suites.meta.promotable import FP32, INT8, Run, scores_of
from suites.meta.tinymodels import brightness, write_classifier
from suites.scale.hostile import formats
from suites.scale.hostile.campaign import Fault, faults_of, half_written, left_behind, shared
from suites.scale.hostile.forks import edgeassay, in_fork, suite
from suites.scale.hostile.mutations import Rng

BETWEEN_RUNS: Final = 10  # so many kills, and then a run that nobody kills
LIMIT_S: Final = 120.0
CHANGES: Final = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate")
WRITES: Final = os.O_WRONLY | os.O_RDWR
# Names of saved runs, and of scores by their digest: each run may add some.
SAVED: Final = re.compile(r"\d{4}_.*\.json|[0-9a-f]{64}\.npz")
MODEL: Final = """
id = "tiny"
weights = "tiny.tflite"
[variants]
fp32 = { method = "fp32" }
drq = { method = "drq" }
fp16 = { method = "fp16" }
[runtimes]
litert = {}
[limits]
loads = true
"""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What is prepared once, what is drawn before each kill, and the command that is killed."""

    name: str
    share: float
    prepare: Callable[[Path], object]
    begin: Callable[[Path, Rng], object]
    work: Callable[[Path, Rng], formats.Work]
    needs: str | None = None


@dataclass(kw_only=True)
class Killed:
    """What became of a stage's kills; `late` are those that came when the command had ended."""

    kills: int = 0
    late: int = 0
    runs: int = 0
    faults: list[Fault] = field(default_factory=list)


def available() -> list[Stage]:
    """Those whose libraries are installed."""
    return [one for one in STAGES if one.needs is None or find_spec(one.needs) is not None]


def counts(stages: Sequence[Stage], kills: int) -> dict[Stage, int]:
    """How many kills each stage gets: by its share, and all of them together."""
    return dict(zip(stages, shared(kills, [stage.share for stage in stages]), strict=True))


class Counter:
    """Counts what a process changes of files, and ends it before a change of a number."""

    def __init__(self, last: int | None = None) -> None:
        self._last, self._process = last, os.getpid()
        self.count = 0

    def __call__(self, event: str, given: tuple[Any, ...]) -> None:
        """As `sys.addaudithook` wants it."""
        writes = event == "open" and isinstance(given[2], int) and given[2] & WRITES
        if not writes and event not in CHANGES:
            return
        if os.getpid() != self._process:  # a fork of it
            return
        if self._last is not None and self.count >= self._last:
            os.kill(self._process, signal.SIGKILL)
        self.count += 1


def counted(work: formats.Work, report: Path) -> formats.Work:
    """The same work, which leaves in a file how many changes it made."""

    def run() -> None:
        counter = Counter()
        sys.addaudithook(counter)
        try:
            work()
        finally:
            report.write_text(str(counter.count), encoding="ascii")

    return run


def ending_itself(work: formats.Work, last: int) -> formats.Work:
    """The same work, killed before its change number `last`."""

    def run() -> None:
        sys.addaudithook(Counter(last))
        work()

    return run


def kill(stage: Stage, kills: int, seed: int, scratch: Path) -> Killed:
    """Kill a stage's command `kills` times, each at a moment that the seed and its number draw."""
    folder = scratch / re.sub(r"\W+", "-", stage.name)
    (folder / "tmp").mkdir(parents=True)
    made = in_fork(lambda: stage.prepare(folder), folder, limit_s=LIMIT_S)
    assert made.code == 0, made.err
    found = Killed()
    report = folder.with_suffix(".count")
    rng = np.random.default_rng([seed, *stage.name.encode()])
    stage.begin(folder, rng)
    whole = in_fork(counted(stage.work(folder, rng), report), folder, limit_s=LIMIT_S)
    found.faults += _faults(stage, -1, check_run(whole.code, whole.err + whole.out, folder))
    expected, changes = listing(folder), int(report.read_text(encoding="ascii"))
    longest_s = whole.seconds
    for number in range(kills):
        rng = np.random.default_rng([seed, number, *stage.name.encode()])
        stage.begin(folder, rng)
        work = stage.work(folder, rng)
        if number % 2:
            last = int(rng.integers(changes))
            ended = in_fork(ending_itself(work, last), folder, limit_s=LIMIT_S)
        else:
            moment = float(rng.uniform(0.0, longest_s))
            ended = in_fork(work, folder, limit_s=LIMIT_S, kill_after_s=moment)
        found.kills += 1
        found.late += ended.code != -signal.SIGKILL
        problems = [f"it left a process: {orphan}" for orphan in ended.orphans]
        found.faults += _faults(stage, number, [*problems, *broken(folder)])
        if number % BETWEEN_RUNS == BETWEEN_RUNS - 1 or number == kills - 1:
            rng = np.random.default_rng([seed, number + 1, *stage.name.encode()])
            again = in_fork(stage.work(folder, rng), folder, limit_s=LIMIT_S)
            found.runs += 1
            longest_s = min(longest_s, again.seconds)  # the first one may have been slower
            problems = list(faults_of(again, folder))
            problems += check_run(again.code, again.err + again.out, folder)
            if listing(folder) != expected:
                problems.append(f"files differ: {sorted(listing(folder) ^ expected)}")
            found.faults += _faults(stage, number, problems)
    return found


def _faults(stage: Stage, number: int, problems: list[str]) -> list[Fault]:
    return [Fault(where=stage.name, number=number, what=what) for what in problems]


def check_run(code: int, text: str, folder: Path) -> list[str]:
    """What is wrong with a run that nobody killed."""
    problems = [*broken(folder), *left_behind(folder)]
    if code != 0:
        problems.append(f"a whole run ended with {code}: {text[-600:]}")
    return problems


def listing(folder: Path) -> set[str]:
    """The files in a folder, without locks, saved runs' numbers, and what is temporary."""
    paths = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    return {
        path.as_posix()
        for path in paths
        if path.suffix != ".lock" and not SAVED.fullmatch(path.name) and path.parts[0] != "tmp"
    }


def broken(folder: Path) -> Iterator[str]:
    """Files that are there and aren't whole. Temporaries aside: the next run removes them."""
    for path in sorted(folder.rglob("*")):
        names = path.relative_to(folder).parts
        if not path.is_file() or any(name.startswith(".edgeassay-") for name in names):
            continue
        if names[0] in ("tmp", "models", "devices", "data", "artifacts", "runs"):
            continue
        reason = half_written(path) or _damaged(path)
        if reason is not None:
            yield f"{'/'.join(names)} isn't whole: {reason}"


def _damaged(path: Path) -> str | None:
    """Why an artifact or kept outputs aren't what their digest says."""
    if path.suffix == ".outputs":
        data = path.read_bytes()
        right = hashlib.sha256(data[32:]).digest() == data[:32]
        return None if right else "other bytes than its digest is of"
    if path.suffix != ".tflite":
        return None
    if not path.with_suffix(".json").exists():
        return "it has no manifest"
    try:
        read_artifact(path, path.parent.name, path.name.removesuffix(".tflite").split("-")[0])
    except EdgeassayError as error:
        return str(error)
    return None


def _nothing(folder: Path, rng: Rng) -> None:
    """Go on where the last one was killed."""


def buildable(folder: Path) -> None:
    """A model whose variants are made of a float .tflite."""
    path = folder / "models/tiny/tiny.tflite"
    path.parent.mkdir(parents=True)
    (path.parent / "model.toml").write_text(MODEL, encoding="utf-8")
    weights, bias = brightness(2)
    write_classifier(path, weights, bias)


def forget_builds(folder: Path, rng: Rng) -> None:
    """Mostly build again; sometimes find what is there."""
    if rng.integers(4):
        shutil.rmtree(folder / ".assay", ignore_errors=True)
    if rng.integers(4) == 0:
        shutil.rmtree(folder / "out", ignore_errors=True)


def judged(folder: Path) -> None:
    """A small project of a user's own."""
    made = Project(folder)
    made.write_declarations()
    write_spots(made.data / "spots", PATIENTS)
    made.write_artifacts()


def forget_predictions(folder: Path, rng: Rng) -> None:
    """Mostly predict again; sometimes find what is kept."""
    if rng.integers(4):
        shutil.rmtree(folder / "predictions", ignore_errors=True)


def tests(*options: str) -> Callable[[Path, Rng], formats.Work]:
    """The suite on the project, as pytest runs it; `{folder}` in an option is the project's."""
    return lambda folder, _rng: suite(folder, *(word.format(folder=folder) for word in options))


def writable(folder: Path) -> None:
    """What commands read that write files."""
    formats.tables(folder)
    formats.saved_runs(folder)
    (folder / "runs").mkdir()
    Run(scores={case: scores_of(case) for case in (FP32, INT8)}).write(folder / "runs")


def words(*given: str) -> Callable[[Path, Rng], formats.Work]:
    """A command that writes."""
    return lambda _folder, _rng: edgeassay(*given)


def saving(folder: Path, rng: Rng) -> formats.Work:
    """Save a run with its scores, as `pytest --benchmark-autosave` does."""

    def run() -> None:
        scores = scores_of(FP32, shift=float(rng.integers(3)) / 10)
        write_scores(folder / "out", scores)
        save_run(folder / "out", "here", "main", (folder / "base.json").read_bytes())

    return run


def forget_scores(folder: Path, rng: Rng) -> None:
    """Save the scores again."""
    shutil.rmtree(folder / "out/scores", ignore_errors=True)


WRITING: Final[Mapping[str, tuple[str, ...]]] = {
    "judge": (
        *("judge", "--labels", "labels.csv", "--reference", "reference.csv"),
        *("--candidate", "candidate.csv", "--margin", "0.05", "--resamples", "200"),
        *("--json", "out.json"),
    ),
    "compare": ("compare", "base.json", "head.json", "--json", "c.json", "--markdown", "c.md"),
    "baseline promote": (
        *("baseline", "promote", "--baselines=baselines"),
        "runs/0123456789ab/Linux-CPython/0001_run.json",
    ),
}

STAGES: Final = (
    Stage(
        name="building",
        share=25,
        prepare=buildable,
        begin=forget_builds,
        work=words("build", "--out", "out"),
        needs="ai_edge_quantizer",
    ),
    Stage(
        name="evaluating",
        share=25,
        prepare=judged,
        begin=forget_predictions,
        work=tests("--variant=fp32", "suites/accuracy", "-k", "min_auc"),
    ),
    Stage(
        name="timing",
        share=25,
        prepare=judged,
        begin=_nothing,
        work=tests(
            "--variant=fp32",
            "suites/latency",
            "--benchmark",
            "--benchmark-autosave",
            "--benchmark-storage={folder}/out",
        ),
    ),
    *(
        Stage(
            name=f"writing: {name}",
            share=25 / (len(WRITING) + 1),
            prepare=writable,
            begin=_nothing,
            work=words(*given),
        )
        for name, given in WRITING.items()
    ),
    Stage(
        name="writing: a saved run",
        share=25 / (len(WRITING) + 1),
        prepare=writable,
        begin=forget_scores,
        work=saving,
    ),
)
