"""Environments that runtimes are installed in, each a Python of its own."""

from __future__ import annotations

from pathlib import Path

from edgeassay.errors import Absent


def python_of(name: str) -> Path:
    """The Python of an installed environment; Absent where it isn't installed."""
    raise Absent(f"the environment {name!r} isn't installed; `edgeassay runtimes --install {name}`")
