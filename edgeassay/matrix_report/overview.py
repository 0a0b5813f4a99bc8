"""All that the report shows, as plain text and tables; how it looks is for others to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edgeassay.matrix_report.numbers import (
    DISTURBED,
    NOT_ASKED,
    Cell,
    Notes,
    auc,
    delegated,
    drop,
    memory,
    parity,
    ratio,
    size,
    times,
    verdict,
    worst,
)
from edgeassay.matrix_report.rows import Row, Run, merge
from edgeassay.matrix_report.runs import about_files, about_run
from edgeassay.matrix_report.verdicts import Opposite, opposites, parities, sentences
from edgeassay.report.decision import DECLARED
from edgeassay.report.marks import legend
from edgeassay.report.unjudged import unjudged_files
from edgeassay.runs.records import plain
from edgeassay.spec import Verdict

Maker = Callable[[Row, Notes], Cell]
# What is measured, by the head of its column; the parity only where it is claimed.
MEASURED: Final[Mapping[str, Maker]] = {
    "size": size,
    "AUC": auc,
    "AUC drop": drop,
    "p50 / p95 ms": times,
    "time ratio": ratio,
    "delegated": delegated,
    "memory": memory,
    "parity": parity,
}
MEANINGS: Final = (
    "size: the file's bytes, and in brackets their ratio to the reference's",
    "AUC drop: the reference's mean AUC less this one's, so more than 0 is worse; of what is"
    " segmented, AUC and drop are those of the mean Dice, and say so",
    "time ratio: the median time by that of the reference on the same runtime, device and run, in"
    " turn, so less than 1 is faster; times of different devices or kinds are never compared",
    "delegated: of the graph's nodes, those that the runtime's delegate took; the others run on"
    " slower kernels",
    "memory: by how much a process grew at most; of a microcontroller the arena, of an accelerator"
    " the SRAM",
    "[ , ]: bounds, each one-sided with the model's confidence, of a time those of p50; ? where one"
    " isn't known",
    f"{NOT_ASKED}, where a number would be: nothing asked for it",
    "declared: a failure that the model's own file declares, with its reason and until when",
)
NO_MARK: Final = "a number without a mark is measured on the device itself"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of the table, as text."""

    row: Row
    cells: Mapping[str, Cell]
    verdict: str
    worst: str

    @property
    def merged(self) -> list[tuple[str, Cell, int]]:
        """The cells by column, each with how many columns it stands for: neighbours that lack a
        number for the same reason say it once.
        """
        found: list[tuple[str, Cell, int]] = []
        for name, cell in self.cells.items():
            if found and cell.note is not None and found[-1][1] == cell:
                found[-1] = (*found[-1][:2], found[-1][2] + 1)
            else:
                found.append((name, cell, 1))
        return found


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The report: each model's lines, opposite verdicts, and all that is said around them.

    `runs` has each run's facts, by what they are about; `notes` are numbered from 1.
    """

    title: str
    runs: tuple[tuple[str, Mapping[str, str]], ...]
    models: Mapping[str, tuple[Line, ...]]
    columns: tuple[str, ...]
    notes: tuple[str, ...]
    opposites: tuple[Opposite, ...]
    failed: tuple[str, ...]
    declared: tuple[str, ...]
    parities: tuple[str, ...]
    legend: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def lists(self) -> Mapping[str, tuple[str, ...]]:
        """What is said below the tables, by its heading, without what is empty."""
        found = {
            "Failed": self.failed,
            "Declared": self.declared,
            "Parity": self.parities,
            "To be known": self.remarks,
            "Legend": self.legend,
        }
        return {heading: lines for heading, lines in found.items() if lines}


def overview(runs: Sequence[Run], title: str) -> Overview:
    """What runs show together; ConfigError where two of them judge the same case."""
    rows, notes = merge(runs), Notes()
    columns = tuple(name for name in MEASURED if name != "parity" or _has_parity(rows))
    models: dict[str, list[Line]] = {}
    for row in rows:
        line = Line(
            row=row,
            cells={name: MEASURED[name](row, notes) for name in columns},
            verdict=verdict(row),
            worst=worst(row),
        )
        models.setdefault(row.case.model, []).append(line)
    return Overview(
        title=plain(title),
        runs=tuple((plain(run.where), about_run(run)) for run in runs),
        models={model: tuple(lines) for model, lines in models.items()},
        columns=columns,
        notes=tuple(notes.reasons),
        opposites=tuple(opposites(rows)),
        failed=tuple(sentences(rows, Verdict.FAIL.value)),
        declared=tuple(sentences(rows, DECLARED)),
        parities=tuple(parities(rows)),
        legend=_legend(rows, columns),
        remarks=(
            *about_files(rows),
            *unjudged_files(row.facts for row in rows if row.facts is not None),
        ),
    )


def _has_parity(rows: Sequence[Row]) -> bool:
    return any(
        parity(row, Notes()).text != NOT_ASKED
        for row in rows
        if row.refusal is None and not row.unmeasured
    )


def _legend(rows: Sequence[Row], columns: Sequence[str]) -> tuple[str, ...]:
    """What marks and columns mean, of those that are there."""
    lines = [NO_MARK, *legend(row.kind for row in rows)]
    if any(row.disturbed for row in rows):
        lines.append(
            f"{DISTURBED} disturbed: others used the machine meanwhile, beyond what the device's"
            " profile tolerates; the time decides nothing"
        )
    lines.append(
        "unmeasured: the device, runtime, data or timing wasn't there; a footnote says why"
    )
    meanings = list(MEANINGS)
    if "parity" in columns:
        meanings.insert(
            5,
            "parity: the largest difference of an output from the parity runtime's,"
            " in output steps (LSB) or scores",
        )
    return (*lines, *meanings)
