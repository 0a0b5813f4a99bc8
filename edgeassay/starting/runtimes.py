"""What a new model.toml says of its runtimes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from edgeassay.spec import RuntimeSpec
from edgeassay.toml_text import key, prose, quoted

# What a new file says of an engine.
ABOUT: Final[Mapping[str, str]] = {
    "litert": 'What runs a .tflite; `kernels` may be "xnnpack", "builtin" or "reference".',
    "litert-compiled": 'LiteRT\'s CompiledModel; `accelerator` may be "cpu" or "gpu".',
    "tflite-runtime": "TensorFlow Lite's last release under its old name.",
    "tensorflow": "The interpreter that TensorFlow brings along.",
    "onnxruntime": "What runs an .onnx, on the CPU.",
    "tflite-micro": "A microcontroller's kernels: outputs and memory count, times don't.",
    "ethos-u": "Vela, which compiles for an Ethos-U, the `target`, and estimates. It runs nothing.",
    "edgetpu": "The compiler for the Coral Edge TPU. It runs nothing.",
}
MEASURED: Final = ("litert", "litert-compiled", "tflite-runtime", "tensorflow", "onnxruntime")


def runtimes_table(runtimes: Mapping[str, RuntimeSpec]) -> list[str]:
    """The table [runtimes], each with what it is."""
    lines = ["[runtimes]"]
    for name, runtime in runtimes.items():
        lines += prose(ABOUT[runtime.engine])
        lines.append(f"{key(name)} = {{ {', '.join(_options(runtime))} }}")
    return lines


def _options(runtime: RuntimeSpec) -> list[str]:
    """An engine's usual options, and what of a runtime is otherwise."""
    usual, given = asdict(RuntimeSpec(engine=runtime.engine)), asdict(runtime)
    shown = {"engine", *(name for name in given if given[name] != usual[name])}
    shown |= {"threads"} if runtime.engine in MEASURED else set()
    shown |= {"kernels"} if runtime.engine == "litert" else set()
    return [
        f"{name} = {value if isinstance(value, int) else quoted(str(value))}"
        for name, value in given.items()
        if name in shown
    ]
