"""A small project of a user's own, and pytest run on it as he would run it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from suites.meta import commands
from suites.meta.tinymodels import SIDE, brightness, write_classifier

ROOT = commands.ROOT
# The last day of what is excused in these tests.
IN_A_YEAR = (date.today() + timedelta(days=365)).isoformat()

MODEL_TOML = """
id = "tiny"
weights = "tiny.keras"

[data]
source = "image-csv"
folder = "spots"
label = "finding"
positive = "bright"
patient = "patient"

[preprocess]
color = "grey"
size = [8, 8]

[variants]
fp32 = { method = "fp32" }
int8 = { method = "int8", calibration_images = 8 }

[runtimes]
litert = {}

[limits]
loads = true
finite_outputs = true
min_auc = 0.7
mean_auc_drop = 0.05

[limits.int8]
size_ratio = { limit = 0.9, rationale = "smaller is why it exists" }
latency_ratio = 50.0
"""

PROFILE = """
id = "bench"

[match]
architecture = "*"

[timing]
processes = 3
rounds = 30
warmup_rounds = 2
timeout_s = 20.0

# Tests run on machines that others use too.
[tolerance]
waited_share = 1.0
free_cpus = 0.0
steal_share = 1.0
throttled_share = 1024.0
swapped_mb = 1000000.0

[workers]
litert = ["{python}"]
"""
# Three processes can't show that this budget is kept: it is for tests of what comes of that.
BUDGET = """
[limits.tiny]
latency_p95_ms = 10000.0
"""
DEVICE_TOML = PROFILE + BUDGET


# Half of them are in the test split: enough for an AUC to be evidence.
PATIENTS = 160


@dataclass(frozen=True)
class Outcome:
    """What a run of pytest left: exit code, words, each test's outcome, and results.json."""

    code: int
    text: str
    tests: Mapping[str, str]
    messages: Mapping[str, str]
    properties: Mapping[str, Mapping[str, str]]
    results: Any

    def named(self, outcome: str) -> set[str]:
        return {name for name, found in self.tests.items() if found == outcome}


@dataclass
class Project:
    """Models, data, artifacts and a device profile below one folder."""

    folder: Path
    model_toml: str = MODEL_TOML
    device_toml: str = PROFILE
    environment: dict[str, str] = field(default_factory=dict)
    prebuilt: bool = True
    identified: bool = True

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def write(self) -> None:
        self.write_declarations()
        write_spots(self.data / "spots", PATIENTS)
        self.write_artifacts()

    def write_artifacts(self) -> None:
        weights, bias = brightness()
        write_classifier(self.artifacts / "tiny/fp32.tflite", weights, bias, padding_bytes=4096)
        write_classifier(self.artifacts / "tiny/int8.tflite", weights, bias, int8=True)

    def write_many_spots(self, images: int) -> None:
        """The declarations, and a larger evaluation split."""
        self.write_declarations()
        write_spots(self.data / "spots", patients=images)

    def write_declarations(self) -> None:
        for path, text in (
            (self.folder / "models/tiny/model.toml", self.model_toml),
            (self.folder / "devices/bench.toml", self.device_toml),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def command(self, *options: str) -> list[str]:
        return [
            *(sys.executable, "-m", "pytest", "-q"),
            *(f"--models-dir={self.folder / 'models'}", "--model=tiny", "--jobs=1"),
            f"--devices-dir={self.folder / 'devices'}",
            *([f"--artifacts={self.artifacts}"] if self.prebuilt else []),
            f"--artifact-cache={self.folder / 'cache'}",
            f"--prediction-cache={self.folder / 'predictions'}",
            *(f"--assay-json={self.results_path}", f"--junit-xml={self.folder / 'junit.xml'}"),
            f"--attempts={self.folder / 'attempts.jsonl'}",
            *(["--identified"] if self.identified else []),
            *options,
        ]

    @property
    def results_path(self) -> Path:
        return self.folder / "results.json"

    @property
    def surroundings(self) -> dict[str, str]:
        """The environment that a run sees."""
        return commands.surroundings(EDGEASSAY_DATA=str(self.data), COLUMNS="80") | self.environment

    def start(self, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*options),
            cwd=ROOT,
            env=self.surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *options: str) -> Outcome:
        words = self.command(*options)[2:]
        done = commands.run(*words, environment=self.surroundings, together=True)
        return self.outcome(done.returncode, done.stdout)

    def outcome(self, code: int, text: str) -> Outcome:
        junit = self.folder / "junit.xml"
        tests: dict[str, str] = {}
        messages: dict[str, str] = {}
        properties: dict[str, dict[str, str]] = {}
        for case in ET.parse(junit).iter("testcase") if junit.exists() else ():  # noqa: S314
            name = case.attrib.get("name", "")
            tests[name] = "passed"
            for child in case:
                if child.tag in ("failure", "error", "skipped"):
                    xfailed = child.attrib.get("type") == "pytest.xfail"
                    tests[name] = "xfailed" if xfailed else child.tag
                    messages[name] = f"{child.attrib.get('message', '')} {child.text or ''}"
                if child.tag == "properties":
                    properties[name] = {p.attrib["name"]: p.attrib["value"] for p in child}
        found = self.results_path
        results = json.loads(found.read_text(encoding="utf-8")) if found.exists() else None
        return Outcome(code, text, tests, messages, properties, results)


def write_spots(folder: Path, patients: int = 48) -> None:
    """Images of noise, brighter where the label says so, and their CSV; two images a patient, half
    of the patients in the test split.
    """
    rng = np.random.default_rng(5)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    rows: list[Sequence[str]] = [("image", "finding", "patient", "split")]
    for number in range(2 * patients):
        split = ("train", "calibration", "validation", "test", "test", "test")[number // 2 % 6]
        bright = bool(rng.random() < 0.5) if number > 11 else number % 2 == 0
        grey = rng.normal(132 if bright else 122, 40, (SIDE, SIDE))
        name = f"images/{number:03d}.png"
        Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).save(folder / name)
        finding = "bright" if bright else "dark"
        rows.append((name, finding, f"p{number // 2:03d}", split))
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def edgeassay(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What the command line does with these words, as a user would see it."""
    seen = commands.surroundings(COLUMNS="100") | environment
    return commands.run("edgeassay", *words, environment=seen)
