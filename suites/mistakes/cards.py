"""Mistakes in what `edgeassay report --model-card` is given."""

from __future__ import annotations

import json

from suites.meta.matrix_files import CaseFile, results
from suites.mistakes.breaking import written
from suites.mistakes.mistake import Mistake

ONE = "one.json"
TWO_MODELS = written(
    ONE,
    json.dumps(results([CaseFile("int8", "litert", model=m).claimed("loads") for m in "ab"])),
)


def refused(name: str, *words: str, what: str, remedy: str) -> Mistake:
    """A card that can't be written."""
    return Mistake(
        id=f"card-{name}",
        broken=TWO_MODELS,
        command=("edgeassay", "report", ONE, "--model-card", "card.md", *words),
        code=2,
        what=what,
        where="a, b",
        remedy=remedy,
    )


MISTAKES = (
    refused(
        "of-several-models",
        what="a card is of one model",
        remedy="name it with --model",
    ),
    refused(
        "of-no-model",
        *("--model", "c"),
        what="these results have no model 'c'",
        remedy="they have: a, b",
    ),
)
