"""The command line: its errors, and options whose values pytest would take for test paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeassay.pytest_paths import WITH_VALUE, joined
from fixtures.options import pytest_addoption
from suites.meta.project import Project, edgeassay


def test_values_are_joined_to_their_options() -> None:
    assert joined(["--model", "a", "-k", "x", "--artifacts", "/d", "suites"]) == [
        "--model=a",
        "-k",
        "x",
        "--artifacts=/d",
        "suites",
    ]
    assert joined(["--artifacts"]) == ["--artifacts"]
    assert joined(["--artifacts=/d", "--benchmark"]) == ["--artifacts=/d", "--benchmark"]


def test_every_option_with_a_value_is_known_to_the_joiner() -> None:
    with_value: set[str] = set()

    class Group:
        def addoption(self, name: str, **settings: object) -> None:
            if settings.get("action") != "store_true":
                with_value.add(name)

    class Parser:
        def getgroup(self, *words: str) -> Group:
            return Group()

    pytest_addoption(Parser())  # type: ignore[arg-type]
    assert with_value <= set(WITH_VALUE)


def test_help_and_version() -> None:
    shown = edgeassay("--help")
    assert shown.returncode == 0
    assert "build" in shown.stdout
    assert edgeassay("--version").stdout.startswith("edgeassay 0.")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "phantom-cmn"], "did you mean 'phantom-cnn'?"),
        (["--variant", "int4"], "unknown variant"),
        (["--models-dir", "/nowhere"], "the models folder /nowhere doesn't exist"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    tmp_path: Path, words: list[str], message: str
) -> None:
    done = edgeassay("build", "--out", str(tmp_path / "out"), *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_wrong_data_root_is_one_sentence(tmp_path: Path) -> None:
    done = edgeassay("build", "--out", str(tmp_path), EDGEASSAY_DATA="/nowhere")
    assert done.returncode == 2
    assert "EDGEASSAY_DATA = '/nowhere' is no folder" in done.stderr


def test_collecting_imports_no_tensorflow_and_no_scikit_learn(project: Project) -> None:
    (project.folder / "watch.py").write_text(
        "import sys\n"
        "def pytest_collection_finish(session):\n"
        "    print('HEAVY', sorted({'tensorflow', 'keras', 'sklearn'} & set(sys.modules)))\n"
    )
    project.environment["PYTHONPATH"] = str(project.folder)
    # A value apart from its option, and outside the checkout: it must be no test path.
    (project.folder / "scores").mkdir()
    apart = ("--predictions", str(project.folder / "scores"))
    outcome = project.run("--collect-only", "-p", "watch", *apart)
    assert outcome.code == 0
    assert "HEAVY []" in outcome.text
    assert f"test_size_ratio[{'tiny-int8-litert'}]" in outcome.text
    assert outcome.results is None
