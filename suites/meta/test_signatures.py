"""Of a file with several graphs the one that is meant is judged, and what isn't judged is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeassay.artifacts import read_artifact
from edgeassay.claims.artifact import _counted
from edgeassay.errors import ArtifactError, MeasurementError
from edgeassay.measure.fit import check_same_graph
from edgeassay.report.unjudged import not_judged
from edgeassay.spec import ClaimName, RuntimeSpec
from edgeassay.tflite_file import read_graph
from edgeassay.tflite_signatures import read_graphs
from edgeassay.worker.engine import Refused
from edgeassay.worker.graphs import OtherGraph
from edgeassay.workers import Loaded, Worker
from suites.meta.many_graphs import WIDTH, repeat_graph, write_file, write_graphs
from suites.meta.odd_models import write_stateful
from suites.meta.project import Project
from suites.meta.tinymodels import brightness, write_classifier

ENGINES = ("litert", "litert-compiled", "tensorflow")
ROWS = np.random.default_rng(3).uniform(size=(3, 1, WIDTH)).astype(np.float32)


def worker(engine: str) -> Worker:
    if engine == "tensorflow":
        pytest.importorskip("tensorflow", reason="the converters need the [build] extra")
    return Worker(["{python}"], engine, label="m/fp32", timeout_s=100.0)


def load(
    used: Worker, path: Path, engine: str, signature: str | None = None, **further: Any
) -> Loaded:
    runtime = RuntimeSpec(engine=engine)
    return used.load(path, runtime, "a", "m/fp32", signature=signature, **further)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_graph_that_a_signature_names_is_run(tmp_path: Path, engine: str) -> None:
    """Neither is the first signature the main graph's, nor are they in the graphs' order."""
    path = write_graphs(tmp_path / "m.tflite", [2, 3, 5], {"c": 2, "a": 0, "b": 1})
    with worker(engine) as used:
        for signature, factor in ((None, 2), ("a", 2), ("b", 3), ("c", 5)):
            loaded = load(used, path, engine, signature)
            (made,) = used.run(loaded, [ROWS])
            assert np.allclose(made, ROWS * factor), signature
            said = loaded.facts["signatures"]
            assert said["judged"] == (signature or "a")
            assert set(said["others"]) == {"a", "b", "c"} - {signature or "a"}
        (times,) = used.time([loaded], [[ROWS[0]]], rounds=5, warmup_rounds=1).durations
        assert (times > 0).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_graph_of_any_size_is_sized_whatever_its_place(tmp_path: Path, engine: str) -> None:
    path = write_graphs(tmp_path / "m.tflite", [2, 3], {"a": 0, "b": 1}, open_sizes=True)
    with worker(engine) as used:
        with pytest.raises(ArtifactError, match=r"'row1' takes 1x\?, which leaves more open"):
            load(used, path, engine, "b")
        loaded = load(used, path, engine, "b", shapes={"": [(1, WIDTH)]})
        assert loaded.inputs[0].shape == (1, WIDTH)
        (made,) = used.run(loaded, [ROWS])
    assert np.allclose(made, ROWS * 3)


def test_the_state_of_another_graph_is_reset_before_each_row(tmp_path: Path) -> None:
    """The graph that isn't judged is never made ready, and its state can't be reset."""
    path = tmp_path / "m.tflite"
    write_stateful(path)
    repeat_graph(path, "second")
    rows = np.random.default_rng(1).uniform(size=(4, 1, 8, 8, 1)).astype(np.float32)
    with worker("litert") as used:
        for signature in (None, "second"):
            (scores,) = used.run(load(used, path, "litert", signature), [rows])
            assert np.allclose(scores.ravel(), rows.mean(axis=(1, 2, 3, 4)) / 2, atol=1e-6)


def test_a_name_that_is_not_in_the_file_is_refused_with_those_that_are(tmp_path: Path) -> None:
    path = write_graphs(tmp_path / "m.tflite", [2, 3], {"a": 0, "b": 1})
    bare = write_graphs(tmp_path / "bare.tflite", [2], {})
    with worker("litert") as used:
        with pytest.raises(ArtifactError, match=r"m\.tflite has no signature 'z'; .* 'a', 'b':"):
            load(used, path, "litert", "z")
        with pytest.raises(ArtifactError, match=r"bare\.tflite has no signatures; leave"):
            load(used, bare, "litert", "z")
        assert load(used, path, "litert").inputs[0].name == "row0"  # it serves on


@pytest.mark.parametrize("engine", ["tflite-micro", "ethos-u", "edgetpu"])
def test_an_engine_that_knows_the_main_graph_alone_says_so(tmp_path: Path, engine: str) -> None:
    path = write_graphs(tmp_path / "m.tflite", [2, 3], {"a": 0, "b": 1})
    words = f"'{engine}' knows a file's main graph alone"
    with worker("litert") as used, pytest.raises(ArtifactError, match=words):
        load(used, path, engine, "b")  # the host refuses it, before any runtime is asked


def test_a_main_graph_without_a_name_is_not_taken_for_the_first_signature(tmp_path: Path) -> None:
    path = write_graphs(tmp_path / "m.tflite", [2, 3], {"b": 1})
    with worker("litert") as used:
        loaded = load(used, path, "litert")
        (made,) = used.run(loaded, [ROWS])
        assert np.allclose(made, ROWS * 2)
        assert loaded.facts["signatures"] == {"judged": None, "others": ["b"], "subgraphs": []}
    with worker("litert-compiled") as used:
        with pytest.raises(ArtifactError, match=r"main graph has no signature.* name one of 'b'"):
            load(used, path, "litert-compiled")
        (made,) = used.run(load(used, path, "litert-compiled", "b"), [ROWS])
    assert np.allclose(made, ROWS * 3)


def test_a_file_of_one_graph_says_nothing_of_signatures(tmp_path: Path) -> None:
    path = write_graphs(tmp_path / "m.tflite", [2], {"a": 0})
    with worker("litert") as used:
        for signature in (None, "a"):
            assert "signatures" not in load(used, path, "litert", signature).facts


def test_what_is_counted_is_of_the_judged_graph(tmp_path: Path) -> None:
    path = write_graphs(tmp_path / "m.tflite", [2, 3], {"a": 0, "b": 1})
    for signature, made in ((None, "made0"), ("a", "made0"), ("b", "made1")):
        (operator,) = read_graph(path, signature).operators
        assert operator.outputs == (made,)
    with pytest.raises(ArtifactError, match="no graph of the signature 'z'"):
        read_graph(path, "z")


def test_a_model_s_parameters_are_those_of_its_signature(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    write_classifier(path, *brightness(classes=3))
    repeat_graph(path, "second")
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    model.subgraphs[1].operators = model.subgraphs[1].operators[1:]  # without its layer
    write_file(path, model)
    artifact = read_artifact(path, "m", "fp32")
    assert _counted(artifact, ClaimName.PARAMETERS_RATIO) > 0
    named = replace(artifact, signature="second")
    assert _counted(named, ClaimName.PARAMETERS_RATIO) == 0


def options(name: str, **fields: Any) -> Any:
    made = getattr(schema, f"{name}T")()
    for field, value in fields.items():
        setattr(made, field, value)
    return made


@pytest.mark.parametrize(
    "calling",
    [
        options("WhileOptions", condSubgraphIndex=1, bodySubgraphIndex=2),
        options("IfOptions", thenSubgraphIndex=1, elseSubgraphIndex=2),
        options("StablehloCaseOptions", branchSubgraphIndices=[1, 2]),
        options("StablehloWhileOptions", condSubgraphIndex=2, bodySubgraphIndex=1),
    ],
    ids=lambda made: type(made).__name__,
)
def test_what_an_operator_calls_is_reached(tmp_path: Path, calling: Any) -> None:
    path = write_graphs(tmp_path / "m.tflite", [1, 2, 3, 4], {"a": 0}, calls={0: calling})
    graphs = read_graphs(path)
    assert graphs is not None
    found = graphs.enter(None)
    assert found is not None
    assert (found.others, found.unreached) == ((), ("graph3",))


@pytest.mark.parametrize(
    ("calling", "left"),
    [
        (options("CallOnceOptions", initSubgraphIndex=1), ("graph2",)),
        (options("CallOptions", subgraph=2), ("graph1",)),
        (options("StableHLOCompositeOptions", decompositionSubgraphIndex=1), ("graph2",)),
        (options("StablehloReduceWindowOptions", bodySubgraphIndex=2), ("graph1",)),
        (options("AddOptions"), ("graph1", "graph2")),
    ],
    ids=lambda made: type(made).__name__,
)
def test_what_nothing_calls_is_named(tmp_path: Path, calling: Any, left: tuple[str, ...]) -> None:
    path = write_graphs(tmp_path / "m.tflite", [1, 2, 3], {}, calls={0: calling})
    graphs = read_graphs(path)
    assert graphs is not None
    found = graphs.enter(None)
    assert found is not None
    assert found.unreached == left


def test_a_damaged_file_is_left_to_its_runtime(tmp_path: Path) -> None:
    path = write_graphs(tmp_path / "m.tflite", [2, 3], {"a": 0, "b": 1})
    whole = path.read_bytes()
    rng = np.random.default_rng(7)
    for _ in range(300):
        broken = bytearray(whole)
        for place in rng.integers(8, len(whole), 3):
            broken[place] = rng.integers(256)
        path.write_bytes(bytes(broken[: rng.integers(9, len(whole) + 1)]))
        read_graphs(path)  # whatever it finds, it ends, and raises nothing


def test_a_runtime_without_the_means_refuses_in_a_sentence() -> None:
    wanted = {"subgraph": 1, "inputs": [0], "outputs": [1], "operators": [], "signature": "b"}
    with pytest.raises(Refused, match="this version of the runtime can't run the signature 'b'"):
        OtherGraph(object(), wanted).inputs()


@pytest.mark.parametrize(
    ("loaded", "words"),
    [
        ({}, None),
        ({"signatures": {"judged": "a", "others": [], "subgraphs": []}}, None),
        (
            {"signatures": {"judged": "a", "others": ["b"], "subgraphs": []}},
            "only its signature 'a' is judged; signature 'b' of the file isn't",
        ),
        (
            {"signatures": {"judged": None, "others": ["b", "c"], "subgraphs": ["left"]}},
            "only its main graph is judged; signatures 'b', 'c' and subgraph 'left' of the file"
            " aren't",
        ),
        ({"signatures": "nonsense"}, None),
    ],
)
def test_what_is_not_judged_is_a_sentence(loaded: Mapping[str, Any], words: str | None) -> None:
    assert not_judged(loaded) == words


def test_other_main_graphs_are_no_forms_of_one_network(tmp_path: Path) -> None:
    one = write_graphs(tmp_path / "one.tflite", [2, 3], {"a": 0, "b": 1})
    two = write_graphs(tmp_path / "two.tflite", [3, 2], {"b": 0, "a": 1})
    with worker("litert") as used:
        first, second = load(used, one, "litert"), load(used, two, "litert")
        with pytest.raises(MeasurementError, match="signature 'a', and that of the other 'b'"):
            check_same_graph(first, second)
        check_same_graph(load(used, one, "litert", "a"), load(used, two, "litert", "a"))


def test_a_run_judges_the_declared_signature_and_names_the_others(project: Project) -> None:
    project.write()
    for variant in ("fp32", "int8"):
        write_graphs(project.artifacts / f"tiny/{variant}.tflite", [2, 3], {"a": 0, "b": 1})
    plain = project.model_toml[: project.model_toml.index("[data]")]
    rest = project.model_toml[project.model_toml.index("[variants]") :]
    rest = rest.replace('fp32 = { method = "fp32" }', 'fp32 = { artifact = "fp32.tflite" }')
    rest = rest.replace('int8 = { method = "int8", calibration_images = 8 }', "")
    rest = rest[: rest.index("min_auc")]
    judged = {}
    for line in ("", 'signature = "b"\n', 'signature = "z"\n'):
        text = plain.replace('weights = "tiny.keras"\n', line) + rest
        (project.folder / "models/tiny/model.toml").write_text(text, encoding="utf-8")
        outcome = project.run("suites/artifact", "suites/accuracy")
        verdicts = {c["claim"]: c["verdict"] for c in outcome.results["claims"]}
        judged[line] = (outcome.results["cases"][0]["loaded"].get("signatures"), verdicts["loads"])
        if not line:
            said = "tiny/fp32: only its signature 'a' is judged; signature 'b' of the file isn't"
            assert said in outcome.text
    assert judged[""] == ({"judged": "a", "others": ["b"], "subgraphs": []}, "pass")
    assert judged['signature = "b"\n'][0] == {"judged": "b", "others": ["a"], "subgraphs": []}
    assert judged['signature = "b"\n'][1] == "pass"
    assert judged['signature = "z"\n'][1] == "fail"


def test_an_onnx_has_no_signatures(project: Project) -> None:
    text = project.model_toml.replace('id = "tiny"\n', 'id = "tiny"\nsignature = "a"\n')
    text = text.replace('fp32 = { method = "fp32" }', 'fp32 = { artifact = "fp32.onnx" }')
    project.model_toml = text.replace("litert = {}", "litert = {}\nonnxruntime = {}")
    project.write()
    outcome = project.run("suites/artifact")
    assert "signature = 'a': an .onnx has no signatures" in outcome.text


def test_what_is_not_a_file_of_graphs_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.tflite").write_bytes(b"nonsense")
    (tmp_path / "a.onnx").write_bytes(b"nonsense")
    for name in ("a.tflite", "a.onnx", "absent.tflite"):
        assert read_graphs(tmp_path / name) is None
    write_classifier(tmp_path / "c.tflite", *brightness())
    assert read_graphs(tmp_path / "c.tflite") is not None
