"""Which of several sub-networks runs next: the widest that keeps a budget of time."""

from edgeassay.selecting.selector import Selector

__all__ = ["Selector"]
