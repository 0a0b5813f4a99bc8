"""The same fixtures as in suites/meta, for what takes longer."""

from suites.meta.conftest import init, interruptible, project

__all__ = ["init", "interruptible", "project"]
