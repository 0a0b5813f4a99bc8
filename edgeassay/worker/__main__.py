"""Start the worker: `python3 <this folder>`; it then speaks the protocol on stdin and stdout."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys


def _import_as_package() -> None:
    """Make this folder importable as `edgeassay_worker`, wherever it was copied to.

    Python has put the folder itself on sys.path, where its modules could hide a runtime's.
    """
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != folder]
    spec = importlib.util.spec_from_file_location(
        "edgeassay_worker",
        os.path.join(folder, "__init__.py"),
        submodule_search_locations=[folder],
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["edgeassay_worker"] = package
    spec.loader.exec_module(package)


def _check_numpy() -> None:
    """End with one line where NumPy isn't there, or is for another Python or architecture."""
    wheels = importlib.import_module("edgeassay_worker.wheels")
    try:
        importlib.import_module("numpy")
    except (ImportError, OSError) as error:
        sys.exit(wheels.unimportable("NumPy", wheels.deepest(error)))


if __name__ == "__main__":
    if sys.version_info < (3, 9):
        sys.exit("Python 3.9 or later is needed there, and this is %d.%d" % sys.version_info[:2])
    _import_as_package()
    _check_numpy()
    importlib.import_module("edgeassay_worker.loop").main()
