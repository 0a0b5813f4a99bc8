"""The same fixtures as in suites/meta."""

from suites.meta.conftest import project

__all__ = ["project"]
