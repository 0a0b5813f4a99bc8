"""The `tflite-runtime` engine: the Interpreter by its old name, whose last release is 2.14."""

from __future__ import annotations

from functools import partial
from importlib import metadata
from typing import Any, Dict

from .engine import Engine
from .interpreter import InterpreterEngine, resolver

PACKAGE = "tflite-runtime"


def describe() -> Dict[str, Any]:
    """The runtime's name and version; raises ImportError where it isn't installed."""
    import tflite_runtime.interpreter  # noqa: F401

    return {"runtime": PACKAGE, "runtime_version": metadata.version(PACKAGE)}


def make(path: str, options: Dict[str, Any]) -> Engine:
    """One .tflite in one Interpreter with the wanted kernels."""
    from tflite_runtime.interpreter import Interpreter, OpResolverType

    kernels = resolver(OpResolverType, options["kernels"])
    return InterpreterEngine(
        partial(Interpreter, experimental_op_resolver_type=kernels), path, options
    )
