"""From which size on one runtime is faster than another: `edgeassay break-even`; from which variant
on a CPU is faster than the whole network on an accelerator: `edgeassay overtake`.
"""

from edgeassay.breakeven.command import break_even_command
from edgeassay.breakeven.overtaking import overtake_command

__all__ = ["break_even_command", "overtake_command"]
