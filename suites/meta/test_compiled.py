"""What the compiled runtime's log says, an inference in phases, and what isn't here."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edgeassay.claims.runtimes import delegated_share
from edgeassay.errors import Absent
from edgeassay.evidence import Evidence
from edgeassay.gates import verdict_of
from edgeassay.measure.latency import stack_of
from edgeassay.spec import Claim, RuntimeSpec, Sense, Verdict
from edgeassay.worker.captured import captured
from edgeassay.worker.compiled_log import adapter, delegation
from edgeassay.worker.engine import Refused, Unavailable
from edgeassay.worker.litert_compiled import _check_there, _ordered, _words
from edgeassay.worker.loop import Session, answer
from edgeassay.workers import Worker

CPU = {"accelerator": "cpu", "kernels": "xnnpack"}
GPU = {"accelerator": "gpu", "kernels": "xnnpack"}
SWIFTSHADER = (
    "I0000 00:00:1 1 environment.cc:532] Selected adapter: SwiftShader Device (Subzero),"
    " arch=swiftshader, vendor=google, backend=Vulkan, adapterType=CPU / Software\n"
)
DISCRETE = SWIFTSHADER.replace("SwiftShader Device (Subzero)", "NVIDIA RTX A500").replace(
    "CPU / Software", "Discrete GPU"
)
PARTLY = (
    SWIFTSHADER
    + "ERROR: Following operations are not supported by GPU delegate:\n"
    + "L2_NORMALIZATION: Operation is not supported.\nATAN2: No.\n"
    + "1 operations will run on the GPU, and the remaining 2 operations will run on the CPU.\n"
)
NOTHING = PARTLY.replace("1 operations", "No operations").replace("the remaining 2", "all 3")


@pytest.mark.parametrize(
    ("options", "whole", "log", "found"),
    [
        (CPU, True, "", {"nodes": 3, "delegated": 3, "pieces": 1, "left": []}),
        (CPU, False, "", {"nodes": 3, "delegated_at_most": 2}),
        (CPU | {"kernels": "builtin"}, True, "", {"nodes": 3, "delegated": 0, "pieces": 0}),
        (GPU, True, SWIFTSHADER, {"nodes": 3, "delegated": 3, "pieces": 1, "left": []}),
        (GPU, False, SWIFTSHADER, {"nodes": 3, "delegated_at_most": 2}),
        # The CPU took the rest, and the runtime calls it fully accelerated.
        (
            GPU,
            True,
            PARTLY,
            {"nodes": 3, "delegated": 1, "pieces": 1, "left": ["ATAN2", "L2_NORMALIZATION"]},
        ),
        (
            GPU,
            True,
            NOTHING,
            {"nodes": 3, "delegated": 0, "pieces": 0, "left": ["ATAN2", "L2_NORMALIZATION"]},
        ),
        # Nothing names an adapter: nobody knows who computed.
        (GPU, True, "", {"nodes": 3}),
    ],
)
def test_what_a_delegate_took_is_read_where_it_is_told(
    options: dict[str, str], whole: bool, log: str, found: dict[str, Any]
) -> None:
    assert delegation(options, 3, whole, log) == found


@pytest.mark.parametrize(
    ("log", "found"),
    [
        (SWIFTSHADER, {"adapter": "SwiftShader Device (Subzero)", "software": True}),
        (DISCRETE, {"adapter": "NVIDIA RTX A500", "software": False}),
        (DISCRETE.replace("NVIDIA RTX A500", "llvmpipe (LLVM 19)"), {"software": True}),
        ("nothing", {}),
    ],
)
def test_an_adapter_is_named_and_software_is_told_apart(log: str, found: dict[str, Any]) -> None:
    assert found.items() <= adapter(log).items()
    assert bool(found) == bool(adapter(log))


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (
            "WARNING: [gpu_registry.cc:160] GPU accelerator could not be loaded and registered.\n",
            "no GPU library",
        ),
        (
            "ERROR: Failed to initialize WebGPU environment: INTERNAL: No adapters found\n",
            "Vulkan driver",
        ),
        ("ERROR: Failed to initialize WebGPU environment: UNAVAILABLE: none\n", "Vulkan driver"),
    ],
)
def test_a_gpu_that_is_not_there_is_no_refusal(log: str, words: str) -> None:
    with pytest.raises(Unavailable, match=words):
        _check_there(GPU, log)
    _check_there(CPU, log)
    _check_there(GPU, SWIFTSHADER)


def test_the_runtimes_words_come_without_its_source_files() -> None:
    error = (
        "CompiledModel error: code=3, message=ERROR: [./litert/cc/x.h:2138]\n"
        "└ ERROR: [./y.cc:1]\n└ Bad offset"
    )
    log = "INFO: [a.cc:1] fine\nERROR: [b.cc:2] internals\nERROR: Model has identifier 'ohel'\n"
    assert _words(error, log) == "Bad offset; Model has identifier 'ohel'"
    assert _words("", "") == "it says nothing more"


def test_buffers_are_put_into_the_order_of_the_graph() -> None:
    here = {"b": {"index": 7}, "a": {"index": 2}}
    assert _ordered(["seven", "two"], here, [{"index": 2}, {"index": 7}]) == ["two", "seven"]
    with pytest.raises(Refused, match="first signature"):
        _ordered(["seven", "two"], here, [{"index": 2}])


def test_what_a_library_prints_is_read_and_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    with captured() as log:
        os.write(2, "höre\n".encode() * 40_000)
    assert log[0].count("höre\n") == 40_000
    assert capfd.readouterr().err == log[0]


def test_what_was_printed_before_an_error_is_read_too(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        os.write(2, b"before\n")
        raise KeyError

    with pytest.raises(KeyError), captured() as log:
        fail()
    assert log == ["before\n"]
    assert capfd.readouterr().err == "before\n"


class Waiting:
    """An engine that notes what it was told, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def set_inputs(self, arrays: Any) -> None:
        self.told.append("upload")

    def invoke(self) -> None:
        self.told.append("invoke")

    def get_outputs(self) -> list[Any]:
        self.told.append("read")
        return []


class Launching(Waiting):
    """One that needn't wait."""

    def launch(self) -> None:
        self.told.append("launch")


@pytest.mark.parametrize(("engine", "step"), [(Launching(), "launch"), (Waiting(), "invoke")])
def test_a_phase_is_timed_by_itself_and_compute_does_not_wait(engine: Waiting, step: str) -> None:
    session = Session()
    session._engines["a"] = cast(Any, engine)
    header = {"op": "phases", "handle": "a", "rounds": 3, "warmup_rounds": 2}
    reply, (durations,) = answer(session, (header, []))
    assert reply["ok"]
    assert durations.shape == (3, 3)
    assert durations.min() >= 0
    assert engine.told == ["upload", step, "read"] * 5


UNAVAILABLE = """
import runpy, sys
folder = sys.argv[1]
runpy.run_path(folder + "/__main__.py")["_import_as_package"]()
from edgeassay_worker import engine, loop
def make(*_):
    raise engine.Unavailable("no GPU adapter was found; install one")
loop.make = make
loop.main()
"""


def test_what_is_not_here_is_absent_and_the_worker_lives_on(tmp_path: Path) -> None:
    (tmp_path / "a.tflite").write_bytes(b"bytes")
    command = ["{python}", "-c", UNAVAILABLE]
    with Worker(command, "litert", label="tiny/int8", timeout_s=20.0) as worker:
        with pytest.raises(Absent, match=r"^tiny/int8 on runtime litert: no GPU adapter"):
            worker.load(tmp_path / "a.tflite", RuntimeSpec(), "a", "tiny/int8")
        assert worker.waiting()


def share(facts: dict[str, Any]) -> Any:
    case = SimpleNamespace(runtime="litert-compiled-gpu")
    rig = SimpleNamespace(loaded=lambda _: SimpleNamespace(facts=facts))
    evidence, claim = SimpleNamespace(rig=rig), SimpleNamespace(case=case)
    return delegated_share(cast(Evidence, evidence), cast(Claim, claim))[0]


def test_a_silent_fall_back_is_a_failure_of_all_and_undecided_of_some() -> None:
    unsure = share({"nodes": 65, "delegated_at_most": 64})
    assert verdict_of(unsure, 1.0, Sense.AT_LEAST) is Verdict.FAIL
    assert verdict_of(unsure, 0.9, Sense.AT_LEAST) is Verdict.INCONCLUSIVE
    known = share({"nodes": 3, "delegated": 1, "left": ["ATAN2"]})
    assert verdict_of(known, 0.9, Sense.AT_LEAST) is Verdict.FAIL
    with pytest.raises(Absent, match="doesn't tell"):
        share({"nodes": 3})


def test_the_stack_of_a_gpu_names_its_adapter() -> None:
    worker = {"runtime": "ai-edge-litert", "runtime_version": "2.3.0"}
    runtime = RuntimeSpec(engine="litert-compiled", accelerator="gpu")
    stack = stack_of(runtime, worker, {"adapter": "NVIDIA RTX A500"})
    assert (stack.delegate, stack.gpu_driver) == ("gpu", "NVIDIA RTX A500")
    assert stack_of(RuntimeSpec(), worker).gpu_driver is None
