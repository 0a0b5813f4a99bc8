"""Compression methods: one file a method, one registry, which needs no TensorFlow to read."""

from edgeassay.variants.registry import METHODS, Method, check_variant, method_of, options_of

__all__ = ["METHODS", "Method", "check_variant", "method_of", "options_of"]
