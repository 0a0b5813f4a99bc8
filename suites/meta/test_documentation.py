"""What the README and the documents show is what works."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import tomllib
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_args

import pytest

from edgeassay.cli import app
from edgeassay.config import load_device, load_model
from edgeassay.config.shapes import default_selecting
from edgeassay.report.results import json_schema
from edgeassay.selecting.widths import widths_of
from edgeassay.spec import (
    ClaimName,
    DataSource,
    DeviceSpec,
    Importance,
    Match,
    Preprocess,
    Pruning,
    RandomInputs,
    Reference,
    Saliency,
    Segmentation,
    Timing,
    Tolerance,
    VariantSpec,
)
from edgeassay.variants import METHODS
from fixtures.options import pytest_addoption
from suites.meta import commands
from suites.meta.project import MODEL_TOML, ROOT
from suites.meta.tinymodels import brightness, write_classifier

README = (ROOT / "README.md").read_text(encoding="utf-8")
INSTALL = "python3 -m venv .venv && .venv/bin/pip install -q tox-uv && .venv/bin/tox run -e"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", README, flags=re.DOTALL)


def test_the_two_commands_are_those_that_ci_runs() -> None:
    commands = "".join(blocks("sh"))
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert f"{INSTALL} bench -- --model phantom-cnn\n" in commands
    assert f"{INSTALL} tests\n" in commands
    assert f"{INSTALL} tests;" in script
    assert ".venv/bin/tox run -e tests-rest" in script
    assert ".venv/bin/tox run -e bench" in script
    tox = (ROOT / "tox.ini").read_text(encoding="utf-8")
    assert "[testenv:bench]" in tox
    assert "[testenv:tests]" in tox


def test_every_suite_is_run_by_a_command() -> None:
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "suites"], capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout: nothing to compare with")
    found = set(re.findall(r"^suites/\w+(?=/)", listed.stdout, flags=re.MULTILINE))
    tests = runpy.run_path(str(ROOT / ".ci/tests.py"))["TESTS"]
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    claims = declared["tool"]["pytest"]["ini_options"]["testpaths"]
    assert found == {*tests, *claims, "suites/runtimes"}


def test_the_readmes_model_and_device_load(tmp_path: Path) -> None:
    model, device, board = blocks("toml")
    (tmp_path / "my-model").mkdir()
    (tmp_path / "my-model/model.toml").write_text(model)
    (tmp_path / "cart-tablet.toml").write_text(device)
    assert load_model(tmp_path / "my-model", tmp_path).classes == ("pneumonia",)
    assert "my-model" in load_device(tmp_path / "cart-tablet.toml", tmp_path).limits
    (tmp_path / "board.toml").write_text(board)
    assert load_device(tmp_path / "board.toml", tmp_path).match.on_request


def test_the_board_of_the_device_reference_loads(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "devices.md").read_text(encoding="utf-8")
    (profile,) = re.findall(r"```toml\n# devices/board.toml\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "board.toml").write_text(profile)
    board = load_device(tmp_path / "board.toml", tmp_path)
    assert board.match.on_request
    assert board.workers["litert"].folder == ".cache/edgeassay"


def test_the_readmes_new_model_starts(tmp_path: Path) -> None:
    (line,) = re.findall(r"^edgeassay (init .*)$", "".join(blocks("sh")), flags=re.MULTILINE)
    files = re.findall(r"=(\S+\.tflite)", line)
    assert len(files) == 2
    for file in files:
        write_classifier(tmp_path / file, *brightness(), int8="int8" in file)
    done = commands.run(
        *("edgeassay", *line.split(), "--models-dir", "models"),
        folder=tmp_path,
        environment={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert set(load_model(tmp_path / "models/my-model", tmp_path).variants) == {"fp32", "int8"}


def test_no_page_waits_to_be_filled_in() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        assert "@@" not in page.read_text(encoding="utf-8"), page


def test_every_option_in_the_readme_is_one() -> None:
    class Options:
        names: set[str] = set()  # noqa: RUF012

        def getgroup(self, *words: str) -> Options:
            return self

        def addoption(self, name: str, **settings: object) -> None:
            self.names.add(name)

    known = Options()
    pytest_addoption(known)  # type: ignore[arg-type]
    commands = [line for line in "".join(blocks("sh")).splitlines() if line.startswith("pytest")]
    used = {option for line in commands for option in re.findall(r"--[a-z-]+", line)}
    assert len(used) > 5
    builtin = {"--benchmark-save", "--benchmark-autosave", "--benchmark-compare", "--help"}
    assert used - builtin <= known.names
    assert {command.name for command in app.registered_commands} >= {"build", "init"}


@pytest.mark.parametrize("named", list(ClaimName))
def test_every_claim_is_in_the_readmes_table(named: ClaimName) -> None:
    assert f"`{named}`" in README


def test_every_method_and_key_is_in_the_model_reference() -> None:
    text = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    for name in METHODS:
        assert f"| `{name}` |" in text
    for path in (ROOT / "models").glob("*/model.toml"):
        for table, keys in tomllib.loads(path.read_text(encoding="utf-8")).items():
            assert f"`{table}`" in text or f"[{table}]" in text, table
            if table in ("data", "preprocess"):
                for key in keys:
                    assert f"`{key}`" in text, key


@pytest.mark.parametrize(
    "declared",
    [
        *get_args(DataSource),
        Preprocess,
        VariantSpec,
        Reference,
        RandomInputs,
        Saliency,
        Segmentation,
    ],
)
def test_every_declarable_key_is_in_the_model_reference(declared: type) -> None:
    text = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    for key in fields(declared):
        assert f"`{key.name}`" in text, key.name


def test_every_key_of_a_pruning_is_in_its_reference() -> None:
    text = (ROOT / "docs" / "pruning.md").read_text(encoding="utf-8")
    for key in fields(Pruning):
        assert f"`{key.name}`" in text, key.name
    for importance in Importance:
        assert f"`{importance}`" in text, importance


@pytest.mark.parametrize("declared", [DeviceSpec, Match, Timing, Tolerance])
def test_every_key_of_a_profile_is_in_the_device_reference(declared: type) -> None:
    text = (ROOT / "docs" / "devices.md").read_text(encoding="utf-8")
    for key in fields(declared):
        if key.name != "file":  # where it was read
            assert f"`{key.name}`" in text or f"[{key.name}" in text, key.name


def test_the_page_about_sub_networks_has_the_numbers_and_code_that_hold(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "subnetworks.md").read_text(encoding="utf-8")
    settings = default_selecting()
    rows = re.findall(r"^\| (`.*`) \| ([\d., ]+) \|", text, flags=re.MULTILINE)
    shown = {
        key: float(value)
        for keys, values in rows
        for key, value in zip(re.findall("`(.*?)`", keys), values.split(", "), strict=True)
    }
    assert shown == asdict(settings)
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102
    assert (names["selector"].width, names["selector"].fits) == ("width-50", True)
    (family,) = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    base = MODEL_TOML.partition("[variants]")[0] + "[runtimes]\nlitert = {}\n"
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny/model.toml").write_text(base + family)
    assert widths_of(load_model(tmp_path / "tiny", tmp_path)) == (
        "width-50",
        "width-75",
        "width-100",
    )


def test_the_schema_beside_the_documentation_is_the_current_one() -> None:
    text = (ROOT / "docs" / "results.schema.json").read_text(encoding="utf-8")
    assert text == json_schema(), "write edgeassay.report.results.json_schema() there"
