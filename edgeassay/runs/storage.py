"""The folder that a machine's runs are saved in: by number, each file whole.

Below it pytest-benchmark's own layout stays: `<system-python>/NNNN_<name>.json`. One number is
given once in the whole folder, so that the numbers tell the order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from edgeassay.atomic import check_replaceable, locked, write_bytes
from edgeassay.temporary import sweep

SAVED: Final = re.compile(r"(\d{4,})_.*\.json", re.DOTALL)


def number_of(path: Path) -> int | None:
    """The number in a saved run's name; None where it is no name of a saved run."""
    named = SAVED.fullmatch(path.name)
    return None if named is None else int(named[1])


def saved_files(storage: Path) -> list[Path]:
    """The saved runs in a folder and below it, the first saved first; none where there is no
    folder. By number, which is an order within one machine's folder.
    """
    found = ((number_of(path), path) for path in storage.rglob("*.json"))
    numbered = [(number, path) for number, path in found if number is not None]
    return [path for _, path in sorted(numbered)]


def save_run(storage: Path, below: str, name: str, content: bytes) -> Path:
    """Save a run as the next in `storage`, in its folder `below`, and say where.

    ConfigError, with nothing left behind, where that can't be done. Of two at once each gets a
    number of its own; where one is killed, there is its whole file or none.
    """
    with alone(storage):
        number = max((number_of(path) or 0 for path in saved_files(storage)), default=0) + 1
        path = storage / below / f"{number:04}_{name}.json"
        write_bytes(path, content)
    return path


def check_can_save(storage: Path, below: str, name: str) -> None:
    """ConfigError where no run of that name can be saved."""
    with alone(storage):
        check_replaceable(storage / below / f"0001_{name}.json")


@contextmanager
def alone(storage: Path) -> Iterator[None]:
    """Keep other runs from writing here, and clear away what those that were killed left.

    ConfigError where the folder can't be used.
    """
    remedy = "choose another place with --benchmark-storage"
    with locked(storage / "saving.lock", f"{storage} can't be written", remedy):
        sweep(storage, below=True)
        yield
