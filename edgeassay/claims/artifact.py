"""Claims about the file itself: it loads, it is small, and its outputs are numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeassay.artifacts import Artifact
from edgeassay.claims.measured import Measure, Measured
from edgeassay.errors import Absent, NoEvidence
from edgeassay.evidence import Evidence
from edgeassay.spec import Claim, ClaimName, Measurement
from edgeassay.tflite_file import read_graph
from edgeassay.variants import contents_of

# What is counted for which claim, in words.
SAID: Final = {ClaimName.PARAMETERS_RATIO: "parameters", ClaimName.MACS_RATIO: "MACs"}


def loads(evidence: Evidence, claim: Claim) -> Measured:
    """1 where it loads and runs; what it raises says why it doesn't."""
    evidence.rig.loaded(claim.case)
    return Measurement(value=1.0, unit="flag", n=1), None


def size_ratio(evidence: Evidence, claim: Claim) -> Measured:
    """Bytes by the reference's bytes, with the types of what they are."""
    rig = evidence.rig
    artifact = rig.artifact(claim.case)
    reference = rig.artifact(rig.plan.reference_of(claim.case)).size_bytes
    declared = rig.model(claim.case).variants[claim.case.variant]
    measured = Measurement(
        value=artifact.size_bytes / reference,
        unit="ratio",
        n=1,
        detail=contents_of(artifact.path, declared, artifact.signature).words,
    )
    return measured, float(reference)


def counted_ratio(evidence: Evidence, claim: Claim) -> Measured:
    """Parameters, or multiply-accumulates, by the reference's, both counted in the files. An .onnx
    isn't looked into.
    """
    rig, reference = evidence.rig, evidence.rig.plan.reference_of(claim.case)
    counts = [_counted(rig.artifact(case), claim.name) for case in (claim.case, reference)]
    if not counts[1]:
        raise NoEvidence(
            f"{rig.artifact(reference).label}, the reference, has no layer with weights to count"
        )
    words = f"{counts[0]:,} {SAID[claim.name]}, the reference's {counts[1]:,}"
    value = counts[0] / counts[1]
    return Measurement(value=value, unit="ratio", n=1, detail=words), float(counts[1])


def _counted(artifact: Artifact, name: ClaimName) -> int:
    if artifact.path.suffix != ".tflite":
        raise Absent(f"{artifact.label} is no .tflite, and {SAID[name]} are counted in those alone")
    graph = read_graph(artifact.path, artifact.signature)
    return graph.parameters if name is ClaimName.PARAMETERS_RATIO else graph.macs


def finite_outputs(evidence: Evidence, claim: Claim) -> Measured:
    """The share of outputs that are finite numbers."""
    share, rows = evidence.finite_share(claim.case)
    return Measurement(value=share, unit="share", n=rows), None


MEASURES: Final[Mapping[ClaimName, Measure]] = {
    ClaimName.LOADS: loads,
    ClaimName.SIZE_RATIO: size_ratio,
    ClaimName.PARAMETERS_RATIO: counted_ratio,
    ClaimName.MACS_RATIO: counted_ratio,
    ClaimName.FINITE_OUTPUTS: finite_outputs,
}
