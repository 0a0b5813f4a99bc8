"""What a search is told."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edgeassay.config import choose
from edgeassay.errors import ConfigError
from edgeassay.search.tried import Objective
from edgeassay.variants.precisions import FLOAT, precisions

# int16 activations have no fast kernels on a CPU: where time counts they have to be named.
CHOICES: Final = {"size": ("int8", "int16x8", FLOAT), "latency": ("int8", FLOAT)}
SECONDS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The question, and how long to search for an answer. `margin` is None where the model's own
    limit holds, `time_s` where only trials are counted, `storage` for a study in memory.
    """

    model: str
    variant: str
    objective: Objective
    choices: tuple[str, ...]
    margin: float | None
    trials: int
    time_s: float | None
    seed: int
    storage: str | None
    study: str
    runtime: str

    @property
    def command(self) -> str:
        """What asks the same again; where the study is kept is nobody's business."""
        words = ["edgeassay", "search", self.model, self.variant, "--minimise", self.objective]
        for choice in self.choices:
            words += ["--precision", choice]
        if self.margin is not None:
            words += ["--margin", f"{self.margin:g}"]
        if self.time_s is not None:
            words += ["--time", f"{self.time_s:g}s"]
        words += ["--trials", str(self.trials), "--seed", str(self.seed)]
        return shlex.join([*words, "--runtime", self.runtime])


def read_choices(given: Sequence[str], objective: Objective) -> tuple[str, ...]:
    """The precisions to choose from, in the order of precisions.toml; ConfigError where one is
    unknown or there is nothing to choose.
    """
    wanted = given or CHOICES[objective]
    found = tuple(choose("precision", wanted, precisions()))
    if len(found) < 2:
        raise ConfigError(
            f"--precision {found[0]}: a search chooses between two precisions at least; name"
            f" another of {', '.join(precisions())}"
        )
    return found


def read_objective(given: str) -> Objective:
    """What is to be minimised."""
    if given == "size":
        return "size"
    if given == "latency":
        return "latency"
    raise ConfigError(f"--minimise {given}: it is either size or latency")


def read_seconds(given: str | None) -> float | None:
    """A time such as 90, 90s, 10m or 2h."""
    if given is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", given.strip())
    if match is None or float(match[1]) == 0.0:
        raise ConfigError(f"--time {given!r} is no time; write seconds, or 90s, 10m, 2h")
    return float(match[1]) * SECONDS[match[2]]
