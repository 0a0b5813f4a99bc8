"""What is drawn of a case, from what a run has measured of it; nothing is measured for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from edgeassay.evidence import Evidence
from edgeassay.report.curves import (
    Curves,
    SubgroupRecord,
    bin_records,
    roc_records,
    times_record,
)
from edgeassay.spec import Case
from edgeassay.stats.arrays import Codes

MOST_VALUES: Final = 40  # of a column that quality is judged by, that are listed


def curves_of(evidence: Evidence, case: Case) -> Curves | None:
    """The curves of a case; None where it was neither evaluated nor timed."""
    made, timed = evidence.evaluations.known(case), evidence.timings.known(case)
    if made is None and timed is None:
        return None
    curves = Curves()
    if made is not None:
        split = evidence.evaluations.data(case.model).split
        if np.isfinite(made.scores).all():  # of others there is no curve, and a claim says so
            curves.roc = roc_records(split.labels, made.scores, evidence.rig.model(case).classes)
            curves.reliability = bin_records(split.labels, made.scores)
        codes = split.codes
        curves.subgroups = _subgroups(split.subgroups, codes)
    if timed is not None:
        curves.times = times_record(timed.candidate.durations.astype(np.float64))
    return curves


def _subgroups(columns: Mapping[str, Sequence[str]], codes: Codes) -> list[SubgroupRecord]:
    """How many images and patients each value has."""
    found = []
    for column, values in columns.items():
        texts, of = np.unique(np.asarray(values), return_inverse=True)
        found += [
            SubgroupRecord(
                column=column,
                value=str(text) or "nothing",
                images=int((of == k).sum()),
                patients=len(np.unique(codes[of == k])),
            )
            for k, text in enumerate(texts[:MOST_VALUES])
        ]
    return found
