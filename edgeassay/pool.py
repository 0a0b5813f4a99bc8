"""Workers that wait for more work: one that has served well serves the next artifact too."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from edgeassay.errors import ArtifactError, MeasurementError
from edgeassay.workers import Worker


class Pool:
    """Idle workers, by what they can serve. Whatever is timed gets fresh ones instead."""

    def __init__(self) -> None:
        self._idle: dict[Hashable, list[Worker]] = {}

    @contextmanager
    def lend(self, key: Hashable, start: Callable[[], Worker]) -> Iterator[Worker]:
        """An idle worker for `key`, or one that `start` gives. It comes back unless something went
        wrong that isn't the artifact's.
        """
        idle = self._idle.setdefault(key, [])
        while idle and not idle[-1].lives:  # its connection went away meanwhile
            idle.pop().close()
        worker = idle.pop() if idle else start()
        try:
            yield worker
        except (ArtifactError, MeasurementError):
            idle.append(worker)
            raise
        except BaseException:
            worker.close()
            raise
        idle.append(worker)

    def close(self) -> None:
        """End all that are idle."""
        for worker in (w for idle in self._idle.values() for w in idle):
            worker.close()
        self._idle.clear()
