"""A part of a split for where the whole would take too long: drawn, not the first that come."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeassay.datasets.split import Split
from edgeassay.errors import ConfigError
from edgeassay.spec import Sample
from edgeassay.stats import patient_codes


def draw_sample(split: Split, sample: Sample, seed: int) -> Split:
    """At most `sample.images` images of whole patients, in the split's order; the split itself
    where it has no more. ConfigError where they are too few for both outcomes of any class.

    Each outcome of each class has its share as nearly as whole patients allow, and one image at
    least: they are taken from the rarest on, and each patient counts for all that he has (iterative
    stratification: Sechidis, Tsoumakas and Vlahavas 2011).
    """
    if sample.images >= len(split):
        return split
    codes = patient_codes(split.patients, len(split))
    positive = split.labels.astype(np.int64)
    outcomes = np.hstack([positive, 1 - positive, ~positive.any(axis=1, keepdims=True)])
    have = np.zeros((codes.max() + 1, outcomes.shape[1]), np.int64)
    np.add.at(have, codes, outcomes)
    total, sizes = have.sum(axis=0), np.bincount(codes)
    wanted = np.maximum(total * sample.images / len(split), 1.0)
    rng = np.random.default_rng(seed)
    chosen, room = np.zeros(len(sizes), bool), sample.images
    for outcome in np.argsort(total, kind="stable"):
        for patient in rng.permutation(np.flatnonzero(have[:, outcome])):
            if wanted[outcome] < 0.5:
                break
            if not chosen[patient] and sizes[patient] <= room:
                chosen[patient] = True
                room -= sizes[patient]
                wanted -= have[patient]
    for patient in rng.permutation(np.flatnonzero(~chosen)):
        if sizes[patient] <= room:
            chosen[patient] = True
            room -= sizes[patient]
    rows = np.flatnonzero(chosen[codes])
    if not len(rows):
        raise ConfigError(
            f"{sample.source} = {sample.images}: no patient has so few images of split"
            f" {split.name!r}, and a sample is of whole patients; take more"
        )
    drawn = rows_of(split, [int(row) for row in rows])
    if split.masks is None and not any(0 < count < len(rows) for count in drawn.labels.sum(axis=0)):
        raise ConfigError(
            f"{sample.source} = {sample.images}: so few images of split {split.name!r}, in whole"
            " patients, have no class with both outcomes; take more"
        )
    return drawn


def one_each(split: Split, seed: int) -> Split:
    """One image of every patient, drawn by `seed`, in the split's order; the split itself where the
    data names no patients.
    """
    if split.patients is None:
        return split
    codes = patient_codes(split.patients, len(split))
    drawn = np.random.default_rng(seed).permutation(len(split))
    _, first = np.unique(codes[drawn], return_index=True)
    return rows_of(split, sorted(int(row) for row in drawn[first]))


def rows_of(split: Split, rows: list[int]) -> Split:
    """The images of some rows as a split of its own."""
    masks = split.masks
    return replace(
        split,
        names=[split.names[row] for row in rows],
        labels=split.labels[rows],
        patients=None if split.patients is None else [split.patients[row] for row in rows],
        load=lambda i: split.load(rows[i]),
        digest=lambda i: split.digest(rows[i]),
        subgroups={k: [values[row] for row in rows] for k, values in split.subgroups.items()},
        masks=None if masks is None else lambda i: masks(rows[i]),
        alike=None,
        negatives=None,
        tones=None,
    )
