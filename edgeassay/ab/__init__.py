"""`edgeassay ab`: two builds against each other, on this machine, now."""

from edgeassay.ab.command import ab_command

__all__ = ["ab_command"]
