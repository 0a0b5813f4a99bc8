"""Mistakes in what `edgeassay gate` is given."""

from __future__ import annotations

import json

from suites.meta.matrix_files import x86_run
from suites.mistakes.breaking import Break, together, written
from suites.mistakes.mistake import Mistake

GATE = '[[leg]]\nid = "x86-64"\narchitecture = "x86_64"\ndevice = "bench"\nmodels = "all"\n'
COMMIT = "c0ffee" + 34 * "0"
AT = ("--commit", COMMIT, "--devices-dir", "devices")
RUN = json.dumps(x86_run())


def refused(name: str, broken: Break, *words: str, what: str, where: str, remedy: str) -> Mistake:
    """What a gate can't decide by."""
    return Mistake(
        id=f"gate-{name}",
        broken=broken,
        command=("edgeassay", "gate", *words),
        code=2,
        what=what,
        where=where,
        remedy=remedy,
    )


MISTAKES = (
    refused(
        "misspelt",
        written("gate.toml", GATE.replace("models", "model")),
        *("one.json", *AT),
        what="unknown key 'leg.0.model'",
        where="gate.toml",
        remedy="did you mean 'models'?",
    ),
    refused(
        "no-expectation",
        written("one.json", RUN),
        *("one.json", *AT),
        what="gate.toml doesn't exist",
        where="gate.toml",
        remedy="let `edgeassay gate --init RESULTS...` begin it",
    ),
    refused(
        "unsealed",
        together(written("gate.toml", GATE), written("one.json", RUN)),
        *("one.json", *AT),
        what="has no digest",
        where="one.json",
        remedy="run it again with this version",
    ),
    refused(
        "cut",
        together(written("gate.toml", GATE), written("one.json", RUN[:700])),
        *("one.json", *AT),
        what="is no whole JSON",
        where="one.json",
        remedy="give a results.json that `pytest` left",
    ),
    refused(
        "onto-its-own-input",
        together(written("gate.toml", GATE), written("one.json", RUN)),
        *("one.json", *AT, "--junit", "one.json"),
        what="is one of the inputs",
        where="one.json",
        remedy="choose another place",
    ),
)
