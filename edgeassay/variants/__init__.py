"""Compression methods: one file a method, one registry, which needs no TensorFlow to read."""

from edgeassay.variants.contents import Contents, contents_of
from edgeassay.variants.precisions import FILE as PRECISIONS
from edgeassay.variants.precisions import FLOAT, Precision, precisions
from edgeassay.variants.registry import (
    METHODS,
    TENSORFLOW_OPTIONS,
    Method,
    calibrates,
    check_variant,
    given_options,
    method_of,
    options_of,
    trains,
)

__all__ = [
    "FLOAT",
    "METHODS",
    "PRECISIONS",
    "TENSORFLOW_OPTIONS",
    "Contents",
    "Method",
    "Precision",
    "calibrates",
    "check_variant",
    "contents_of",
    "given_options",
    "method_of",
    "options_of",
    "precisions",
    "trains",
]
