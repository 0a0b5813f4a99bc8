"""Mistakes in the options of `edgeassay judge`, and in durations that it is given."""

from __future__ import annotations

from suites.mistakes.breaking import written
from suites.mistakes.judged import FILES, JUDGE, LATENCY, OUT, TIMES, WELL
from suites.mistakes.mistake import READ_ONLY, Mistake

BUDGET = ("--budget", "40ms")
NEITHER = "give --labels, --reference and --candidate, or --latency and --budget"


def option(name: str, *words: str, what: str, where: str, remedy: str) -> Mistake:
    """A word too many, or one that can't be, after all that is well."""
    return Mistake(
        id=f"judge-{name}",
        broken=WELL,
        command=(*JUDGE, *words),
        code=2,
        what=what,
        where=where,
        remedy=remedy,
    )


def durations(name: str, content: str, *, what: str, remedy: str) -> Mistake:
    """A file of durations that can't be judged."""
    return Mistake(
        id=f"durations-{name}",
        broken=written(TIMES, content),
        command=(*LATENCY, *BUDGET),
        code=2,
        what=what,
        where="times.json",
        remedy=remedy,
    )


MISTAKES = (
    option(
        "margin-2",
        *("--margin", "2"),
        what="it must be 0 or more and at most 0.2",
        where="--margin 2",
        remedy="did you mean 0.02 (2 %)?",
    ),
    option(
        "margin-nan",
        *("--margin", "nan"),
        what="it must be 0 or more and at most 0.2",
        where="--margin nan",
        remedy="a larger loss is a failure and not a tolerance",
    ),
    option(
        "margin-negative",
        *("--margin", "-0.01"),
        what="it must be 0 or more and at most 0.2",
        where="--margin -0.01",
        remedy="did you mean 0.01?",
    ),
    option(
        "margin-text",
        *("--margin", "1%"),
        what="Invalid value for '--margin'",
        where="--margin",
        remedy="edgeassay judge --help",
    ),
    option(
        "confidence-half",
        *("--confidence", "0.5"),
        what="Invalid value for '--confidence'",
        where="--confidence",
        remedy="0.8",
    ),
    option(
        "latency-beside-labels",
        *("--latency", TIMES),
        what="--latency is judged alone",
        where="--latency",
        remedy="leave out predictions and --margin",
    ),
    option(
        "budget-without-latency",
        *BUDGET,
        what="--latency is missing",
        where="--budget",
        remedy=NEITHER,
    ),
    option(
        "json-is-an-input",
        *("--json", "labels.csv"),
        what="is one of the inputs",
        where="--json labels.csv",
        remedy="choose another place",
    ),
    option(
        "json-folder",
        *("--json", "place"),
        what="place can't be written: Is a directory",
        where="place",
        remedy="choose another place",
    ),
    Mistake(
        id="judge-json-read-only",
        broken=WELL,
        command=("edgeassay", "judge", *FILES, "--json", "{folder}/place/out.json"),
        code=2,
        what="can't be written: Read-only file system",
        where="place/out.json",
        remedy="choose another place",
        place=READ_ONLY,
    ),
    Mistake(
        id="judge-nothing",
        command=("edgeassay", "judge"),
        code=2,
        what="--labels and --reference and --candidate are missing",
        where="--labels",
        remedy=NEITHER,
    ),
    Mistake(
        id="judge-no-candidate",
        broken=WELL,
        command=("edgeassay", "judge", *FILES[:4], *OUT),
        code=2,
        what="--candidate is missing",
        where="--candidate",
        remedy=NEITHER,
    ),
    Mistake(
        id="durations-no-budget",
        broken=written(TIMES, "[20]"),
        command=LATENCY,
        code=2,
        what="--latency needs --budget",
        where="--latency",
        remedy="such as --budget 40ms",
    ),
    Mistake(
        id="durations-budget-nonsense",
        broken=written(TIMES, "[20]"),
        command=(*LATENCY, "--budget", "fast"),
        code=2,
        what="it must be a time with its unit",
        where="--budget fast",
        remedy="such as 40ms",
    ),
    Mistake(
        id="durations-unit-nonsense",
        broken=written(TIMES, "[20]"),
        command=(*LATENCY, *BUDGET, "--unit", "min"),
        code=2,
        what="it must be one of ns, us, ms, s",
        where="--unit min",
        remedy="must be one of",
    ),
    Mistake(
        id="durations-missing",
        command=(*LATENCY, *BUDGET),
        code=2,
        what="doesn't exist",
        where="times.json",
        remedy="give the file's path",
    ),
    Mistake(
        id="durations-folder",
        command=("edgeassay", "judge", "--latency", "place", *BUDGET, *OUT),
        code=2,
        what="can't be read: Is a directory",
        where="place",
        remedy="give a file of JSON",
    ),
    durations("no-json", "20, 21", what="is no JSON", remedy="give a list of durations"),
    durations("cut", "[20, 21", what="is no JSON", remedy="give a list of durations"),
    durations("empty-file", "", what="is no JSON", remedy="give a list of durations"),
    durations("empty-list", "[]", what="holds no durations", remedy="measure some"),
    durations(
        "shape",
        '{"durations": [20]}',
        what="holds neither a list of durations nor the result of litert-benchmark",
        remedy="give one of them",
    ),
    durations("number", "20", what="holds neither a list of durations", remedy="give one"),
    durations("negative", "[20, -1]", what="entry 1 is -1", remedy="must be a duration"),
    durations("nan", "[20, NaN]", what="entry 1 is nan", remedy="a number more than 0"),
    durations("huge", f"[1{'0' * 400}]", what="entry 0 is 1000", remedy="and finite"),
    durations("boolean", "[true]", what="entry 0 is True", remedy="must be a duration"),
    durations("text", '["20ms"]', what="entry 0 is '20ms'", remedy="must be a duration"),
    durations(
        "seconds",
        "[0.05, 0.06]",
        what="read as milliseconds, most durations are below a hundredth of the budget",
        remedy="say which unit they have with --unit",
    ),
    durations(
        "summary-without-runs",
        '{"latency": {"max_ms": 30, "p95_ms": 20}}',
        what="latency.num_runs is missing",
        remedy="is it litert-benchmark's result?",
    ),
    durations(
        "summary-in-disorder",
        '{"latency": {"max_ms": 30, "p95_ms": 50, "num_runs": 59}}',
        what="latency.p95_ms = 50 is more than latency.max_ms = 30",
        remedy="is it litert-benchmark's result?",
    ),
)
