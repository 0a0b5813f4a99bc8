"""How a history of saved runs is summarised."""

from __future__ import annotations

from dataclasses import dataclass

from edgeassay.spec.data import STRICT


@dataclass(frozen=True, kw_only=True)
class History:
    """What counts as a change point, and when a series is long enough for one.

    A further change point must explain `penalty` variances of the noise, times the logarithm of the
    number of runs. Noise, as a share of the median, is taken for `least_noise` at least. Fewer runs
    than `least_runs` have neither trend nor change points; between two change points are at least
    `least_stretch` runs. A new artifact or stack is named where it came at most `near_runs` from a
    change point.
    """

    __pydantic_config__ = STRICT
    penalty: float
    least_noise: float
    least_runs: int
    least_stretch: int
    near_runs: int
