"""From which size on one runtime is faster than another: `edgeassay break-even`."""

from edgeassay.breakeven.command import break_even_command

__all__ = ["break_even_command"]
