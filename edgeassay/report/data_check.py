"""What a look at a whole data set found, for a terminal."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.table import Table

from edgeassay.datasets.alike import SIMILARITY, Alike
from edgeassay.datasets.checking import DataReport
from edgeassay.datasets.labels import positives_told
from edgeassay.report.tones import too_dark, too_shallow

UNREADABLE_SHOWN: Final = 10


def print_data_check(found: DataReport, similarity: float, console: Console) -> None:
    """Tables of the splits, of what can't be read and of what is alike, and a line that sums up."""
    console.print(_splits(found))
    console.print(_positives(found))
    for split in found.splits:
        if split.negatives:
            counts = dict(zip(found.classes, split.positives, strict=True))
            told = positives_told(counts, split.images, split.negatives)
            _say(console, f"{split.name}: {told}")
    for sentence in (found.one_sided, found.overlap):
        if sentence is not None:
            _say(console, sentence)
    _print_tones(found, console)
    for failure in found.unreadable[:UNREADABLE_SHOWN]:
        _say(console, f"unreadable in {failure.split}: {failure.name}: {failure.reason}")
    more = len(found.unreadable) - UNREADABLE_SHOWN
    if more > 0:
        _say(console, f"unreadable: {more:,} more")
    _print_pairs(found.alike, console)
    if found.within.count:
        _say(
            console,
            f"within evaluation {found.within.count:,} pairs are equal or above {similarity:g}, and"
            f" are no further evidence: a run counts images of one picture (above {SIMILARITY:g})"
            " as one patient's",
        )
        _print_pairs(found.within, console)
    _say(console, summary(found, similarity))


def _print_tones(found: DataReport, console: Console) -> None:
    """How many images are nearly black, or have fewer bits than others, by split."""
    images = sum(split.images for split in found.splits)
    for sentence, counted in (
        (too_dark, {split.name: split.dark for split in found.splits}),
        (too_shallow, {split.name: split.shallow for split in found.splits}),
    ):
        count = sum(counted.values())
        if count:
            parts = ", ".join(f"{name} {number:,}" for name, number in counted.items() if number)
            _say(console, sentence(count, images, f" ({parts})"))


def _print_pairs(alike: Alike, console: Console) -> None:
    if not alike.pairs:
        return
    console.print(_pairs(alike))
    more = alike.count - len(alike.pairs)
    if more > 0:
        _say(console, f"alike: {more:,} more pairs")


def summary(found: DataReport, similarity: float) -> str:
    """One line: how much was read, and what of it is no good."""
    images = sum(split.images for split in found.splits)
    named = all(split.patients is not None for split in found.splits)
    patients = (
        "evaluation shares images or patients"
        if found.overlap is not None
        else "evaluation shares no patient"
        if named
        else "no patients named, so nobody can tell whether evaluation shares one"
    )
    return (
        f"{found.where}: {images:,} images, {len(found.unreadable):,} unreadable; {patients};"
        f" {found.alike.count:,} pairs across splits equal or above {similarity:g},"
        f" {found.alike.evaluation_count:,} of them with evaluation"
    )


def _say(console: Console, sentence: str) -> None:
    console.print(sentence, highlight=False, markup=False, soft_wrap=True)


def _splits(found: DataReport) -> Table:
    table = Table("split", "serves", pad_edge=False)
    for heading in ("images", "patients"):
        table.add_column(heading, justify="right")
    for split in found.splits:
        table.add_row(
            split.name,
            ", ".join(split.roles) or "no role",
            f"{split.images:,}",
            "not named" if split.patients is None else f"{split.patients:,}",
        )
    return table


def _positives(found: DataReport) -> Table:
    what = "drawn / not drawn" if found.segmented else "positive / negative"
    table = Table(what, pad_edge=False)
    for split in found.splits:
        table.add_column(split.name, justify="right")
    for number, name in enumerate(found.classes):
        counts = ((split.positives[number], split.images) for split in found.splits)
        table.add_row(
            name, *(f"{count:,} / {of - count:,} ({count / of:.1%})" for count, of in counts)
        )
    return table


def _pairs(alike: Alike) -> Table:
    table = Table("image", "split", "like image", "split", "correlation", pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    for pair in alike.pairs:
        table.add_row(
            pair.first,
            pair.first_split,
            pair.second,
            pair.second_split,
            "equal bytes" if pair.identical else f"{pair.correlation:.4f}",
        )
    return table
