"""What the maps of each variant are worth beside the reference's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edgeassay.build import seed_of
from edgeassay.claims.saliency import correlation_measured, overlap_measured
from edgeassay.errors import (
    Absent,
    ArtifactError,
    BuildFailed,
    EdgeassayError,
    MeasurementError,
    NoEvidence,
    WorkerError,
)
from edgeassay.evidence import Evidence
from edgeassay.measure.occlusion import OccludedInputs
from edgeassay.occlusions import MapsCompared
from edgeassay.rig import Rig
from edgeassay.spec import Case, Kind, Measurement, ModelSpec
from edgeassay.tflite_file import read_graph

# What one variant fails by, and the next may not.
LEFT_OUT: Final = (
    Absent,
    ArtifactError,
    BuildFailed,
    MeasurementError,
    NoEvidence,
    WorkerError,
)


@dataclass(frozen=True, kw_only=True)
class Types:
    """Of what type most weights and most tensors of an artifact are; empty where none tells."""

    weights: str = ""
    tensors: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A case beside the reference: its agreement, or why there is none."""

    case: Case
    types: Types
    kind: Kind
    compared: MapsCompared | None = None
    correlation: Measurement | None = None
    overlap: Measurement | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """All rows of a model, and the images and places they are about."""

    model: ModelSpec
    inputs: OccludedInputs
    rows: tuple[Row, ...]

    @property
    def complete(self) -> bool:
        """Whether every case has its maps."""
        return all(row.compared is not None for row in self.rows)


def find(rig: Rig, evidence: Evidence, cases: Sequence[Case]) -> Found:
    """Take the maps of each case, and of the reference on its runtime. Absent where the data isn't
    here, or nothing can be covered; ConfigError or DataError where it isn't as declared.
    """
    model = rig.model(cases[0])
    inputs = evidence.occlusions.inputs(model.id)
    return Found(
        model=model, inputs=inputs, rows=tuple(_row(rig, evidence, case) for case in cases)
    )


def _row(rig: Rig, evidence: Evidence, case: Case) -> Row:
    try:
        compared = evidence.occlusions.compared(case)
        model, seed = rig.model(case), seed_of(case.id)
        return Row(
            case=case,
            types=types_of(rig, case),
            kind=rig.kind(case),
            compared=compared,
            correlation=correlation_measured(compared, model, seed),
            overlap=overlap_measured(compared, model, seed),
        )
    except LEFT_OUT as error:
        return Row(case=case, types=Types(), kind=rig.kind(case), reason=str(error))


def types_of(rig: Rig, case: Case) -> Types:
    """Read from the artifact itself."""
    try:
        graph = read_graph(rig.artifact(case).path)
    except EdgeassayError:  # an .onnx
        return Types()
    counts = {name: 8 * size // _bits(name) for name, size in graph.constant_bytes.items()}
    return Types(
        weights=max(counts, key=lambda name: counts[name], default="").lower(),
        tensors=max(graph.types, key=lambda name: graph.types[name], default="").lower(),
    )


def _bits(type_name: str) -> int:
    """Of one number of a type, such as INT4 or FLOAT32."""
    digits = "".join(filter(str.isdigit, type_name))
    return int(digits) if digits else 8
