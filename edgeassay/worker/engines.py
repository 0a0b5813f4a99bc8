"""The worker's adapters by the names that the host uses; each loads when it is asked for."""

from __future__ import annotations

import importlib
from typing import Any, Dict

from .engine import Broken, Engine
from .wheels import unimportable

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
    """The worker has no adapter of that name, or what it adapts isn't installed."""


def _module(engine: str) -> Any:
    if engine not in MODULES:
        raise NoAdapter("this worker has no adapter for %r" % engine)
    return importlib.import_module("." + MODULES[engine], __package__)


def describe(engine: str) -> Dict[str, Any]:
    """The runtime's name and version, and what else it says of itself. NoAdapter where it isn't
    installed, Broken where it is and can't be imported.
    """
    try:
        facts: Dict[str, Any] = _module(engine).describe()
    except (ImportError, OSError) as error:  # OSError: a shared library that isn't there
        words = " ".join(str(error).split())
        if isinstance(error, ImportError) and _is_missing(error):
            raise NoAdapter(words) from None
        raise Broken(unimportable("it", words)) from None
    return facts


def _is_missing(error: ImportError) -> bool:
    """Whether the adapter itself found nothing to import. What a package that is there doesn't find
    is a part of it (a wheel of another architecture or Python), or what it depends on.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    in_adapter = trace is None or trace.tb_frame.f_globals.get("__package__") == __package__
    return in_adapter and "." not in (error.name or "")


def make(engine: str, path: str, options: Dict[str, Any]) -> Engine:
    """The artifact at `path`, loaded; Refused in the runtime's own words where it isn't accepted.

    `options` are the fields of the host's RuntimeSpec.
    """
    made: Engine = _module(engine).make(path, options)
    return made
