"""Telling a person how long work is getting on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

Advance = Callable[[int], None]


class Reporter(Protocol):
    """Opens a step of `total` parts; the returned function is called with the parts just done."""

    def __call__(self, label: str, total: int) -> AbstractContextManager[Advance]: ...


@contextmanager
def silent(label: str, total: int) -> Iterator[Advance]:
    """A reporter that says nothing."""
    yield lambda parts: None


class ConsoleReporter:
    """A live bar on a terminal; elsewhere one line when a step begins."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def __call__(self, label: str, total: int) -> Iterator[Advance]:
        if not self._console.is_terminal:
            self._console.print(f"{label} …", highlight=False)
            yield lambda parts: None
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task(label, total=total)
            yield lambda parts: bar.advance(task, parts)
