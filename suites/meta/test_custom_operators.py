"""A file that a runtime refuses for its custom operators is known by their names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgeassay.custom_operators import BUILT_IN, COMPILED, explained, is_compiled
from edgeassay.errors import ArtifactError, EdgeassayError, WorkerError
from edgeassay.spec import ENGINES, RuntimeSpec
from edgeassay.tflite_signatures import read_graphs
from edgeassay.workers import Worker
from suites.meta.many_graphs import write_graphs
from suites.meta.odd_models import write_open


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["edgetpu-custom-op"], r"compiled for the Coral Edge TPU .* with --runtime edgetpu$"),
        (["ethos-u"], r"compiled for Arm's Ethos-U .* with --runtime ethos-u$"),
        (["NeutronGraph"], r"NXP's eIQ Neutron NPU .* no engine here compiles for it$"),
        (["vsi-npu"], "VeriSilicon's NPU"),
        (["DISPATCH_OP"], "an NPU, by LiteRT's own compiler"),
        (["qnn-something"], "'qnn-something' is custom, and the file seems to be compiled for"),
        (["tidl-am62a-custom-op"], "seems to be compiled for an accelerator"),
        (["AcmeNPU", "acme_npu"], "'acme_npu' is custom, and the file seems to be compiled"),
        (["FlexErf", "FlexLgamma"], "'FlexErf', 'FlexLgamma' are TensorFlow's own .*SELECT_TF_OPS"),
        (["tftext:Tokenize"], "is of TensorFlow Text, and no engine here has it"),
        (["MyOp"], "'MyOp' is custom, and no engine here has it: export the network"),
        (["MyOp", "ethos-u"], "compiled for Arm's Ethos-U.*; its operator 'MyOp' is custom"),
    ],
)
def test_a_custom_operator_says_what_a_file_is(names: list[str], words: str) -> None:
    said = explained(names)
    assert said is not None
    assert re.search(words, said), said


def test_operators_that_runtimes_bring_along_explain_nothing() -> None:
    assert explained(BUILT_IN) is None
    assert explained([]) is None
    assert not is_compiled(["MyOp", *BUILT_IN])


def test_what_compiles_for_an_accelerator_is_an_engine() -> None:
    for _, engine in COMPILED.values():
        assert engine is None or not ENGINES[engine].executes


@pytest.mark.parametrize("name", ["edgetpu-custom-op", "MyOp"])
@pytest.mark.parametrize(
    ("engine", "kind"), [("litert", ArtifactError), ("litert-compiled", WorkerError)]
)
def test_a_refusal_names_the_operator(
    tmp_path: Path, name: str, engine: str, kind: type[EdgeassayError]
) -> None:
    """CompiledModel ends its process on such a file."""
    path = write_graphs(tmp_path / "m.tflite", [1], {"a": 0}, custom=name)
    with (
        Worker(["{python}"], engine, label="m/int8", timeout_s=60.0) as worker,
        pytest.raises(kind) as refused,
    ):
        worker.load(path, RuntimeSpec(engine=engine), "a", "m/int8")
    said = explained([name])
    assert said is not None
    assert str(refused.value).endswith(said)
    assert "copy it again" not in str(refused.value)


@pytest.mark.parametrize("engine", ["ethos-u", "edgetpu"])
def test_what_is_compiled_already_is_not_compiled_again(tmp_path: Path, engine: str) -> None:
    path = write_graphs(tmp_path / "m.tflite", [1], {"a": 0}, custom="ethos-u")
    with (
        Worker(["{python}"], "litert", label="m/int8", timeout_s=60.0) as worker,
        pytest.raises(ArtifactError, match="give the file from before compiling"),
    ):
        worker.load(path, RuntimeSpec(engine=engine), "a", "m/int8")


def test_a_refusal_for_another_reason_keeps_its_own_advice(tmp_path: Path) -> None:
    write_open(tmp_path / "open.tflite")
    graphs = read_graphs(tmp_path / "open.tflite")
    assert graphs is not None
    assert graphs.custom == ()
    with (
        Worker(["{python}"], "litert", label="m/fp32", timeout_s=60.0) as worker,
        pytest.raises(ArtifactError, match="copy it again"),
    ):
        worker.load(tmp_path / "open.tflite", RuntimeSpec(), "a", "m/fp32")
