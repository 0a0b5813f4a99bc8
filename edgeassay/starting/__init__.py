"""A new model's folder from what a user has: artifacts, or a trained network."""

from edgeassay.starting.folder import Started, start_model
from edgeassay.starting.given import Given, read_given
from edgeassay.starting.tensors import Tensors

__all__ = ["Given", "Started", "Tensors", "read_given", "start_model"]
