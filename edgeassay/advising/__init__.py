"""Which variant to ship on a device, and why: `edgeassay advise`."""

from edgeassay.advising.command import advise_command

__all__ = ["advise_command"]
