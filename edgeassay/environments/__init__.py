"""Environments that runtimes are installed in, each a Python of its own."""

from edgeassay.environments.installing import install
from edgeassay.environments.places import declared, installed, python_of, runtimes_folder, serves

__all__ = ["declared", "install", "installed", "python_of", "runtimes_folder", "serves"]
