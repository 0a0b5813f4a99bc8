"""Two models' scores of the same images: all that claims about quality are taken from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from edgeassay.stats import PairedAucs, compare_aucs
from edgeassay.stats.arrays import Codes, Labels, Scores


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The reference's and the candidate's scores, each (images, classes) like `labels`; `codes`,
    (images,), numbers the patients from 0; `subgroups` has columns of values by which quality is
    looked at too.
    """

    classes: Sequence[str]
    labels: Labels
    reference: Scores
    candidate: Scores
    codes: Codes
    subgroups: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @cached_property
    def aucs(self) -> PairedAucs:
        """Every class's drop, with its evidence."""
        return compare_aucs(self.labels, self.reference, self.candidate, self.codes)

    @property
    def one_sided(self) -> list[str]:
        """The classes that have no AUC: all images are positive, or all negative."""
        pairs = zip(self.classes, self.aucs.counts, strict=True)
        return [name for name, counts in pairs if not counts.both]
