"""`edgeassay compare`: two builds by their saved runs."""

from edgeassay.comparing.command import compare_command

__all__ = ["compare_command"]
