"""What is read of the compilers for accelerators: reports in their formats, written here, and a
compiler that is a script.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from edgeassay.errors import Absent
from edgeassay.spec import RuntimeSpec
from edgeassay.worker import compiler, edge_tpu, ethos_u
from edgeassay.worker.engine import Broken, Refused
from edgeassay.workers import Worker

COLUMNS = (
    *("accelerator_configuration", "system_config", "memory_mode", "inference_time"),
    *("sram_memory_used", "dram_memory_used", "off_chip_flash_memory_used", "cycles_total"),
)
ROW = dict.fromkeys(COLUMNS, "0.0") | {
    "accelerator_configuration": "Ethos_U55_128",
    "system_config": "Ethos_U55_High_End_Embedded",
    "memory_mode": "Shared_Sram",
    "sram_memory_used": "333.546875",
    "off_chip_flash_memory_used": "192.59375",
    "cycles_total": "1925417",
}


def summary(**changed: str | None) -> str:
    """Vela's summary; what is changed to None isn't in it."""
    row = {name: value for name, value in (ROW | changed).items() if value is not None}
    return f"{','.join(row)}\n{','.join(row.values())}\n"


def test_velas_summary_gives_bytes_and_cycles_by_their_columns() -> None:
    expected = {
        "accelerator": "Ethos_U55_128",
        "system": "Ethos_U55_High_End_Embedded",
        "memory": "Shared_Sram",
        "sram_bytes": 341_552,
        "dram_bytes": 0,
        "flash_bytes": 197_216,
        "cycles": 1_925_417,
    }
    assert ethos_u.read_summary(summary()) == expected
    turned = "\n".join(",".join(reversed(line.split(","))) for line in summary().splitlines())
    assert ethos_u.read_summary(turned) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (summary(cycles_total=None), "lacks cycles_total"),
        (summary(sram_memory_used=""), "lacks sram_memory_used"),
        (summary(sram_memory_used="much"), "sram_memory_used = 'much', which is no number"),
        (summary(cycles_total="nan"), "cycles_total = 'nan', which is no number"),
        (summary() + summary().splitlines()[1], "has 2 rows"),
        ("", "has 0 rows"),
    ],
)
def test_a_summary_of_another_shape_is_refused(text: str, words: str) -> None:
    with pytest.raises(Broken, match=words):
        ethos_u.read_summary(text)


def test_the_share_is_of_the_graphs_own_operators() -> None:
    before = ["CONV_2D", "TOPK_V2", "MEAN", "FULLY_CONNECTED", "LOGISTIC"]
    after = ["ethos-u", "TOPK_V2", "ethos-u"]
    assert ethos_u.share(before, after) == {"nodes": 5, "delegated": 4, "pieces": 2}
    assert ethos_u.share(before, before) == {"nodes": 5, "delegated": 0, "pieces": 0}
    assert ethos_u.share(before, ["ethos-u"]) == {"nodes": 5, "delegated": 5, "pieces": 1}


def test_a_compilers_error_is_its_last_sentence() -> None:
    words = "Warning: a default\nTraceback (most recent call last):\n  File x\n"
    assert compiler.last_line(words + "RuntimeError: Compilation failed: No networks.\n") == (
        "Compilation failed: No networks"
    )
    assert compiler.last_line("ethosu.vela.errors.CliOptionError: 'Error: Incorrect Nope'") == (
        "Incorrect Nope"
    )
    assert compiler.last_line("") == "nothing"


def script(folder: Path, body: str) -> list[str]:
    path = folder / "compiler.py"
    path.write_text(body, encoding="utf-8")
    return [sys.executable, str(path)]


def test_a_compiler_that_is_killed_or_hangs_refuses_the_artifact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = "import os, signal\nprint('Failed to load', flush=True)\nos.kill(os.getpid(), 11)\n"
    with pytest.raises(Refused, match="killed by SIGSEGV; it said: Failed to load"):
        compiler.compiled(script(tmp_path, killed), str(tmp_path))
    monkeypatch.setattr(compiler, "COMPILE_S", 0.2)
    with pytest.raises(Refused, match=r"didn't end within"):
        compiler.compiled(script(tmp_path, "import time\ntime.sleep(60)\n"), str(tmp_path))


def test_what_is_only_compiled_gives_no_outputs() -> None:
    engine = compiler.CompiledEngine({"nodes": 1})
    for step in (lambda: engine.set_inputs([]), engine.invoke, engine.get_outputs):
        with pytest.raises(Refused, match="nothing runs it"):
            step()


HEAD = """Edge TPU Compiler version 16.0.384591198
Started a compilation timeout timer of 180 seconds.

Model compiled successfully in 1379 ms.

Input model: model.tflite
Input size: 4.41MiB
Output model: model_edgetpu.tflite
Output size: 5.49MiB
On-chip memory used for caching model parameters: 1.92MiB
On-chip memory remaining for caching model parameters: 1.75KiB
Off-chip memory used for streaming uncached model parameters: 3.25MiB
Number of Edge TPU subgraphs: 1
Total number of operations: {total}
Operation log: model_edgetpu.log
"""
PARTLY = """
Model successfully compiled but not all operations are supported by the Edge TPU.
Number of operations that will run on Edge TPU: 4
Number of operations that will run on CPU: 2
"""
TABLE = """
Operator                       Count      Status

CONV_2D                        3          Mapped to Edge TPU
LOGISTIC                       1          Mapped to Edge TPU
"""
LEFT = """LOGISTIC                       1          More than one subgraph is not supported
CUSTOM                         1          Operation is working on an unsupported data type
"""
WHOLE = HEAD.format(total=4) + TABLE
MIXED = HEAD.format(total=6) + PARTLY + TABLE + LEFT


def test_the_edge_tpus_report_gives_what_is_mapped_and_why_the_rest_is_not() -> None:
    facts = edge_tpu.read_report(MIXED)
    assert (facts["nodes"], facts["delegated"], facts["pieces"]) == (6, 4, 1)
    assert facts["left"] == [
        "CUSTOM (Operation is working on an unsupported data type)",
        "LOGISTIC (More than one subgraph is not supported)",
    ]
    assert facts["sram_bytes"] == round(1.92 * 2**20)
    assert facts["streamed_bytes"] == round(3.25 * 2**20)
    assert facts["compiler_version"] == "16.0.384591198"
    whole = edge_tpu.read_report(WHOLE)
    assert (whole["nodes"], whole["delegated"], whole["left"]) == (4, 4, [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "isn't as that of version 16"),
        (HEAD.format(total=4), "isn't as that of version 16"),
        (HEAD.format(total=5) + TABLE, "tells of 5 operations"),
        (WHOLE.replace("1.92MiB", "1.92furlongs"), "memory in furlongs"),
    ],
)
def test_a_report_of_another_shape_is_refused(text: str, words: str) -> None:
    with pytest.raises(Broken, match=words):
        edge_tpu.read_report(text)


FAKE = """#!{python}
import pathlib, sys
if "-v" in sys.argv:
    print("Edge TPU Compiler version 16.0.384591198")
    raise SystemExit
assert "-s" in sys.argv, "it is asked for its table"
artifact, folder = pathlib.Path(sys.argv[-1]), pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
if artifact.read_bytes() == b"float":
    print("Edge TPU Compiler version 16.0.384591198")
    print("Invalid model: " + artifact.name)
    print("Model not quantized")
    print("Compilation failed!")
    raise SystemExit(1)
(folder / (artifact.stem + "_edgetpu.tflite")).write_bytes(b"compiled")
print({report!r})
"""


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the PATH with a compiler that reports in the real one's format."""
    path = tmp_path / "bin/edgetpu_compiler"
    path.parent.mkdir()
    path.write_text(FAKE.format(python=sys.executable, report=MIXED), encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(path.parent), prepend=":")
    return path.parent


def test_the_edge_tpus_compiler_on_the_path_compiles(on_path: Path, tmp_path: Path) -> None:
    artifact = tmp_path / "int8.tflite"
    artifact.write_bytes(b"whatever")
    options: dict[str, Any] = {}
    with Worker([sys.executable], "edgetpu", label="tiny/int8", timeout_s=20.0) as worker:
        assert worker.facts["runtime_version"] == "16.0.384591198"
        loaded = worker.load(artifact, RuntimeSpec(engine="edgetpu"), "candidate", "tiny/int8")
    assert loaded.facts["delegated"] == 4
    assert len(loaded.facts["compiled_sha256"]) == 64
    artifact.write_bytes(b"float")
    with pytest.raises(Refused, match=r"Invalid model: int8.tflite: Model not quantized"):
        edge_tpu.make(str(artifact), options)


def test_without_the_compiler_the_edge_tpu_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Absent, match="edgetpu_compiler isn't on the PATH"):
        Worker([sys.executable], "edgetpu", label="tiny/int8", timeout_s=20.0)
