"""A project with a network of three dense layers, on which a search takes seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from suites.meta import commands
from suites.meta.project import write_spots
from suites.meta.tinymodels import SIDE, Graph, operator, write_model

WIDTHS = (SIDE * SIDE, 16, 8, 1)
PATIENTS = 600  # a sixth of them validates

MODEL_TOML = """
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

[variants]
fp32 = { method = "fp32" }

[runtimes]
litert = {}

[limits]
mean_auc_drop = 0.02
"""


def write_chain(path: Path) -> None:
    """Dense layers whose outputs follow an image's brightness, with weights that 4 bits hold badly:
    one output of each layer far outweighs the others.
    """
    graph, kinds, rng = Graph(), schema.TensorType, np.random.default_rng(3)
    ends = [graph.tensor("image", [1, SIDE, SIDE, 1], kinds.FLOAT32)]
    operators = []
    for k, (taken, given) in enumerate(pairwise(WIDTHS)):
        weights = (1.0 + 0.6 * rng.standard_normal((given, taken))) / taken
        weights[:, :: taken // 8] += 0.3 * rng.standard_normal((given, 8)) / 8.0
        weight = graph.tensor(
            f"weights{k}", weights.shape, kinds.FLOAT32, weights.astype(np.float32)
        )
        bias = graph.tensor(f"bias{k}", [given], kinds.FLOAT32, np.zeros(given, np.float32))
        ends.append(graph.tensor(f"layer{k}", [1, given], kinds.FLOAT32))
        operators.append(operator(0, [ends[-2], weight, bias], [ends[-1]]))
    ends.append(graph.tensor("scores", [1, 1], kinds.FLOAT32))
    operators.append(operator(1, [ends[-2]], [ends[-1]]))
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.inputs, subgraph.outputs = graph.tensors, ends[:1], ends[-1:]
    subgraph.operators = operators
    codes = ((schema.BuiltinOperator.FULLY_CONNECTED, 1), (schema.BuiltinOperator.LOGISTIC, 1))
    write_model(path, graph, subgraph, codes)


@dataclass(frozen=True)
class Searched:
    """What a search left: its exit code, its words, and its JSON where it wrote one."""

    code: int
    text: str
    found: Any


@dataclass(frozen=True)
class Bench:
    """A folder with a model and its data, in which commands run."""

    folder: Path

    @classmethod
    def of(cls, folder: Path) -> Bench:
        model = folder / "models/tiny"
        model.mkdir(parents=True)
        (model / "model.toml").write_text(MODEL_TOML, encoding="utf-8")
        write_chain(model / "tiny.tflite")
        write_spots(folder / "data/spots", PATIENTS)
        return cls(folder)

    @property
    def variants(self) -> Path:
        return self.folder / "models/tiny/variants"

    @property
    def surroundings(self) -> Mapping[str, str]:
        return commands.surroundings(EDGEASSAY_DATA=str(self.folder / "data"), COLUMNS="100")

    def command(self, *words: str) -> Sequence[str]:
        return [sys.executable, "-m", "edgeassay", *words]

    def start(self, *options: str) -> subprocess.Popen[str]:
        """A search that goes on beside the test."""
        return subprocess.Popen(
            self.command("search", "tiny", *_usual(options), "--jobs", "1"),
            cwd=self.folder,
            env=self.surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def search(self, *options: str) -> Searched:
        path = self.folder / "found.json"
        path.unlink(missing_ok=True)
        words = self.command(
            "search", "tiny", *_usual([*options, "--json", str(path)]), "--jobs", "1"
        )
        done = commands.run(
            *words[2:], folder=self.folder, environment=self.surroundings, together=True
        )
        found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        return Searched(done.returncode, done.stdout, found)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Any command."""
        return commands.run("edgeassay", *words, folder=self.folder, environment=self.surroundings)


def _usual(options: Sequence[str]) -> list[str]:
    """Weights of 4 bits or floats, which need no calibration, unless others are asked for."""
    given = list(options)
    if "--precision" not in given:
        given += ["--precision", "w4", "--precision", "float"]
    return given
