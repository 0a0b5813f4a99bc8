"""Slimmable networks: one set of weights, several widths, each exported as a network of its own."""

from edgeassay.slimming.archive import Slimmable, read_slimmable, sub_network
from edgeassay.slimming.shape import Shape
from edgeassay.slimming.training import SlimSchedule, slim

__all__ = ["Shape", "SlimSchedule", "Slimmable", "read_slimmable", "slim", "sub_network"]
