"""What becomes of damaged inputs, and of files when commands are killed.

python benchmarks/hostile.py --inputs 10000 --kills 1000 --seed 1

Seeded. Prints the tables of docs/reliability.md as Markdown, and each fault; exit code 1 if there
is one. For Linux: each input has a process of its own, forked from this one.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Final

# Libraries would start threads for their sums, and a process with threads can't be forked.
ONE_THREAD: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
SURROUNDINGS: Final = {
    **dict.fromkeys(ONE_THREAD, "1"),
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "COLUMNS": "200",
}
SHOWN: Final = 20  # faults


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign, print its tables, and return the exit code."""
    asked = _asked(arguments)
    os.environ.update(SURROUNDINGS)
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from suites.meta import warm
    from suites.scale.hostile import campaign, forks, formats, kills

    forks.adopt_orphans()
    scratch = Path(tempfile.mkdtemp(prefix="edgeassay-hostile-"))
    began, faults = time.monotonic(), []
    try:
        ways = [way for way in campaign.available(formats.WAYS) if _is_asked(way.format, asked)]
        stages = [stage for stage in kills.available() if _is_asked(stage.name, asked)]
        tallies, ends = {}, {}
        # What needs TensorFlow comes last: a fork of a larger process takes longer.
        for converting in (False, True):
            now = [way for way in ways if (way.needs is not None) is converting]
            later = [stage for stage in stages if (stage.needs is not None) is converting]
            if now or later:
                warm.import_everything(converting)
                gc.collect()
                gc.freeze()
            for way, inputs in campaign.counts(ways, asked.inputs).items():
                if way in now and inputs:
                    tallies[way] = campaign.damage(way, inputs, asked.seed, scratch)
                    _progress(f"{way.format} {way.name}", began)
            for stage, number in kills.counts(stages, asked.kills).items():
                if stage in later and number:
                    ends[stage] = kills.kill(stage, number, asked.seed, scratch)
                    _progress(stage.name, began)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    _print_inputs([(way.format, way.name, tallies[way]) for way in ways if way in tallies])
    _print_kills([(stage.name, ends[stage]) for stage in stages if stage in ends])
    faults = [fault for found in (*tallies.values(), *ends.values()) for fault in found.faults]
    for fault in faults[:SHOWN]:
        print(f"\nFAULT {fault.where}, number {fault.number}: {fault.what}")
    print(f"\n{len(faults)} faults; {time.monotonic() - began:.0f} s")
    return int(bool(faults))


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--inputs", type=int, default=10_000, help="how many damaged inputs")
    parser.add_argument("--kills", type=int, default=1_000, help="how many kills")
    parser.add_argument("--seed", type=int, default=1, help="what both are drawn by")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="only this format (such as JSON) or stage (such as writing); repeatable",
    )
    return parser.parse_args(arguments)


def _is_asked(name: str, asked: argparse.Namespace) -> bool:
    return not asked.only or name in asked.only or name.partition(":")[0] in asked.only


def _progress(name: str, began: float) -> None:
    print(f"{time.monotonic() - began:6.0f} s  {name}", file=sys.stderr, flush=True)


def _print_inputs(rows: Iterable[tuple[str, str, object]]) -> None:
    columns = ("inputs", "refused", "decided", "accepted", "faults")
    _print_table(("format", "how it is read", *columns), rows, columns)


def _print_kills(rows: Iterable[tuple[str, object]]) -> None:
    columns = ("kills", "late", "runs", "faults")
    _print_table(("stage", *columns), rows, columns)


def _print_table(
    header: Sequence[str], rows: Iterable[tuple[object, ...]], columns: Sequence[str]
) -> None:
    """A table in Markdown; the last of each row has the numbers, and the last row their sums."""
    lines, sums = [], dict.fromkeys(columns, 0)
    for *words, found in rows:
        numbers = {field.name: getattr(found, field.name) for field in fields(found)}  # type: ignore[arg-type]
        numbers["faults"] = len(numbers["faults"])
        for column in columns:
            sums[column] += numbers[column]
        lines.append([*map(str, words), *(f"{numbers[column]:,}" for column in columns)])
    if not lines:
        return
    named = len(header) - len(columns)
    lines.append(["all", *[""] * (named - 1), *(f"{sums[column]:,}" for column in columns)])
    print()
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * named + "---:|" * len(columns))
    for line in lines:
        print("| " + " | ".join(line) + " |")


if __name__ == "__main__":
    sys.exit(main())
