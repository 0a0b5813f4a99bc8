"""`edgeassay init` with files of several graphs, and with other runtimes than the usual ones."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from edgeassay.config import load_model
from edgeassay.spec import ModelSpec
from suites.meta import commands
from suites.meta.many_graphs import write_graphs
from suites.meta.starting import Init
from suites.meta.test_compilers import FAKE, MIXED
from suites.meta.tinymodels import brightness, write_classifier


@pytest.fixture
def nothing_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")


@pytest.fixture
def two(tmp_path: Path) -> list[str]:
    """A file of two signatures, as an option."""
    path = write_graphs(tmp_path / "two.tflite", [2, 3], {"encode": 0, "decode": 1})
    return ["--artifact", f"fp32={path}"]


@pytest.fixture
def int8(tmp_path: Path) -> list[str]:
    """An int8 file, as an option."""
    write_classifier(tmp_path / "int8.tflite", *brightness(), int8=True)
    return ["--artifact", f"int8={tmp_path / 'int8.tflite'}"]


def made(tmp_path: Path, name: str = "mine") -> tuple[ModelSpec, str]:
    folder = tmp_path / "models" / name
    return load_model(folder, tmp_path), (folder / "model.toml").read_text(encoding="utf-8")


def test_every_signature_is_listed_and_the_judged_one_is_marked(
    init: Init, two: list[str], tmp_path: Path
) -> None:
    done = init("mine", *two)
    assert done.code == 0, done.err
    rows = [line.split() for line in done.out.splitlines() if line.lstrip().startswith("fp32 ")]
    assert [row[1:-2] for row in rows] == [
        ["encode", "(judged)", "input", "x", "(row0)"],
        ["encode", "(judged)", "output", "y", "(made0)"],
        ["decode", "input", "x"],
        ["decode", "output", "y"],
    ]
    assert "only its signature 'encode' is judged; signature 'decode' of the file isn't" in done.out
    model, text = made(tmp_path)
    assert model.signature is None
    assert "signature 'decode' of the file isn't" in " ".join(text.replace("\n#", "").split())


def test_a_signature_that_is_named_is_judged(init: Init, two: list[str], tmp_path: Path) -> None:
    done = init("mine", *two, "--signature", "decode")
    assert done.code == 0, done.err
    assert re.search(r"decode \(judged\) +input +x \(row1\)", done.out)
    model, text = made(tmp_path)
    assert model.signature == "decode"
    assert '\nsignature = "decode"\n' in text
    assert 'input "row1": float32 [1, 4]' in text
    switched_on = re.sub(r'^#(?=[\["a-z])', "", text, flags=re.MULTILINE)
    (tmp_path / "models/mine/model.toml").write_text(switched_on, encoding="utf-8")
    assert made(tmp_path)[0].signature == "decode"


def test_a_file_of_one_graph_is_shown_as_ever(init: Init, int8: list[str], tmp_path: Path) -> None:
    done = init("mine", *int8)
    assert done.code == 0, done.err
    assert "signature" not in done.out
    assert "signature" not in made(tmp_path)[1]


@pytest.mark.usefixtures("nothing_on_path")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--signature", "z"], r"has no signature 'z'; its signatures are 'encode', 'decode'"),
        (["--runtime", "tensorflo"], r"--runtime tensorflo: unknown runtime; did you mean 'tensor"),
        (["--runtime", "onnxruntime"], r"none takes the \.tflite of fp32; add --runtime litert"),
        (
            ["--runtime", "litert", "--runtime", "onnxruntime"],
            r"--runtime onnxruntime: it takes \.onnx files, and none was given",
        ),
        (["--runtime", "edgetpu"], "edgetpu_compiler isn't on the PATH"),
        (
            ["--runtime", "edgetpu", "--signature", "decode"],
            "the engine 'edgetpu' knows a file's main graph alone|isn't on the PATH",
        ),
    ],
)
def test_what_can_not_be_is_one_sentence_and_leaves_nothing(
    init: Init, two: list[str], tmp_path: Path, words: list[str], message: str
) -> None:
    done = init("mine", *two, *words)
    assert done.code == 2
    (sentence,) = [line for line in done.err.splitlines() if line.startswith("edgeassay: ")]
    assert re.search(message, sentence), sentence
    assert not (tmp_path / "models").exists()


def test_other_main_graphs_of_two_files_need_a_name(init: Init, tmp_path: Path) -> None:
    one = write_graphs(tmp_path / "one.tflite", [2, 3], {"a": 0, "b": 1})
    two = write_graphs(tmp_path / "two.tflite", [3, 2], {"b": 0, "a": 1})
    words = ["--artifact", f"fp32={one}", "--artifact", f"int8={two}"]
    done = init("mine", *words)
    assert done.code == 2
    assert "fp32 and int8: the main graph of the one is its signature 'a'" in done.err
    assert init("mine", *words, "--signature", "b").code == 0


def test_an_onnx_has_no_signature(init: Init, tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"\x08\x07")
    done = init("mine", "--artifact", f"fp32={tmp_path / 'a.onnx'}", "--signature", "a")
    assert done.code == 2
    assert "fp32 is an .onnx, which has no signatures" in done.err


@pytest.mark.parametrize("runtime", ["litert-compiled", "litert-builtin"])
def test_a_runtime_that_is_named_is_declared_with_its_options(
    init: Init, two: list[str], tmp_path: Path, runtime: str
) -> None:
    done = init("mine", *two, "--runtime", runtime, "--runtime", "litert")
    assert done.code == 0, done.err
    model, _ = made(tmp_path)
    assert list(model.runtimes) == [runtime, "litert"]
    kernels = {"litert-compiled": "xnnpack", "litert-builtin": "builtin"}
    assert model.runtimes[runtime].kernels == kernels[runtime]


def test_a_compiler_gives_no_tensors_and_the_file_does(
    init: Init, int8: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = tmp_path / "bin/edgetpu_compiler"
    compiler.parent.mkdir()
    compiler.write_text(FAKE.format(python=sys.executable, report=MIXED), encoding="utf-8")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", str(compiler.parent), prepend=":")
    done = init("mine", *int8, "--runtime", "edgetpu")
    assert done.code == 0, done.err
    assert re.search(r"int8 +input +image +int8 +1x8x8x1 +0.00392157 +-128", done.out)
    assert re.search(r"int8 +output +scores +int8 +1x1 +0.00390625 +-128", done.out)
    model, text = made(tmp_path)
    assert list(model.runtimes) == ["edgetpu"]
    assert {rule.claim.value for rule in model.limits} == {"loads"}
    switched_on = re.sub(r'^#(?=[\["a-z])', "", text, flags=re.MULTILINE)
    (tmp_path / "models/mine/model.toml").write_text(switched_on, encoding="utf-8")
    assert "delegated_share" in {rule.claim.value for rule in made(tmp_path)[0].limits}


def test_a_compiled_file_says_what_to_give_instead(init: Init, tmp_path: Path) -> None:
    path = write_graphs(tmp_path / "m.tflite", [1], {"a": 0}, custom="edgetpu-custom-op")
    done = init("mine", "--artifact", f"int8={path}")
    assert done.code == 2
    assert done.err.rstrip().endswith("from before compiling, with --runtime edgetpu")
    assert not (tmp_path / "models").exists()


def ab(*words: str) -> tuple[int, str]:
    done = commands.run("edgeassay", "ab", *words, "--max-time", "2", together=True)
    return done.returncode, " ".join(done.stdout.split())


def test_ab_names_what_it_does_not_compare(tmp_path: Path) -> None:
    one = write_graphs(tmp_path / "one.tflite", [2, 3], {"a": 0, "b": 1})
    two = write_graphs(tmp_path / "two.tflite", [3, 2], {"b": 0, "a": 1})
    code, text = ab(str(one), str(one), "--signature", "b")
    assert code == 0, text
    assert "in BASE and HEAD, only its signature 'b' is compared; signature 'a' of the" in text
    code, text = ab(str(one), str(two), "--signature", "z")
    assert code == 2
    assert "--signature: BASE: one.tflite has no signature 'z'; its signatures are 'a'" in text
    code, text = ab(str(one), str(two))
    assert code == 4
    assert "signature 'a', and that of the other 'b'; name one with" in text
