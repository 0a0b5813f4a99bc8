"""An earlier run's results never stand for a run that judged nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeassay.pytest_paths import clear_results
from suites.meta.project import MODEL_TOML, Project

OLD = {"edgeassay": "0.1.0", "commit": "c0ffee", "claims": [{"verdict": "pass"}]}
BARE = MODEL_TOML.partition("[limits]")[0]
Break = Callable[[Project], object]


def declared(text: str) -> Break:
    def write(project: Project) -> None:
        project.model_toml = text
        project.write_declarations()

    return write


def left_alone(_: Project) -> None:
    """Nothing is wrong with the project."""


RUNS: list[tuple[str, Break, tuple[str, ...], int, str]] = [
    ("option", left_alone, ("--modle=tiny",), 4, "unrecognized arguments"),
    ("value", left_alone, ("--inconclusive=never",), 4, "invalid choice"),
    ("model", left_alone, ("--variant=int9",), 4, "unknown variant"),
    ("broken", declared("[limits"), (), 4, "is no valid TOML"),
    ("limit", declared(MODEL_TOML.replace("0.05", "5")), (), 4, "did you mean 0.05 (5 %)?"),
    ("bare", declared(BARE), (), 4, "models/tiny/model.toml sets no limit for any case"),
    ("empty", declared(f"{BARE}[limits]\n"), (), 4, "sets no limit for any case"),
    ("unclaimed", declared(f"{BARE}[limits.int8]\nsize_ratio = 0.9\n"), ("--variant=fp32",), 4, ""),
    ("nothing", left_alone, ("-k", "no_test_is_called_so"), 5, "deselected"),
]


@pytest.mark.parametrize(
    ("broken", "options", "code", "words"), [r[1:] for r in RUNS], ids=[r[0] for r in RUNS]
)
def test_a_run_that_judges_nothing_leaves_no_results(
    tmp_path: Path, broken: Break, options: tuple[str, ...], code: int, words: str
) -> None:
    project = Project(tmp_path, device_toml=DEVICE)
    project.write_declarations()
    project.data.mkdir()
    project.artifacts.mkdir()
    (project.artifacts / "tiny").mkdir()
    (project.artifacts / "tiny/fp32.tflite").touch()
    broken(project)
    project.results_path.write_text(json.dumps(OLD), encoding="utf-8")
    outcome = project.run(*options)
    assert (outcome.code, outcome.results) == (code, None), outcome.text
    assert words in outcome.text.replace("\n", " ")


# A budget in the profile would be a limit too.
DEVICE = """
id = "bench"

[match]
architecture = "*"

[timing]
processes = 3
rounds = 30
warmup_rounds = 2
timeout_s = 20.0

[workers]
litert = ["{python}"]
"""


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        ((), True),
        (("-k", "auc"), True),
        (("suites",), True),
        (("suites/latency/test_latency.py::test_x",), True),
        (("suites/meta",), False),
        (("suites/meta/test_x.py", "--assay-json=.assay/results.json"), False),
        (("--collect-only",), False),
        (("--help",), False),
        (("--assay-json=other.json",), False),
    ],
)
def test_only_a_run_that_judges_removes_them(
    tmp_path: Path, words: tuple[str, ...], gone: bool
) -> None:
    for folder in ("suites/latency", "suites/meta", ".assay"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("suites/latency/test_latency.py", "suites/meta/test_x.py"):
        (tmp_path / file).touch()
    place = tmp_path / ".assay/results.json"
    place.write_text(json.dumps(OLD), encoding="utf-8")
    clear_results(words, tmp_path, ["suites/latency"])
    assert place.exists() is not gone


@pytest.mark.parametrize("content", ["# my notes", "[]", "{}", '{"claims": []}'])
def test_nothing_but_results_is_removed(tmp_path: Path, content: str) -> None:
    place = tmp_path / "README.md"
    place.write_text(content, encoding="utf-8")
    clear_results([f"--assay-json={place}"], tmp_path, [])
    assert place.read_text(encoding="utf-8") == content
