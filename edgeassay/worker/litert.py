"""The `litert` engine: ai-edge-litert's Interpreter."""

from __future__ import annotations

from functools import partial
from importlib import metadata
from typing import Any, Dict

from .engine import Engine
from .interpreter import InterpreterEngine, resolver

PACKAGE = "ai-edge-litert"


def describe() -> Dict[str, Any]:
    """The runtime's name and version; raises ImportError where it isn't installed."""
    import ai_edge_litert.interpreter  # noqa: F401

    return {"runtime": PACKAGE, "runtime_version": metadata.version(PACKAGE)}


def make(path: str, options: Dict[str, Any]) -> Engine:
    """One .tflite in one Interpreter with the wanted kernels."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kernels = resolver(OpResolverType, options["kernels"])
    kind = partial(Interpreter, experimental_op_resolver_type=kernels)
    return InterpreterEngine(kind, path, options)
