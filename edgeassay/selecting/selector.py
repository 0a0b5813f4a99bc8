"""The widest sub-network that fits a latency budget, by what inferences took: pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from edgeassay.spec import Selecting


@dataclass(frozen=True, kw_only=True)
class Selector:
    """What runs next, and what is known of it; `after` an inference there is a new one.

    `widths` are named from the narrowest on. `alone_ms` has what each takes where nothing else
    runs: only how they relate matters, since a loaded machine is taken to slow all of them alike.

    - After an inference that missed the budget the widest runs that would have kept it. So the
      budget is missed twice in a row only where the machine became slower in between, or where the
      narrowest misses it too: then `fits` is false.
    - A wider one runs once it would have kept the budget with head-room after enough inferences in
      a row. Under a constant load nothing changes any more after that.
    - Where a load slows one width more than others, it fails when it is tried; each failure doubles
      how long it isn't tried again.
    """

    widths: tuple[str, ...]
    alone_ms: tuple[float, ...]
    budget_ms: float
    settings: Selecting
    current: int
    fits: bool
    calm: int
    trial: int
    waits: tuple[int, ...]

    @classmethod
    def begin(
        cls,
        widths: tuple[str, ...],
        alone_ms: tuple[float, ...],
        *,
        budget_ms: float,
        settings: Selecting,
    ) -> Selector:
        """With the widest that fits on a machine that does nothing else.

        ValueError where times don't rise with the width: a narrower one that is no faster would
        never be worth its loss of quality.
        """
        rising = all(a < b for a, b in pairwise((0.0, *alone_ms)))
        if not widths or len(widths) != len(alone_ms) or not rising:
            raise ValueError(f"times of {widths} must rise with the width, and are {alone_ms}")
        if not budget_ms > 0.0:
            raise ValueError(f"a budget of {budget_ms} ms is none")
        current = _widest(alone_ms, budget_ms)
        return cls(
            widths=widths,
            alone_ms=alone_ms,
            budget_ms=budget_ms,
            settings=settings,
            current=max(0, current),
            fits=current >= 0,
            calm=0,
            trial=0,
            waits=(settings.patience,) * len(widths),
        )

    @property
    def width(self) -> str:
        """The sub-network that runs next."""
        return self.widths[self.current]

    def after(self, duration_ms: float) -> Selector:
        """What runs next, once the current one has taken so long."""
        load = duration_ms / self.alone_ms[self.current]
        if duration_ms > self.budget_ms:
            return self._narrower(load)
        return replace(self._proven(), fits=True)._wider(load)

    def _narrower(self, load: float) -> Selector:
        """After a miss: at once the widest that would have kept the budget."""
        widest = _widest(self.alone_ms[: self.current], self.budget_ms / load)
        waits = list(self.waits)
        if self.trial:
            waits[self.current] = min(2 * waits[self.current], self.settings.most_patience)
        return replace(
            self,
            current=max(0, widest),
            fits=widest >= 0,
            calm=0,
            trial=0,
            waits=tuple(waits),
        )

    def _proven(self) -> Selector:
        """One inference more without a miss: who has been tried for long enough has proved good."""
        if self.trial != 1:
            return replace(self, trial=max(0, self.trial - 1))
        waits = list(self.waits)
        waits[self.current] = self.settings.patience
        return replace(self, trial=0, waits=tuple(waits))

    def _wider(self, load: float) -> Selector:
        """The next wider one, where it would have had head-room for long enough."""
        wider = self.current + 1
        if wider == len(self.widths):
            return self
        if load * self.alone_ms[wider] > self.settings.head_room * self.budget_ms:
            return replace(self, calm=0)
        if self.calm + 1 < self.waits[wider]:
            return replace(self, calm=self.calm + 1)
        return replace(self, current=wider, calm=0, trial=self.settings.patience)


def _widest(times: tuple[float, ...], most: float) -> int:
    """The place of the last time that is at most so long; -1 where none is."""
    return max((place for place, time in enumerate(times) if time <= most), default=-1)
