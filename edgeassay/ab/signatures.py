"""Which graphs of two files are compared, and which aren't."""

from __future__ import annotations

from edgeassay.artifacts import Artifact
from edgeassay.errors import ArtifactError, ConfigError, MeasurementError
from edgeassay.measure.fit import other_signatures
from edgeassay.report.unjudged import not_judged
from edgeassay.spec import FORMATS, RuntimeSpec
from edgeassay.workers import Entry, known_signatures


def uncompared(base: Artifact, head: Artifact) -> str | None:
    """Which graphs of the files aren't compared, in words; None if all are."""
    said: dict[str, str] = {}
    for side, artifact in (("BASE", base), ("HEAD", head)):
        facts = known_signatures(artifact.path, artifact.signature)
        words = not_judged(facts, verb="compared")
        said |= {} if words is None else {side: words}
    if len(set(said.values())) == 1 and len(said) == 2:  # both sides
        return f"in BASE and HEAD, {said['BASE']}"
    return "; ".join(f"in {side}, {words}" for side, words in said.items()) or None


def other_graphs(base: Artifact, head: Artifact) -> MeasurementError | None:
    """What is wrong where the graphs to be compared have other names on both sides."""
    facts = [known_signatures(side.path, side.signature) for side in (base, head)]
    words = other_signatures(*facts)
    return None if words is None else MeasurementError(f"{base.label} and {head.label}: {words}")


def check_signature(base: Artifact, head: Artifact) -> None:
    """ConfigError where a side's file hasn't the signature that `--signature` names."""
    for side, artifact in (("BASE", base), ("HEAD", head)):
        runtime = RuntimeSpec(engine=FORMATS[artifact.path.suffix])
        try:
            Entry.of(artifact.path, runtime, artifact.signature, f"--signature: {side}")
        except ArtifactError as error:
            raise ConfigError(str(error)) from None
