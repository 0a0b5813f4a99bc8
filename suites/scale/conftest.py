"""The same fixtures as in suites/meta, for what takes longer."""

from suites.meta.conftest import interruptible, project

__all__ = ["interruptible", "project"]
