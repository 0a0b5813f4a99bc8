"""A worker whose every inference does so much more work inside the measured span.

`python slower.py UNITS WORKER_FOLDER`, as a worker's command: it hashes UNITS blocks beside each
`invoke()`, which is real work, by count and not by time.
"""

from __future__ import annotations

import hashlib
import importlib
import runpy
import sys
from pathlib import Path
from typing import Any

BLOCK = bytes(2048)


def work(units: int) -> None:
    """Hash so many blocks."""
    for _ in range(units):
        hashlib.sha256(BLOCK).digest()


def main() -> None:
    """Start the worker in WORKER_FOLDER with slower engines."""
    units, folder = int(sys.argv[1]), Path(sys.argv[2])
    runpy.run_path(str(folder / "__main__.py"))["_import_as_package"]()
    loop: Any = importlib.import_module("edgeassay_worker.loop")
    make = loop.make

    def slower(*arguments: Any) -> Any:
        engine = make(*arguments)
        invoke = engine.invoke

        def invoke_and_work() -> None:
            invoke()
            work(units)

        engine.invoke = invoke_and_work
        return engine

    loop.make = slower
    loop.main()


if __name__ == "__main__":
    main()
