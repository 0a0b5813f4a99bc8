"""Structured pruning end to end: what is removed is gone, what is left computes the same, and a
pruning that was killed goes on to the same bytes.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgeassay.build import build
from edgeassay.config import load_model
from edgeassay.datasets import load_images, open_dataset
from edgeassay.errors import ArtifactError
from edgeassay.progress import silent
from edgeassay.spec import ModelSpec, Role
from edgeassay.tflite_file import read_graph
from suites.build.tiny_networks import KINDS, make
from suites.build.tiny_training import surroundings
from suites.meta import commands

commands.needs("tensorflow", reason="pruning needs the [build] extra")

OPEN = partial(open_dataset, data_root=None)
MODEL = """
id = "tiny"
weights = "a.keras"
[data]
source = "phantom"
seed = 1
size = 16
images = { train = 96, calibration = 20, validation = 60, evaluation = 60 }
[preprocess]
color = "grey"
size = [16, 16]
[variants]
fp32 = { method = "fp32" }
half-int8 = { method = "int8", network = "half.keras", calibration_images = 20 }
[variants.half]
method = "fp32"
network = "half.keras"
[variants.half.pruning]
macs = 2.0
importance_images = 8
steps = 2
epochs = 1
final_epochs = 2
learning_rate = 1e-2
batch = 8
images = 32
flip = true
shift = 0.1
[variants.small]
method = "fp32"
network = "small.keras"
[variants.small.pruning]
parameters = 2.5
start = "half"
importance = "l1"
epochs = 0
final_epochs = 1
learning_rate = 1e-2
batch = 8
images = 32
distillation = 0.0
align = 2
[runtimes]
litert = {}
[limits]
loads = true
"""


DISCS = """
id = "discs"
weights = "a.keras"
[data]
source = "image-csv"
folder = "discs"
masks = { disc = "mask" }
patient = "patient"
[preprocess]
color = "grey"
size = [16, 16]
[variants]
fp32 = { method = "fp32" }
[variants.half]
method = "fp32"
network = "half.keras"
[variants.half.pruning]
parameters = 2.0
importance = "activation"
epochs = 0
final_epochs = 2
learning_rate = 1e-2
batch = 4
[runtimes]
litert = {}
[limits]
loads = true
"""


def write_discs(folder: Path) -> None:
    """Bright discs on noise, each with its mask."""
    rng, rows = np.random.default_rng(1), ["image,mask,patient,split"]
    folder.mkdir(parents=True)
    y, x = np.mgrid[:16, :16]
    for k in range(16):
        split = ("train", "validation", "calibration", "test")[0 if k < 8 else k % 3 + 1]
        disc = (y - rng.integers(4, 12)) ** 2 + (x - rng.integers(4, 12)) ** 2 <= 12
        picture = (100.0 * disc + 60.0 * rng.random((16, 16))).astype(np.uint8)
        Image.fromarray(picture).save(folder / f"{k}.png")
        Image.fromarray(np.uint8(255) * disc.astype(np.uint8)).save(folder / f"{k}-mask.png")
        rows.append(f"{k}.png,{k}-mask.png,{k},{split}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def laws(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("laws")
    done = commands.run(
        *("suites.build.pruning_laws", str(folder)),
        environment=surroundings(),
        timeout_s=600.0,
        converting=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, dict[str, Any]] = json.loads((folder / "found.json").read_text())
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_without_channels_that_are_zero_a_network_computes_the_same(
    laws: dict[str, dict[str, Any]], kind: str
) -> None:
    law = laws[kind]
    assert law["removed"] > 2
    assert law["spread"] > 1e-3
    assert law["difference"] < 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_a_smaller_network_is_as_planned(laws: dict[str, dict[str, Any]], kind: str) -> None:
    law = laws[kind]
    assert law["planned"] == law["found"]
    assert law["units"]
    planned, counted_by_keras = law["parameters"]
    assert planned == counted_by_keras


@pytest.mark.parametrize("kind", KINDS)
def test_filters_of_zeros_go_first_and_none_is_left(
    laws: dict[str, dict[str, Any]], kind: str
) -> None:
    law = laws[kind]
    assert (law["l1"], law["l2"]) == (True, True)
    assert law["zero_filters"] == 0


def test_taylor_is_what_a_loss_changes_by(laws: dict[str, dict[str, Any]]) -> None:
    looked = laws["looked at"]
    assert np.ptp(looked["changes"]) > 0.1 * np.mean(looked["changes"]) > 0.0
    np.testing.assert_allclose(looked["taylor"], looked["changes"], rtol=0.05, atol=1e-5)


def test_activations_are_the_means_of_what_is_given(laws: dict[str, dict[str, Any]]) -> None:
    looked = laws["looked at"]
    assert np.ptp(looked["by_hand"]) > 0.1
    np.testing.assert_allclose(looked["activations"], looked["by_hand"], rtol=1e-4, atol=1e-5)


def test_a_network_is_kept_in_16_bits_where_it_fits(laws: dict[str, dict[str, Any]]) -> None:
    half, single = laws["kept"]["half"], laws["kept"]["single"]
    assert 1e-6 < half["error"] < 1e-3
    assert single["error"] == 0.0
    assert half["again"]
    assert single["again"]


def write_model(models: Path, name: str, text: str, kind: str) -> None:
    """A model with a network of a kind."""
    (models / name).mkdir(parents=True)
    (models / name / "model.toml").write_text(text, encoding="utf-8")
    words = f"from {make.__module__} import make; make('{kind}').save('{models}/{name}/a.keras')"
    commands.python(words)


def start(project: Path, variant: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "edgeassay", "prune", "tiny", "--variant", variant],
        cwd=project,
        env={**surroundings(), "EDGEASSAY_DATA": str(project)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def prune(project: Path, variant: str, *words: str, model: str = "tiny") -> str:
    done = commands.run(
        *("edgeassay", "prune", model, "--variant", variant, *words),
        folder=project,
        environment={**surroundings(), "EDGEASSAY_DATA": str(project)},
        timeout_s=600.0,
        converting=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def interrupt(project: Path, line: str, number: signal.Signals) -> int:
    """Prune until a line is said, and end it by a signal; how it ended."""
    with start(project, "half") as process:
        assert process.stderr is not None
        for said in process.stderr:
            if line in said:
                process.send_signal(number)
                break
        process.stderr.read()
    return process.returncode


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose networks are pruned, one further than the other."""
    folder = tmp_path_factory.mktemp("pruned")
    write_model(folder / "models", "tiny", MODEL, "findings")
    text = prune(folder, "half")
    assert [f"epoch   {n} of 4" in text for n in (1, 2, 3, 4)] == [True] * 4, text
    prune(folder, "small")
    return folder


def model_of(project: Path) -> ModelSpec:
    return load_model(project / "models/tiny", project)


@cache
def artifacts(project: Path) -> dict[str, Path]:
    model = model_of(project)
    made = build(model, model.variants, cache=project / "cache", open_data=OPEN, report=silent)
    assert not made.missing
    return {name: artifact.path for name, artifact in made.artifacts.items()}


def facts(project: Path, name: str) -> dict[str, Any]:
    text = (project / f"models/tiny/{name}.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


@pytest.mark.long
def test_a_pruned_artifact_has_what_the_pruning_says_by_its_own_file(project: Path) -> None:
    graphs = {name: read_graph(path) for name, path in artifacts(project).items()}
    for name in ("half", "small"):
        for cost in ("parameters", "macs"):
            told = facts(project, name)[cost]
            assert getattr(graphs[name], cost) == told["pruned"]
            assert getattr(graphs["fp32"], cost) == told["reference"]
    assert graphs["half-int8"].macs == graphs["half"].macs
    assert graphs["fp32"].macs / graphs["half"].macs >= 2.0
    assert graphs["fp32"].parameters / graphs["small"].parameters >= 2.5
    assert all(count % 2 == 0 for count in list(facts(project, "small")["channels"].values()))


COMPARE = """
import json, sys
from pathlib import Path
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from edgeassay.networks import load_network
images = np.load(sys.argv[1])
found = {}
for name in sys.argv[3:]:
    network = load_network(Path(sys.argv[2], f"{name}.keras"))
    cache = Path(sys.argv[2], "../../cache/tiny")
    (artifact,) = cache.glob(f"{name}-" + 16 * "?" + ".tflite")
    runtime = Interpreter(model_path=str(artifact))
    runtime.allocate_tensors()
    (given,), (gives,) = runtime.get_input_details(), runtime.get_output_details()
    rows = []
    for image in images:
        runtime.set_tensor(given["index"], image[None])
        runtime.invoke()
        rows.append(runtime.get_tensor(gives["index"])[0].copy())
    said = network.predict(images, verbose=0)
    found[name] = [float(np.abs(said - np.stack(rows)).max()), float(np.ptp(said))]
print(json.dumps(found))
"""


@pytest.mark.long
def test_a_pruned_artifact_computes_what_its_keras_network_does(
    project: Path, tmp_path: Path
) -> None:
    artifacts(project)
    model = model_of(project)
    assert model.data is not None
    assert model.preprocess is not None
    split = OPEN(model.data).splits[Role.VALIDATION]
    np.save(tmp_path / "images.npy", load_images(split, range(20), model.preprocess))
    words = [str(tmp_path / "images.npy"), str(project / "models/tiny"), "half", "small"]
    said = commands.python(COMPARE, *words)
    for difference, spread in json.loads(said.splitlines()[-1]).values():
        assert spread > 1e-3
        assert difference < 1e-5


@pytest.mark.long
@pytest.mark.usefixtures("interruptible")
def test_what_was_killed_and_interrupted_goes_on_to_the_same_bytes(
    project: Path, tmp_path: Path
) -> None:
    unpruned = shutil.ignore_patterns("half.*", "small.*")
    shutil.copytree(project / "models", tmp_path / "models", ignore=unpruned)
    target = tmp_path / "models/tiny/half.keras"
    assert interrupt(tmp_path, "epoch   1 of 4", signal.SIGKILL) == -signal.SIGKILL
    assert interrupt(tmp_path, "epoch   3 of 4", signal.SIGINT) == 130
    assert not target.exists()
    text = prune(tmp_path, "half")
    assert "going on after epoch 3" in text
    assert "epoch   3 of 4" not in text
    assert target.read_bytes() == (project / "models/tiny/half.keras").read_bytes()
    assert facts(tmp_path, "half") == facts(project, "half")
    assert not list((tmp_path / ".assay/pruning").glob("*.npz"))


@pytest.mark.long
def test_what_is_pruned_stays_and_a_plan_writes_nothing(project: Path) -> None:
    before = (project / "models/tiny/half.keras").stat().st_mtime_ns
    assert "is pruned already" in prune(project, "half")
    text = prune(project, "half", "--plan")
    assert "conv2d" in text
    assert "times fewer macs" in text
    assert (project / "models/tiny/half.keras").stat().st_mtime_ns == before


@pytest.mark.long
def test_a_network_of_another_pruning_is_refused(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project / "models", tmp_path / "models")
    (tmp_path / "models/tiny/half.keras").write_bytes(b"another")
    made = build(
        model_of(tmp_path),
        ["half-int8", "small", "fp32"],
        cache=project / "cache",
        open_data=OPEN,
        report=silent,
    )
    assert set(made.artifacts) == {"fp32"}
    assert isinstance(made.missing["half-int8"], ArtifactError)
    assert "its bytes have changed" in str(made.missing["half-int8"])
    assert "was pruned from other weights" in str(made.missing["small"])
    assert "edgeassay prune tiny --variant small" in str(made.missing["small"])


@pytest.mark.long
def test_a_network_that_segments_is_pruned_by_its_masks(tmp_path: Path) -> None:
    write_discs(tmp_path / "discs")
    write_model(tmp_path / "models", "discs", DISCS, "unet")
    text = prune(tmp_path, "half", model="discs")
    assert "epoch   2 of 2" in text
    assert "validation Dice" in text
    model = load_model(tmp_path / "models/discs", tmp_path)
    kept = json.loads((tmp_path / "models/discs/half.json").read_text(encoding="utf-8"))
    made = build(model, ["half", "fp32"], cache=tmp_path / "c", open_data=OPEN, report=silent)
    graphs = {name: read_graph(artifact.path) for name, artifact in made.artifacts.items()}
    for cost in ("parameters", "macs"):
        assert getattr(graphs["half"], cost) == kept[cost]["pruned"]
        assert getattr(graphs["fp32"], cost) == kept[cost]["reference"]
    assert graphs["fp32"].parameters / graphs["half"].parameters >= 2.0
    assert 0.0 <= kept["validation_dice"] <= 1.0
