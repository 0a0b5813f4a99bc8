"""An interruption arrives here as in suites/meta."""

from suites.meta.conftest import interruptible

__all__ = ["interruptible"]
