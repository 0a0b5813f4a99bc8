"""The worker's adapters by the names that the host uses; each loads when it is asked for."""

from __future__ import annotations

import importlib
from typing import Any, Dict

from .engine import Engine

# Each module has `describe()`, which raises ImportError where the runtime can't be imported, and
# `make(path, options)`, which gives an Engine or raises Refused.
MODULES: Dict[str, str] = {
    "litert": "litert",
    "litert-compiled": "litert_compiled",
    "tflite-runtime": "tflite_runtime",
    "tensorflow": "tensorflow_lite",
    "onnxruntime": "onnx_runtime",
    "tflite-micro": "tflite_micro",
    "ethos-u": "ethos_u",
    "edgetpu": "edge_tpu",
}


class NoAdapter(Exception):
    """The worker has no adapter of that name, or what it adapts can't be imported."""


def _module(engine: str) -> Any:
    if engine not in MODULES:
        raise NoAdapter("this worker has no adapter for %r" % engine)
    return importlib.import_module("." + MODULES[engine], __package__)


def describe(engine: str) -> Dict[str, Any]:
    """The runtime's name and version, and what else it says of itself."""
    try:
        facts: Dict[str, Any] = _module(engine).describe()
    except ImportError as error:
        raise NoAdapter("the runtime can't be imported: %s; install it there" % error) from None
    return facts


def make(engine: str, path: str, options: Dict[str, Any]) -> Engine:
    """The artifact at `path`, loaded; Refused in the runtime's own words where it isn't accepted.

    `options` are the fields of the host's RuntimeSpec.
    """
    made: Engine = _module(engine).make(path, options)
    return made
