"""The same fresh project as in suites/meta, for what takes longer."""

from suites.meta.conftest import project

__all__ = ["project"]
