"""Mistakes in what `edgeassay verify` is given."""

from __future__ import annotations

from suites.mistakes.breaking import Break, written
from suites.mistakes.mistake import Mistake


def refused(name: str, broken: Break, *words: str, what: str, where: str, remedy: str) -> Mistake:
    """What can't be verified."""
    return Mistake(
        id=f"verify-{name}",
        broken=broken,
        command=("edgeassay", "verify", *words),
        code=2,
        what=what,
        where=where,
        remedy=remedy,
    )


def nothing(_: object) -> None:
    """The project is well."""


MISTAKES = (
    refused(
        "no-bundle",
        nothing,
        "models",
        what="is no evidence bundle: it has no manifest.json",
        where="models",
        remedy="give a folder that `edgeassay report --evidence` wrote",
    ),
    refused(
        "another-manifest",
        written("manifest.json", '{"name": "an app", "files": []}'),
        ".",
        what="is no manifest of an evidence bundle",
        where="manifest.json",
        remedy="give a folder that `edgeassay report --evidence` wrote",
    ),
    refused(
        "identity-without-signers",
        nothing,
        *(".", "--identity", "mia@example.org"),
        what="--identity says who of the signers",
        where="--identity",
        remedy="give their file with --signers",
    ),
)
