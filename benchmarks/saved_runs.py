"""What comparing two saved runs is worth: how often it fails, passes, or can't tell.

python benchmarks/saved_runs.py

Seeded, about a minute. Prints the tables of docs/statistics.md, "Comparing saved runs".
"""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np

from edgeassay.changes import Pair, judge_times
from edgeassay.config.comparison import load_comparison
from edgeassay.runs.saved import Timed
from edgeassay.spec import Verdict

FAMILIES: Final = 400
SLOWDOWNS: Final = (0.0, 0.01, 0.03, 0.05, 0.10, 0.20)
COMPARISON: Final = load_comparison(None, Path("/nowhere"))
ALLOWED: Final = COMPARISON.allowed("any", None)
CV: Final = 0.025


def drawn(rng: np.random.Generator, kind: str, processes: int, occasion: float) -> Any:
    """Logarithms of process medians: evenly spread, with a tail of slow ones, or a fifth of them
    8 % slower; all of a run moved by what one occasion differs by from the next.
    """
    if kind == "skewed":
        logs = CV * (rng.exponential(size=processes) - 1.0)
    else:
        logs = CV * rng.normal(size=processes)
    if kind == "bimodal":
        logs += 0.08 * (rng.random(processes) < 0.2)
    return logs + occasion * rng.normal()


def timed(key: int, logs: Any, rounds: int) -> Timed:
    """A benchmark of 3 ms; with one process, of so many rounds."""
    rows = tuple(3e-3 * np.exp(np.full(rounds, log)) for log in logs)
    return Timed(
        key=f"{key}",
        name=f"{key}",
        case=None,
        artifact_sha256=None,
        stack={},
        processes=rows,
        median_s=3e-3,
    )


def rates(kind: str, processes: int, slowdown: float, family: int, occasion: float = 0.0) -> str:
    """The share of comparisons, of `family` benchmarks each, that fail and that pass, in %; of
    which one is slower and the others aren't.
    """
    rng = np.random.default_rng([processes, family, round(1e4 * slowdown), len(kind)])
    found: Counter[Verdict] = Counter()
    for _ in range(FAMILIES):
        pairs = []
        for key in range(family):
            slower = math.log1p(slowdown if key == 0 or slowdown <= 0.01 else 0.0)
            sides = [drawn(rng, kind, processes, occasion) + move for move in (0.0, slower)]
            base, head = (timed(key, logs, 2) for logs in sides)
            pairs.append(Pair(base=base, head=head, allowed=ALLOWED))
        verdicts = {change.verdict for change in judge_times(pairs, COMPARISON.noise)}
        for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS):
            if verdict in verdicts:
                found[verdict] += 1
                break
    return " / ".join(
        f"{100 * found[verdict] / FAMILIES:.1f}" for verdict in (Verdict.FAIL, Verdict.PASS)
    )


def table(rows: list[tuple[str, int, int, float]]) -> None:
    """A row a (kind, processes, family, occasion); a column a slowdown."""
    heads = [f"{100 * slowdown:g} %" for slowdown in SLOWDOWNS]
    print("| processes differ | processes a side | benchmarks |", " | ".join(heads), "|")
    print("|---" * (3 + len(heads)) + "|")
    for kind, processes, family, occasion in rows:
        cells = [rates(kind, processes, slowdown, family, occasion) for slowdown in SLOWDOWNS]
        print(f"| {kind} | {processes} | {family} |", " | ".join(cells), "|")


def main() -> None:
    """Print the tables."""
    print("fail / pass, %\n")
    kinds = ("normal", "skewed", "bimodal")
    table([(kind, n, 1, 0.0) for kind in kinds for n in (3, 5, 10, 20, 59)])
    table([("normal", n, 10, 0.0) for n in (10, 20, 59)])
    table([("normal", 1, 1, 0.0)])
    print("\neach run moved by 2 % from the next, which no process of it shows\n")
    table([("normal", n, 1, 0.02) for n in (10, 20, 59)])


if __name__ == "__main__":
    main()
