"""Structured pruning: channels are removed, and what is left is a smaller network."""

from edgeassay.pruning.command import prune_command

__all__ = ["prune_command"]
