"""Quantization-aware training end to end: trained, interrupted, resumed, built and judged."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import xml.etree.ElementTree as ET
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from edgeassay.build import build, check_current
from edgeassay.config import load_model
from edgeassay.datasets import open_dataset
from edgeassay.errors import ArtifactError, BuildUnavailable
from edgeassay.progress import silent
from edgeassay.spec import ModelSpec
from edgeassay.variants.trained import Trained, pack, unpack
from suites.build.tiny_training import command, make_networks, make_tiny, surroundings
from suites.meta import commands

commands.needs("tensorflow", reason="the converters need the [build] extra")
commands.needs("tf_keras", reason="training needs the [build] extra")

OPEN = partial(open_dataset, data_root=None)


def start(project: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("--variant", *words),
        cwd=project,  # which has models/, and so its .assay
        env=surroundings(),
        stderr=subprocess.PIPE,
        text=True,
    )


def train(project: Path, *words: str) -> str:
    done = commands.run(
        *command("--variant", *words)[2:],
        folder=project,
        environment=surroundings(),
        timeout_s=900.0,
        converting=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def interrupt(project: Path, variant: str, line: str, number: signal.Signals) -> int:
    """Train until a line is said, and end it by a signal; how it ended."""
    with start(project, variant) as process:
        assert process.stderr is not None
        for said in process.stderr:
            if line in said:
                process.send_signal(number)
                break
        process.stderr.read()
    return process.returncode


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose variants are trained."""
    folder = tmp_path_factory.mktemp("trained")
    make_tiny(folder / "models")
    text = train(folder, "int8-qat")
    assert [f"epoch   {n} of 3" in text for n in (1, 2, 3)] == [True] * 3, text
    train(folder, "int8-pt-qat")
    return folder


def model_of(project: Path) -> ModelSpec:
    return load_model(project / "models/tiny", project)


@pytest.mark.long
@pytest.mark.usefixtures("interruptible")
def test_what_was_killed_and_interrupted_goes_on_to_the_same_bytes(
    project: Path, tmp_path: Path
) -> None:
    untrained = shutil.ignore_patterns("*.npz")
    shutil.copytree(project / "models", tmp_path / "models", ignore=untrained)
    target = tmp_path / "models/tiny/int8-qat.npz"
    assert interrupt(tmp_path, "int8-qat", "epoch   1 of 3", signal.SIGKILL) == -signal.SIGKILL
    assert interrupt(tmp_path, "int8-qat", "epoch   2 of 3", signal.SIGINT) == 130
    assert not target.exists()
    text = train(tmp_path, "int8-qat")
    assert "going on after epoch 2" in text
    assert "epoch   2 of 3" not in text
    assert target.read_bytes() == (project / "models/tiny/int8-qat.npz").read_bytes()
    assert not list((tmp_path / ".assay/training").glob("*.npz"))


def test_training_changes_the_network_and_says_from_what_it_came(project: Path) -> None:
    kept = unpack(project / "models/tiny/int8-qat.npz")
    other = unpack(project / "models/tiny/int8-pt-qat.npz")
    moved = np.abs(kept.arrays["conv2d/kernel"] - other.arrays["conv2d/kernel"]).max()
    assert moved > 1e-4
    assert kept.facts["training"]["epochs"] == 3
    assert {"source_sha256", "data_sha256", "validation_auc", "versions"} <= kept.facts.keys()
    assert kept.arrays["depthwise_conv2d/depthwise_kernel_max"].shape == (6,)
    assert other.arrays["depthwise_conv2d/depthwise_kernel_max"].shape == ()


def scales(path: Path) -> set[int]:
    """How many scales the weights of more than one channel have."""
    from ai_edge_litert.interpreter import Interpreter

    tensors = Interpreter(model_path=str(path)).get_tensor_details()
    weights = [t for t in tensors if t["dtype"] == np.int8 and len(t["shape"]) == 4]
    constant = [t for t in weights if t["shape"][0] != 1 or "depthwise" in t["name"].lower()]
    return {len(t["quantization_parameters"]["scales"]) for t in constant}


@pytest.mark.long
def test_variants_are_built_from_what_was_trained_and_others_stay_what_they_were(
    project: Path, tmp_path: Path
) -> None:
    model = model_of(project)
    made = build(model, model.variants, cache=project / "cache", open_data=OPEN, report=silent)
    assert not made.missing
    paths = {name: artifact.path for name, artifact in made.artifacts.items()}
    assert scales(paths["int8-pt"]) == scales(paths["int8-pt-qat"]) == {1}
    assert 6 in scales(paths["int8-qat"])
    for artifact in made.artifacts.values():
        check_current(artifact, model)
    usual = ["fp32", "int8-pt"]
    alone = build(model, usual, cache=tmp_path, open_data=OPEN, report=silent)
    for name in usual:
        assert alone.artifacts[name].sha256 == made.artifacts[name].sha256


@pytest.mark.long
def test_what_is_trained_is_judged_as_any_variant(project: Path) -> None:
    words = ("--models-dir", str(project / "models"), "--model", "tiny", "--jobs=1")
    done = commands.run(
        *("pytest", "-q", *words),
        *("--variant=int8-qat", f"--artifact-cache={project / 'cache'}"),
        *(f"--assay-json={project / 'results.json'}", f"--junit-xml={project / 'j.xml'}"),
        environment=surroundings(),
    )
    assert ET.parse(project / "j.xml").getroot().find("testsuite") is not None  # noqa: S314
    claims = json.loads((project / "results.json").read_text(encoding="utf-8"))["claims"]
    found = {c["claim"]: c["verdict"] for c in claims if c["case"]["variant"] == "int8-qat"}
    assert found["loads"] == found["finite_outputs"] == "pass", done.stdout
    # Two steps of training leave scores that may say nothing: it is judged, whatever comes of it.
    assert found["mean_auc_drop"] in ("pass", "inconclusive", "fail"), done.stdout


@pytest.mark.long
def test_artifacts_of_another_training_are_no_longer_current(project: Path, tmp_path: Path) -> None:
    made = build(
        model_of(project), ["int8-qat"], cache=project / "cache", open_data=OPEN, report=silent
    )
    shutil.copytree(project / "models", tmp_path / "models")
    path = tmp_path / "models/tiny/int8-qat.npz"
    kept = unpack(path)
    path.write_bytes(pack(Trained(arrays=kept.arrays, facts={**kept.facts, "epoch": 9})))
    with pytest.raises(ArtifactError, match="was made from other weights"):
        check_current(made.artifacts["int8-qat"], model_of(tmp_path))


@pytest.mark.long
def test_without_what_rebuilds_networks_it_is_said_what_to_install(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"tf_keras": None}
    monkeypatch.setattr("edgeassay.build.find_spec", lambda m: found.get(m, find_spec(m)))
    with pytest.raises(BuildUnavailable, match=r"tf_keras isn't installed; install edgeassay"):
        build(model_of(project), ["int8-qat"], cache=tmp_path, open_data=OPEN, report=silent)


REFUSED = """
import json, sys
from pathlib import Path
import numpy as np
from edgeassay.errors import BuildFailed
from edgeassay.networks import load_network
from edgeassay.variants.fake_quantized import quantized, variables_of
from edgeassay.tflite_file import read_graph
from edgeassay.variants.int8_qat import from_network, put_back
from edgeassay.variants.trained import Trained, pack
from edgeassay.variants import rebuilding
from edgeassay.variants.rebuilding import rebuild
found = {}
for kind, exclude in (
    ("standalone", []), ("standalone", ["*"]), ("elu", []), ("operation", []), ("outputs", []),
    ("standalone", ["alone_*"]),
):
    network = load_network(Path(sys.argv[1], kind + ".keras"))
    try:
        made = quantized(rebuild(network), per_tensor=False, exclude=exclude)
        found[f"{kind} {exclude}"] = [layer.name for layer in made.layers]
    except BuildFailed as error:
        found[f"{kind} {exclude}"] = str(error)
def doubled(before, normalization):
    node = fold(before, normalization)
    return rebuilding.replace(node, weights=[2.0 * node.weights[0], node.weights[1]])
kept = Path(sys.argv[1], "kept.npz")
arrays = {name: np.asarray(v) for name, v in variables_of(made).items()}
kept.write_bytes(pack(Trained(arrays=arrays, facts={})))
network = load_network(Path(sys.argv[1], "standalone.keras"))
file = Path(sys.argv[1], "kept.tflite")
file.write_bytes(from_network(network, None, weights=str(kept), exclude=["alone_*"]))
found["operators"] = [operator.kind for operator in read_graph(file).operators]
try:
    put_back(made, {"alone_bn/gamma": np.ones(6)})
except BuildFailed as error:
    found["missing"] = str(error)
arrays = {name: np.zeros(v.shape) for name, v in variables_of(made).items()}
try:
    put_back(made, arrays | {"conv2d/kernel": np.zeros((1, 3))})
except BuildFailed as error:
    found["shape"] = str(error)
put_back(made, arrays)
found["back"] = max(float(np.abs(v).max()) for v in variables_of(made).values())
fold, rebuilding._with_folded = rebuilding._with_folded, doubled
try:
    rebuild(load_network(Path(sys.argv[1], "elu.keras")))
except BuildFailed as error:
    found["defect"] = str(error)
print(json.dumps(found))
"""


def test_a_layer_that_can_not_be_trained_is_named_and_may_stay_float(tmp_path: Path) -> None:
    make_networks(tmp_path, "standalone", "elu", "operation", "outputs")
    found = json.loads(commands.python(REFUSED, str(tmp_path)).splitlines()[-1])
    assert 'exclude = ["alone_bn"]' in found["standalone []"]
    assert "(BatchNormalization) can't be trained for int8" in found["standalone []"]
    layers = found["standalone ['alone_*']"]
    assert "alone_bn" in layers
    assert "quant_conv2d" in layers
    operators = found["operators"]
    inside = operators[operators.index("DEQUANTIZE") : operators.index("QUANTIZE")]
    assert {"MUL", "ADD"} <= set(inside), "the excluded normalization computes in float"
    assert "leaves no layer with weights" in found["standalone ['*']"]
    assert "layer 'bent' (Activation)" in found["elu []"]
    assert "is a Multiply of keras" in found["operation []"]
    assert "its outputs 2, and" in found["outputs []"]
    assert "belongs to another network: it has no input/output_min" in found["missing"]
    assert "conv2d/kernel is of another shape; train it anew" in found["shape"]
    assert found["back"] == 0.0
    assert "rebuilt in tf-keras computes something else" in found["defect"]
