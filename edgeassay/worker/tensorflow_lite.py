"""The `tensorflow` engine: the Interpreter that TensorFlow brings along as tf.lite."""

from __future__ import annotations

import os
import warnings
from functools import partial
from typing import Any, Dict

from .engine import Engine
from .interpreter import InterpreterEngine, resolver

# Read while TensorFlow is imported: it says little, and leaves a GPU alone that nobody asked for.
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


def describe() -> Dict[str, Any]:
    """The runtime's name and version; raises ImportError where it isn't installed."""
    os.environ.update(QUIET)
    import tensorflow

    return {"runtime": "tensorflow", "runtime_version": str(tensorflow.__version__)}


def make(path: str, options: Dict[str, Any]) -> Engine:
    """One .tflite in one Interpreter with the wanted kernels."""
    os.environ.update(QUIET)
    import tensorflow

    lite = tensorflow.lite
    kernels = resolver(lite.experimental.OpResolverType, options["kernels"])
    kind = partial(lite.Interpreter, experimental_op_resolver_type=kernels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is going to move to LiteRT
        return InterpreterEngine(kind, path, options)
