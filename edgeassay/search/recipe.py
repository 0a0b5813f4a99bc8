"""A recipe: which precision each layer of a network has."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from edgeassay.spec import VariantSpec
from edgeassay.variants.precisions import FLOAT, precisions


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The precision of every layer by its name, in the network's order."""

    layers: Mapping[str, str]

    @property
    def digest(self) -> str:
        """The same recipe, the same digest."""
        text = json.dumps(list(self.layers.items()))
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]

    @property
    def counts(self) -> dict[str, int]:
        """How many layers have each precision, the most frequent first."""
        return dict(Counter(self.layers.values()).most_common())

    @property
    def is_float(self) -> bool:
        """Whether it leaves the network as it is."""
        return set(self.layers.values()) == {FLOAT}

    @property
    def words(self) -> str:
        """How a table shows it."""
        counts = self.counts
        if len(counts) == 1:
            return f"all {next(iter(counts))}"
        return ", ".join(f"{count} {name}" for name, count in counts.items())

    def variant(self, calibration_images: int) -> VariantSpec:
        """The variant that it declares, calibrated by so many images where a precision needs it."""
        others = next(iter(self.counts))
        looks = any(precisions()[name].calibrates for name in self.counts)
        return VariantSpec(
            method="mixed",
            others=others,
            layers={name: kind for name, kind in self.layers.items() if kind != others},
            calibration_images=calibration_images if looks else 0,
        )
