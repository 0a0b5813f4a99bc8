"""Mistakes in what `edgeassay matrix` is given."""

from __future__ import annotations

import json

from suites.meta.matrix_files import x86_run
from suites.mistakes.breaking import Break, together, written
from suites.mistakes.mistake import Mistake

ONE, TWO = "one.json", "two.json"
RUN = json.dumps(x86_run())


def refused(name: str, broken: Break, *words: str, what: str, where: str, remedy: str) -> Mistake:
    """Runs that can't be shown together."""
    return Mistake(
        id=f"matrix-{name}",
        broken=broken,
        command=("edgeassay", "matrix", *words),
        code=2,
        what=what,
        where=where,
        remedy=remedy,
    )


MISTAKES = (
    refused(
        "truncated",
        written(ONE, RUN[:900]),
        ONE,
        what="is no whole JSON",
        where=ONE,
        remedy="give a results.json that `pytest` left",
    ),
    refused(
        "another-schema",
        written(ONE, json.dumps(x86_run() | {"schema": 7})),
        ONE,
        what="has schema 7",
        where=ONE,
        remedy="use the version that wrote it",
    ),
    refused(
        "same-case-twice",
        together(written(ONE, RUN), written(TWO, RUN)),
        *(ONE, TWO),
        what="both judge chest fp32 on litert",
        where=f"{ONE} and {TWO}",
        remedy="leave one of them out",
    ),
    refused(
        "onto-its-own-input",
        written(ONE, RUN),
        *(ONE, "--html", ONE),
        what="is one of the results",
        where=ONE,
        remedy="choose another place",
    ),
)
