"""Mistakes in what `edgeassay history` is given."""

from __future__ import annotations

import json

from suites.meta.run_files import foreign, ours
from suites.mistakes.breaking import Break, folder, together, written
from suites.mistakes.mistake import READ_ONLY, Mistake

RUN = "runs/0001_run.json"
WELL = written(RUN, json.dumps(ours()))
HISTORY = ("edgeassay", "history", "runs")


def refused(name: str, broken: Break, *words: str, what: str, where: str, remedy: str) -> Mistake:
    """A history that can't be shown."""
    return Mistake(
        id=f"history-{name}",
        broken=broken,
        command=(*HISTORY, *words),
        code=2,
        what=what,
        where=where,
        remedy=remedy,
    )


MISTAKES = (
    refused(
        "truncated",
        written(RUN, json.dumps(ours())[:700]),
        what="is no whole JSON",
        where="0001_run.json",
        remedy="save the run again",
    ),
    refused(
        "empty-file",
        written(RUN, ""),
        what="is empty",
        where="0001_run.json",
        remedy="give a file that `pytest --benchmark-json` or `--benchmark-save` wrote",
    ),
    refused(
        "another-tool",
        written(RUN, json.dumps({"results": [{"command": "sleep 1", "mean": 1.0}]})),
        what="is no file of pytest-benchmark",
        where="0001_run.json",
        remedy="give a file that",
    ),
    refused(
        "old-version",
        written(RUN, json.dumps(foreign("3.4.1"))),
        what="is of version 3.4.1",
        where="0001_run.json",
        remedy="save it again with pytest-benchmark 4 or 5",
    ),
    refused(
        "backwards",
        written(RUN, json.dumps(ours(durations_ns=[[3_000_000, -5]]))),
        what="a clock stood still or ran backwards",
        where="0001_run.json: test[x]",
        remedy="measure it again",
    ),
    refused(
        "no-path",
        WELL,
        "nowhere",
        what="nowhere doesn't exist",
        where="nowhere",
        remedy="give files or folders of saved runs",
    ),
    refused(
        "storage-and-paths",
        WELL,
        *("--storage", "runs"),
        what="can't go together",
        where="--storage and PATHS",
        remedy="leave out one of them",
    ),
    refused(
        "unknown-machine",
        WELL,
        *("--fingerprint", "0000"),
        what="unknown fingerprint",
        where="--fingerprint 0000",
        remedy="known: ",
    ),
    refused(
        "unknown-benchmark",
        WELL,
        *("--benchmark", "chest-int4-litert"),
        what="matches no benchmark",
        where="--benchmark chest-int4-litert",
        remedy="did you mean 'chest-int8-litert'?",
    ),
    refused(
        "last-0",
        WELL,
        *("--last", "0"),
        what="Invalid value for '--last'",
        where="--last",
        remedy="edgeassay history --help",
    ),
    refused(
        "json-folder",
        together(WELL, folder("out.json")),
        *("--json", "out.json"),
        what="can't be written",
        where="out.json",
        remedy="choose another place",
    ),
    Mistake(
        id="history-read-only",
        broken=WELL,
        command=(*HISTORY, "--markdown", "{folder}/place/history.md"),
        code=2,
        what="can't be written: Read-only file system",
        where="place/history.md",
        remedy="choose another place",
        place=READ_ONLY,
    ),
    Mistake(
        id="history-no-runs",
        command=("edgeassay", "history"),
        code=4,
        what="there are no saved runs",
        where=".assay/benchmarks",
        remedy="--benchmark-autosave",
    ),
)
