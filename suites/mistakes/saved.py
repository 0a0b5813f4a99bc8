"""Mistakes in what pytest-benchmark is told: where runs are saved, and what is compared with."""

from __future__ import annotations

from suites.mistakes.breaking import written
from suites.mistakes.mistake import READ_ONLY, Mistake

STORAGE = "--benchmark-storage={folder}/.assay/saved"
BELOW_A_FILE = "{folder}/devices/bench.toml/below"
PLACE = "{folder}/place"

COMPARED = (
    Mistake(
        id="benchmark-compare-absent",
        command=("pytest", STORAGE, "--benchmark-compare=0042"),
        code=4,
        what="no such run is saved in",
        where="--benchmark-compare 0042",
        remedy="save one with --benchmark-save=NAME",
    ),
    Mistake(
        id="benchmark-compare-takes-a-path",
        command=("pytest", STORAGE, "--benchmark-compare", "suites/latency"),
        code=4,
        what="no such run is saved in",
        where="--benchmark-compare suites/latency",
        remedy="--benchmark-compare=NUMBER",
    ),
    Mistake(
        id="benchmark-compare-no-pattern",
        command=("pytest", STORAGE, "--benchmark-compare=/no/such/run.json"),
        code=4,
        what="no such run is saved in",
        where="/no/such/run.json",
        remedy="--benchmark-compare=NUMBER",
    ),
    Mistake(
        id="benchmark-compare-fail-alone",
        command=("pytest", STORAGE, "--benchmark", "--benchmark-compare-fail=median:5%"),
        code=4,
        what="nothing is compared",
        where="--benchmark-compare-fail",
        remedy="add --benchmark-compare",
    ),
    Mistake(
        id="benchmark-compare-fail-before-the-first-run",
        command=("pytest", STORAGE, "--benchmark-compare", "--benchmark-compare-fail=median:5%"),
        code=4,
        what="no such run is saved in",
        where="(there: none)",
        remedy="save one with --benchmark-save=NAME",
    ),
    Mistake(
        id="benchmark-compare-fail-nonsense",
        command=("pytest", STORAGE, "--benchmark-compare", "--benchmark-compare-fail=often"),
        code=4,
        what="Could not parse value: 'often'",
        where="--benchmark-compare-fail",
        remedy="usage:",
    ),
    *(
        Mistake(
            id=f"benchmark-compare-{kind}",
            broken=written("run.json", content),
            command=("pytest", STORAGE, "--benchmark-compare={folder}/run.json"),
            code=4,
            what="is no run that pytest-benchmark saved, or is damaged",
            where="/run.json",
            remedy="choose another",
        )
        for kind, content in (
            ("empty", ""),
            ("truncated", '{"machine_info": {}, "benchmarks": [{"fullname": "a", "st'),
            ("another-tools", '{"schema": 1, "claims": []}'),
            ("a-list", "[1, 2]"),
            ("without-times", '{"machine_info": {}, "benchmarks": [{"fullname": "a"}]}'),
            ("no-text", b"\xff\xfe\x00"),
        )
    ),
)

SAVED = (
    Mistake(
        id="storage-no-folder",
        command=("pytest", "--benchmark-storage=elasticsearch+http://localhost/runs"),
        code=4,
        what="runs are saved in folders",
        where="elasticsearch+http://localhost/runs",
        remedy="name a folder",
    ),
    Mistake(
        id="storage-below-a-file",
        command=("pytest", f"--benchmark-storage={BELOW_A_FILE}", "--benchmark-save=main"),
        code=4,
        what="can't be written: Not a directory",
        where="bench.toml/below",
        remedy="choose another place",
    ),
    Mistake(
        id="storage-read-only",
        command=("pytest", f"--benchmark-storage={PLACE}", "--benchmark-autosave"),
        place=READ_ONLY,
        code=4,
        what="can't be written: Read-only file system",
        where="/place/",
        remedy="choose another place",
    ),
    Mistake(
        id="saved-under-a-long-name",
        command=("pytest", STORAGE, f"--benchmark-save={'a' * 250}"),
        code=4,
        what="can't be written: File name too long",
        where="aaaa.json",
        remedy="choose another place",
    ),
    Mistake(
        id="benchmark-json-is-a-folder",
        command=("pytest", STORAGE, "--benchmark-json={folder}/devices"),
        code=4,
        what="it is a folder",
        where="/devices",
        remedy="name a file",
    ),
    Mistake(
        id="benchmark-json-below-a-file",
        command=("pytest", STORAGE, f"--benchmark-json={BELOW_A_FILE}/run.json"),
        code=4,
        what="can't be written: Not a directory",
        where="bench.toml/below",
        remedy="choose another place",
    ),
)

MISTAKES = (*COMPARED, *SAVED)
