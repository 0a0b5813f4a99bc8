"""Which of several sub-networks runs next: the widest that keeps a budget of time."""

from edgeassay.selecting.command import select_command
from edgeassay.selecting.selector import Selector

__all__ = ["Selector", "select_command"]
