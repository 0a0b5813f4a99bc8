"""Recipes made and measured: on the validation split only, and at the very end once on the test
split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edgeassay.errors import (
    ArtifactError,
    BuildFailed,
    ConfigError,
    DataError,
    EdgeassayError,
    MeasurementError,
    WorkerError,
)
from edgeassay.measure.drops import auc_measured, mean_drop_measured
from edgeassay.search.recipe import Recipe
from edgeassay.search.tried import Objective, Tried
from edgeassay.spec import Limit, Measurement, Role
from edgeassay.trials import WHOLE, Trials

# A recipe is timed so often at most, until nobody disturbs it.
TIMINGS: Final = 3
# What of a recipe fails, and not the search.
FAILURES: Final = (ArtifactError, BuildFailed, MeasurementError, WorkerError)


class Looker:
    """Makes recipes and measures them, each once; what is asked for again is remembered."""

    def __init__(
        self, trials: Trials, *, objective: Objective, margin: Limit, calibration_images: int
    ) -> None:
        self._trials = trials
        self._objective = objective
        self._margin = margin
        self._images = calibration_images
        self._whole_bytes = trials.artifact(WHOLE).size_bytes

    def name(self, recipe: Recipe) -> str:
        """What a recipe is called among the trials: by its layers, so that what was predicted for
        it is found again by whoever tries it again.
        """
        return WHOLE if recipe.is_float else f"mixed-{recipe.digest}"

    def prepare(self, recipes: Sequence[Recipe]) -> None:
        """Make several in one converter process."""
        wanted = {self.name(r): r.variant(self._images) for r in recipes if not r.is_float}
        self._trials.add(wanted)
        if wanted:
            self._trials.prepare(list(wanted))

    def look(self, number: int, recipe: Recipe) -> Tried:
        """Measure it, and remove its bytes; an error of `FAILURES` where it doesn't work."""
        name = self.name(recipe)
        try:
            artifact = self._trials.artifact(name)
            return Tried(
                number=number,
                recipe=recipe,
                sha256=artifact.sha256,
                size_bytes=artifact.size_bytes,
                size_ratio=artifact.size_bytes / self._whole_bytes,
                drop=self._trials.drop(name, self._margin.value),
                latency=self._latency(recipe) if self._objective == "latency" else None,
            )
        finally:
            if not recipe.is_float:
                self._trials.discard(name)

    def latency_anew(self, recipe: Recipe) -> Measurement:
        """Its time once more, whatever was measured before."""
        self._trials.forget_times(self.name(recipe))
        self.prepare([recipe])
        return self._latency(recipe)

    def _latency(self, recipe: Recipe) -> Measurement:
        """Its time, taken again where others disturbed it; of nothing but such, the middle one:
        a stalled process can make any recipe look many times faster.
        """
        if recipe.is_float:  # by itself, whatever its time
            return Measurement(value=1.0, unit="ratio", n=1)
        name, taken = self.name(recipe), list[Measurement]()
        for _ in range(TIMINGS):
            if taken:
                self._trials.forget_times(name)
            taken.append(self._trials.latency_ratio(name))
            if taken[-1].insufficient is None:
                return taken[-1]
        return sorted(taken, key=lambda one: one.value)[len(taken) // 2]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The test split, read once: the float network's mean AUC, the variant's, and the drop."""

    reference: Measurement
    auc: Measurement
    drop: Measurement


def read_test(looker: Looker, trials: Trials, recipe: Recipe, margin: Limit) -> Reading:
    """What the test split says of what was chosen without it; an EdgeassayError where it can't be
    read.
    """
    looker.prepare([recipe])
    compared = trials.compared(looker.name(recipe), Role.EVALUATION)
    drop = compared.aucs.mean()
    need = trials.declared.statistics
    measured = mean_drop_measured(compared, margin.value, need)
    if drop is None or measured is None:
        raise DataError("no class of the test split has both positive and negative images")
    return Reading(
        reference=auc_measured(drop.reference, compared, need),
        auc=auc_measured(drop.candidate, compared, need),
        drop=measured,
    )


def check_precisions(
    looker: Looker, layers: Sequence[str], choices: Sequence[str]
) -> Mapping[str, Tried]:
    """Every precision tried on all layers; ConfigError names one that the quantizer can't make, or
    the runtime can't run, and that it has to be left out.
    """
    whole = {name: Recipe(layers=dict.fromkeys(layers, name)) for name in choices}
    looker.prepare(list(whole.values()))
    found = {}
    for name, recipe in whole.items():
        try:
            found[name] = looker.look(0, recipe)
        except FAILURES as error:
            raise ConfigError(
                f"--precision {name} can't be searched with: {told(error)}; name the others alone"
            ) from None
    return found


def told(error: EdgeassayError) -> str:
    """An error's sentence without its last stop."""
    return str(error).rstrip(".")
