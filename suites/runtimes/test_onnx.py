"""`.onnx` artifacts on onnxruntime: the adapter, whole runs as users start them, and what is wrong
with a file in one sentence. `make_onnx.py` made the files.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeassay.config import load_model
from edgeassay.environments import python_of
from edgeassay.errors import Absent, ArtifactError, Incomparable
from edgeassay.runtimes.probe import RIGHT, probe_inputs
from edgeassay.spec import ClaimName, InputShapes, RuntimeSpec
from edgeassay.workers import WORKER_FOLDER, Loaded, Worker
from suites.meta import commands
from suites.meta.project import MODEL_TOML, Outcome, Project
from suites.meta.tinymodels import brightness, write_classifier

FILES = Path(__file__).parent / "onnx"
ONNX = RuntimeSpec(engine="onnxruntime")

# The network gives logits: 0 is the middle, and a score is no probability.
VARIANTS = """
[variants]
fp32 = { artifact = "fp32.onnx" }
int8 = { artifact = "int8.onnx" }

[runtimes]
onnxruntime = { engine = "onnxruntime" }

[operating_point]
threshold = 0.0

[limits]
loads = true
finite_outputs = true
min_auc = 0.7
mean_auc_drop = 0.05
min_sensitivity = 0.3
"""


@pytest.fixture(scope="module")
def python() -> Path:
    """The Python that has onnxruntime."""
    try:
        return python_of("onnxruntime")
    except Absent as error:
        pytest.skip(str(error))


@pytest.fixture
def worker(python: Path) -> Iterator[Worker]:
    with Worker([str(python)], "onnxruntime", label="a test", timeout_s=60.0) as started:
        yield started


def loaded(worker: Worker, path: Path, runtime: RuntimeSpec = ONNX) -> Loaded:
    return worker.load(path, runtime, path.name, path.name)


def test_the_probe_gives_the_right_outputs(worker: Worker) -> None:
    (scores,) = worker.run(loaded(worker, WORKER_FOLDER / "probe.onnx"), [probe_inputs()])
    np.testing.assert_allclose(scores.reshape(RIGHT.shape), RIGHT, rtol=0.0, atol=1e-6)


def test_tensors_are_told_with_a_batch_of_one(worker: Worker) -> None:
    tokens = loaded(worker, FILES / "tokens.onnx")
    told = [(t.name, t.shape, t.dtype.name) for t in (*tokens.inputs, *tokens.outputs)]
    assert told == [
        ("ids", (1, 6), "int64"),
        ("mask", (1, 6), "int64"),
        ("logits", (1, 2), "float32"),
        ("words", (1, 6, 2), "float32"),
    ]
    assert tokens.facts == {"providers": ["CPUExecutionProvider"]}


def test_a_row_gives_the_same_whatever_stands_beside_it(worker: Worker) -> None:
    rng = np.random.default_rng(1)
    rows = rng.uniform(size=(19, 1, 1, 8, 8)).astype(np.float32)
    one, wide = (loaded(worker, FILES / f"{name}.onnx") for name in ("fp32", "batches"))
    (alone,), (together,) = worker.run(one, [rows]), worker.run(wide, [rows], batch=8)
    assert alone.tobytes() == together.tobytes()
    assert len({float(score) for score in alone.ravel()}) == len(rows)


def test_what_a_network_finds_may_have_another_shape_each_time(worker: Worker) -> None:
    detection = loaded(worker, FILES / "detection.onnx")
    dark, bright = (np.full((1, 1, 3, 8, 8), grey, np.float32) for grey in (0.0, 1.0))
    boxes, scores, kept = worker.run(detection, [bright])
    assert (boxes.shape, scores.shape) == ((1, 1, 8, 4), (1, 1, 1, 8))
    assert kept.shape[1] > worker.run(detection, [dark])[2].shape[1] == 0
    with pytest.raises(ArtifactError, match="an output changes its shape with the input"):
        worker.run(detection, [np.concatenate([dark, bright])])


def test_an_output_of_which_the_file_says_nothing_has_the_shape_that_comes(
    worker: Worker,
) -> None:
    given: InputShapes = {"": [(1, 4, 4, 3)]}
    made = worker.load(FILES / "unranked.onnx", ONNX, "a", "a", given)
    rows = np.zeros((2, 1, 4, 4, 3), np.float32)
    assert worker.run(made, [rows])[0].shape == rows.shape


def test_a_network_that_draws_at_random_has_no_scores(worker: Worker) -> None:
    image = np.ones((4, 1, 1, 8, 8), np.float32)
    with pytest.raises(Incomparable, match="the same input twice gives two different outputs"):
        worker.run(loaded(worker, FILES / "random.onnx"), [image])


def lasting(tasks: Path) -> int:
    """How many threads stay: starting a process takes some that end soon."""
    counts = []
    for _ in range(20):
        counts.append(len(list(tasks.iterdir())))
        time.sleep(0.05)
    return min(counts)


def test_it_runs_on_as_many_threads_as_are_wanted(python: Path) -> None:
    counts = []
    for threads in (1, 4):
        with Worker([str(python)], "onnxruntime", label="a test", timeout_s=60.0) as started:
            tasks = Path(f"/proc/{started.facts['pid']}/task")
            if not tasks.is_dir():
                pytest.skip("this system doesn't list a process's threads")
            loaded(started, FILES / "fp32.onnx", replace(ONNX, threads=threads))
            counts.append(lasting(tasks))
    assert counts[1] - counts[0] == 3


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("future", "Opset 99 is under development"),
        ("unknown", "No Op registered for Mystery"),
        ("open", "takes ?x1x?x?, which leaves more open than the batch"),
        ("unranked", "of its input 'image' the file doesn't say how many sides it has"),
        ("sequence", "'parts' is a seq(tensor(float)) and no tensor"),
    ],
)
def test_a_network_that_cannot_run_is_refused_in_words(
    worker: Worker, given: str, words: str
) -> None:
    with pytest.raises(ArtifactError) as refused:
        loaded(worker, FILES / f"{given}.onnx")
    assert words in str(refused.value)
    for leak in ("\n", "ONNXRuntimeError", "onnxruntime_src", "/onnx/"):
        assert leak not in str(refused.value)
    worker.run(loaded(worker, FILES / "fp32.onnx"), [np.zeros((1, 1, 1, 8, 8), np.float32)])


@pytest.mark.parametrize("size", [0, 40, 1500, 6600])
def test_a_file_that_is_cut_off_is_refused(worker: Worker, tmp_path: Path, size: int) -> None:
    path = tmp_path / "cut.onnx"
    path.write_bytes((FILES / "fp32.onnx").read_bytes()[:size])
    with pytest.raises(ArtifactError, match="the runtime refuses it"):
        loaded(worker, path)


@pytest.mark.parametrize(
    "row", [np.zeros((1, 8, 8, 1), np.float32), np.zeros((1, 1, 8, 8), np.float64)]
)
def test_inputs_of_another_shape_or_type_are_refused(
    worker: Worker, row: np.ndarray[tuple[int, ...], np.dtype[np.floating]]
) -> None:
    with pytest.raises(ArtifactError, match=r"'image' takes float32 of shape \[1, 1, 8, 8\], and"):
        worker.run(loaded(worker, FILES / "fp32.onnx"), [row[np.newaxis]])


@pytest.fixture
def start(tmp_path: Path, python: Path) -> Callable[..., Project]:
    """A project whose variants are files of these formats."""

    def make(variants: str = VARIANTS, *, without_data: bool = False) -> Project:
        head, _, _ = MODEL_TOML.partition("[variants]")
        if without_data:
            head = 'id = "tiny"\n'
        made = Project(tmp_path, model_toml=head.replace('weights = "tiny.keras"', "") + variants)
        made.prebuilt = False
        made.device_toml += '\n[workers.onnxruntime]\npython = "' + str(python) + '"\n'
        made.write()
        for path in FILES.iterdir():
            shutil.copy(path, made.folder / "models" / "tiny")
        return made

    return make


def verdicts(outcome: Outcome) -> dict[str, str]:
    """Each claim's verdict, by claim and variant."""
    found = outcome.results["claims"]
    return {f"{c['claim']} {c['case']['variant']}": c["verdict"] for c in found}


def reason(outcome: Outcome, claim: str, variant: str) -> str:
    (found,) = [
        c["reason"]
        for c in outcome.results["claims"]
        if (c["claim"], c["case"]["variant"]) == (claim, variant)
    ]
    return str(found)


def test_a_float_network_and_its_int8_form_are_judged(start: Callable[..., Project]) -> None:
    limits = "\n[limits.int8]\nsize_ratio = 0.8\nlatency_ratio = 50.0\nsensitivity_drop = 0.2\n"
    done = start(VARIANTS + limits + "brier_drift = 0.2\n").run("--benchmark")
    found = verdicts(done)
    # It gives logits.
    assert found.pop("brier_drift int8") != "pass"
    assert "probabilit" in reason(done, "brier_drift", "int8")
    # A declared threshold makes decisions of logits too.
    assert set(found.values()) == {"pass"}, done.text
    assert len(found) == 12
    (ratio,) = [c for c in done.results["claims"] if c["claim"] == "size_ratio"]
    sizes = [(FILES / f"{name}.onnx").stat().st_size for name in ("int8", "fp32")]
    assert ratio["measurement"]["value"] == pytest.approx(sizes[0] / sizes[1])


def test_what_is_worse_or_larger_fails(start: Callable[..., Project]) -> None:
    worse = VARIANTS.replace("int8.onnx", "turned.onnx") + "\n[limits.int8]\nsize_ratio = 0.8\n"
    done = start(worse).run()
    failed = {name for name, verdict in verdicts(done).items() if verdict == "fail"}
    assert failed == {
        "size_ratio int8",
        "min_auc int8",
        "mean_auc_drop int8",
        "min_sensitivity int8",
    }


def test_where_the_channels_are_is_read_from_the_artifact(start: Callable[..., Project]) -> None:
    scores = []
    for channels in ("last", "first"):
        project = start(VARIANTS)
        toml = project.folder / "models/tiny/model.toml"
        text = toml.read_text("utf-8").replace(
            "size = [8, 8]", f'size = [8, 8]\nchannels = "{channels}"'
        )
        toml.write_text(text, "utf-8")
        done = project.run(f"--predictions={project.folder / 'predictions-of' / channels}")
        assert "fail" not in verdicts(done).values(), done.text
        kept = project.folder / "predictions-of" / channels / "tiny-fp32-onnxruntime.csv"
        scores.append(kept.read_text("utf-8"))
    assert scores[0] == scores[1]


MIXED = VARIANTS.replace("int8.onnx", "int8.tflite").replace("[runtimes]", "[runtimes]\nlitert={}")


def test_a_tflite_is_compared_with_an_onnx(start: Callable[..., Project]) -> None:
    project = start(MIXED + "\n[limits.int8]\nsize_ratio = 0.8\nlatency_ratio = 50.0\n")
    weights, bias = brightness()
    write_classifier(project.folder / "models/tiny/int8.tflite", weights, bias, int8=True)
    done = project.run("--benchmark")
    found = verdicts(done)
    assert found.pop("latency_ratio int8") == "unmeasured"
    assert "two runtimes can't take turns" in reason(done, "latency_ratio", "int8")
    # The network has a logistic function here and none there: 0 is no threshold of it.
    assert {n for n, verdict in found.items() if verdict != "pass"} == set(), done.text
    cases = {(c["case"]["variant"], c["case"]["runtime"]) for c in done.results["claims"]}
    assert cases == {("fp32", "onnxruntime"), ("int8", "litert")}
    (timed,) = [c for c in done.results["cases"] if c["case"]["variant"] == "int8"]
    assert timed["p50_ms"] > 0.0
    assert timed["auc_reference"] == "variant fp32 on onnxruntime"


def test_a_damaged_file_fails_its_claims_in_one_sentence(start: Callable[..., Project]) -> None:
    project = start()
    path = project.folder / "models/tiny/int8.onnx"
    path.write_bytes(path.read_bytes()[:2000])
    done = project.run()
    assert verdicts(done)["loads int8"] == "fail"
    assert "the runtime refuses it (Protobuf parsing failed)" in reason(done, "loads", "int8")
    assert "Traceback" not in done.text
    assert verdicts(done)["loads fp32"] == "pass"


def test_weights_in_another_file_are_no_artifact(start: Callable[..., Project]) -> None:
    done = start(VARIANTS.replace("int8.onnx", "elsewhere.onnx")).run()
    assert verdicts(done)["loads int8"] == "fail"
    assert "keeps weights in another file, 'elsewhere.onnx.data'" in reason(done, "loads", "int8")


@pytest.mark.parametrize(
    ("given", "finite"),
    [("segmentation", "pass"), ("tokens", "pass"), ("detection", "pass"), ("nan", "fail")],
)
def test_networks_of_other_tasks_are_judged_without_data(
    start: Callable[..., Project], given: str, finite: str
) -> None:
    toml = f"""
[variants]
fp32 = {{ artifact = "{given}.onnx" }}

[runtimes]
onnxruntime = {{ engine = "onnxruntime" }}

[limits]
loads = true
finite_outputs = true
"""
    project = start(toml, without_data=True)
    device = project.folder / "devices/bench.toml"
    device.write_text(device.read_text("utf-8") + "\n[limits.tiny]\nlatency_p95_ms = 10000.0\n")
    found = verdicts(project.run("--benchmark"))
    assert found["loads fp32"] == "pass"
    assert found["finite_outputs fp32"] == finite
    assert found["latency_p95_ms fp32"] in ("pass", "inconclusive")


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def edgeassay(start: Callable[..., Project]) -> Command:
    """The command line; the project's device profile says what runs onnxruntime."""
    project = start()

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return commands.run(
            *("edgeassay", *words, "--devices-dir", str(project.folder / "devices")),
            environment=project.surroundings | {"COLUMNS": "200"},
            timeout_s=300,
        )

    return run


def test_a_model_starts_from_onnx_and_tflite(edgeassay: Command, tmp_path: Path) -> None:
    write_classifier(tmp_path / "drq.tflite", *brightness())
    done = edgeassay(
        *("init", "mine", "--models-dir", str(tmp_path / "own")),
        *("--artifact", f"fp32={FILES / 'fp32.onnx'}"),
        *("--artifact", f"int8={FILES / 'int8.onnx'}"),
        *("--artifact", f"drq={tmp_path / 'drq.tflite'}"),
    )
    assert done.returncode == 0, done.stderr
    model = load_model(tmp_path / "own/mine", tmp_path)
    assert {v.artifact for v in model.variants.values()} == {"fp32.onnx", "int8.onnx", "drq.tflite"}
    assert {name: r.engine for name, r in model.runtimes.items()} == {
        "onnxruntime": "onnxruntime",
        "litert": "litert",
    }
    limits = {(rule.variant, rule.claim) for rule in model.limits}
    assert ("int8", ClaimName.LATENCY_RATIO) in limits
    assert ("drq", ClaimName.SIZE_RATIO) in limits
    assert 'channels = "first"' in (tmp_path / "own/mine/model.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("elsewhere", "keeps weights in another file"),
        ("text", "the input 'words' takes text, and random inputs are real numbers"),
        ("sequence", "'parts' is a seq(tensor(float)) and no tensor"),
    ],
)
def test_no_model_starts_from_an_onnx_that_cannot_be_judged(
    edgeassay: Command, tmp_path: Path, given: str, words: str
) -> None:
    done = edgeassay(
        *("init", "mine", "--models-dir", str(tmp_path / "own")),
        *("--artifact", f"fp32={FILES / given}.onnx"),
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "own").exists()


@pytest.mark.parametrize(
    ("head", "runtimes"),
    [
        ("int8.onnx", ("onnxruntime", "onnxruntime")),
        ("b.tflite", ("onnxruntime", "ai-edge-litert")),
    ],
)
def test_two_files_are_timed_against_each_other(
    edgeassay: Command, tmp_path: Path, head: str, runtimes: tuple[str, str]
) -> None:
    shutil.copy(FILES / "int8.onnx", tmp_path)
    write_classifier(tmp_path / "b.tflite", *brightness(), int8=True)
    told = tmp_path / "ab.json"
    done = edgeassay(
        *("ab", str(FILES / "fp32.onnx"), str(tmp_path / head)),
        *("--max-time", "5", "--json", str(told)),
    )
    assert done.returncode in (0, 1, 3), done.stderr
    (case,) = json.loads(told.read_text("utf-8"))["cases"]
    timing = case["timing"]
    assert (timing["base_stack"]["runtime"], timing["head_stack"]["runtime"]) == runtimes
    assert min(timing["base_ms"], timing["head_ms"]) > 0.0


def test_no_runtime_is_made_to_take_the_other_format(edgeassay: Command) -> None:
    files = [str(FILES / f"{name}.onnx") for name in ("fp32", "int8")]
    done = edgeassay("ab", *files, "--runtime", "litert")
    assert done.returncode == 2
    assert "no artifact of both sides is of the format that litert takes" in done.stderr
