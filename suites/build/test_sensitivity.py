"""`edgeassay sensitivity` as a user runs it, on a network that is fragile in a known place."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from suites.meta import commands
from suites.meta.project import Project
from suites.meta.sensitive import FILTER, FRAGILE, LAST, PLAIN, write_fragile

commands.needs("ai_edge_quantizer", reason="the quantizer needs the [build] extra")

TOML = """
id = "tiny"
weights = "tiny.tflite"

[data]
source = "image-csv"
folder = "spots"
label = "finding"
positive = "bright"
patient = "patient"

[preprocess]
color = "grey"
size = [8, 8]
scale = [0.0, 1.0]

[variants]
fp32 = { method = "fp32" }

[runtimes]
litert = {}

[limits]
mean_auc_drop = 0.05
"""
LAYERS = [FILTER, PLAIN, FRAGILE, LAST]


def fragile(folder: Path) -> Project:
    made = Project(folder, model_toml=TOML, environment={"COLUMNS": "80"})
    made.write_many_spots(90)
    write_fragile(made.folder / "models/tiny/tiny.tflite")
    return made


def command(project: Project, *words: str) -> list[str]:
    return [
        *(sys.executable, "-m", "edgeassay", "sensitivity", "tiny", "--jobs=1", "--images=40"),
        *(f"--devices-dir={project.folder / 'devices'}", "--device=bench", *words),
    ]


def sensitivity(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    return commands.run(
        *command(project, *words)[2:], folder=project.folder, environment=project.surroundings
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return fragile(tmp_path_factory.mktemp("sensitive"))


@pytest.fixture(scope="module")
def told(project: Project) -> subprocess.CompletedProcess[str]:
    """What the first run shows, of three precisions."""
    asked = [f"--precision={name}" for name in ("int8", "w8", "w4")]
    outputs = [f"--json={project.folder / 's.json'}", f"--chart={project.folder / 's.svg'}"]
    return sensitivity(project, *asked, *outputs, "--all")


@pytest.fixture(scope="module")
def numbers(project: Project, told: subprocess.CompletedProcess[str]) -> Any:
    assert told.returncode == 0, told.stderr
    return json.loads((project.folder / "s.json").read_text(encoding="utf-8"))


def by_layer(numbers: Any, precision: str) -> dict[str, Any]:
    return {one["layer"]: one for one in numbers["layers"] if one["precision"] == precision}


@pytest.mark.parametrize("precision", ["int8", "w8", "w4"])
def test_the_layer_with_outliers_is_the_worst(numbers: Any, precision: str) -> None:
    found = by_layer(numbers, precision)
    assert list(found) == LAYERS
    measured = {name: one for name, one in found.items() if one["snr_db"] is not None}
    assert min(measured, key=lambda name: measured[name]["snr_db"]) == FRAGILE
    others = [one["snr_db"] for name, one in measured.items() if name != FRAGILE]
    assert found[FRAGILE]["snr_db"] < min(others) - 10.0


def test_it_is_named_first(told: subprocess.CompletedProcess[str]) -> None:
    first_words = [line.split()[0] for line in told.stdout.splitlines() if line.split()]
    headings = [i for i, word in enumerate(first_words) if word == "layer"]
    assert [first_words[i + 2] for i in headings] == [
        FRAGILE
    ] * 3  # below the column's names, a rule
    assert told.stdout.count(f"({FRAGILE})") == 3


def test_what_a_precision_has_no_form_of_is_not_called_harmless(
    numbers: Any, told: subprocess.CompletedProcess[str]
) -> None:
    left = by_layer(numbers, "w4")[FILTER]
    assert (left["snr_db"], left["auc_drop"], left["saved_bytes"]) == (None, None, None)
    assert "w4" in left["reason"]
    assert "DEPTHWISE_CONV_2D" in left["reason"]
    assert "1 not measured" in told.stdout
    assert by_layer(numbers, "w8")[FILTER]["reason"] is None


def test_a_lost_auc_is_seen_and_marked(
    numbers: Any, told: subprocess.CompletedProcess[str]
) -> None:
    drop = by_layer(numbers, "w4")[FRAGILE]["auc_drop"]
    assert drop["value"] > numbers["limit"]["value"] == 0.05
    assert drop["low"] <= drop["value"] <= drop["high"]
    assert f"{drop['value']:.4f}*" in told.stdout


def test_fewer_bits_save_more_and_lose_more(numbers: Any) -> None:
    narrow, wide = by_layer(numbers, "w4")[PLAIN], by_layer(numbers, "w8")[PLAIN]
    assert narrow["saved_bytes"] > wide["saved_bytes"] > 0
    assert narrow["weight_snr_db"] < wide["weight_snr_db"] - 12.0
    assert narrow["snr_db"] < wide["snr_db"]


def test_the_table_has_80_columns(told: subprocess.CompletedProcess[str]) -> None:
    rows = [line for line in told.stdout.splitlines() if line.startswith(" ")]
    assert rows
    assert max(map(len, rows)) <= 80


def test_the_picture_has_every_layer_and_names_them(project: Project, numbers: Any) -> None:
    text = (project.folder / "s.svg").read_text(encoding="utf-8")
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")  # it stands alone
    titles = [e.text or "" for e in ET.fromstring(text).iter("{http://www.w3.org/2000/svg}title")]  # noqa: S314
    for one in numbers["layers"]:
        wanted = f"{one['layer']} ({one['kind']}), {one['precision']}"
        assert any(title.startswith(wanted) for title in titles)


def test_the_same_again_runs_nothing_and_says_the_same(
    project: Project, told: subprocess.CompletedProcess[str], numbers: Any
) -> None:
    assert "kept by an earlier run" not in told.stdout
    again = sensitivity(project, "--precision=w4", f"--json={project.folder / 'again.json'}")
    assert again.returncode == 0, again.stderr
    assert "outputs of 3 of 3 were kept by an earlier run" in again.stdout
    found = json.loads((project.folder / "again.json").read_text(encoding="utf-8"))
    assert by_layer(found, "w4") == by_layer(numbers, "w4")


SLOW = """
import runpy, sys, time
sys.argv = sys.argv[1:]
import ai_edge_litert.interpreter as i
plain = i.Interpreter.invoke
def slow(self):
    time.sleep(0.01)
    plain(self)
i.Interpreter.invoke = slow
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.long
def test_an_interrupted_study_goes_on_where_it_was(tmp_path: Path) -> None:
    project = fragile(tmp_path)
    slow = tmp_path / "slow.py"
    slow.write_text(SLOW)
    project.device_toml = project.device_toml.replace('["{python}"]', f'["{{python}}", "{slow}"]')
    project.write_declarations()
    asked = ("--precision=w8", "--precision=w4")
    with subprocess.Popen(
        command(project, *asked, f"--json={tmp_path / 's.json'}"),
        cwd=tmp_path,
        env=project.surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        deadline = time.monotonic() + 300  # machines that others use too take long to start
        while len(list(tmp_path.glob(".assay/predictions/tiny/w8-*"))) < 2:
            assert time.monotonic() < deadline, "nothing was kept"
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.02)
        process.kill()
        process.communicate(timeout=60)
    assert process.returncode not in (0, None)
    assert not (tmp_path / "s.json").exists()
    done = sensitivity(project, *asked)
    assert done.returncode == 0, done.stderr
    said = re.search(r"outputs of (\d+) of 7 were kept by an earlier run", done.stdout)
    assert said is not None, done.stdout
    assert 1 <= int(said[1]) < 7  # the filter has no w4


# A runtime that has no kernels for 4 bits.
PICKY = """
import runpy, sys
sys.argv = sys.argv[1:]
import ai_edge_litert.interpreter as i
from ai_edge_litert import schema_py_generated as schema
plain = i.Interpreter.__init__
def picky(self, model_path, **options):
    model = schema.ModelT.InitFromPackedBuf(open(model_path, "rb").read(), 0)
    if any(t.type == schema.TensorType.INT4 for t in model.subgraphs[0].tensors):
        raise RuntimeError("no kernel for INT4")
    plain(self, model_path=model_path, **options)
i.Interpreter.__init__ = picky
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_a_runtime_that_refuses_a_precision_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    project = fragile(tmp_path)
    picky = tmp_path / "picky.py"
    picky.write_text(PICKY)
    project.device_toml = project.device_toml.replace('["{python}"]', f'["{{python}}", "{picky}"]')
    project.write_declarations()
    done = sensitivity(project, "--precision=w4", "--precision=w8")
    assert done.returncode == 0, done.stderr
    assert "w4: none of 4 layers could be measured" in done.stdout
    assert "no kernel for INT4" in done.stdout
    assert "w8: 4 of 4 layers" in done.stdout
