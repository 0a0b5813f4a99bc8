"""Two models' scores as claims see them, without a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from edgeassay.claims import MEASURES
from edgeassay.config.shapes import default_statistics
from edgeassay.evidence import Evidence
from edgeassay.gates import decide
from edgeassay.measure.compared import Compared
from edgeassay.measure.operating import Operating
from edgeassay.spec import (
    Case,
    Claim,
    ClaimName,
    Judgement,
    Limit,
    Statistics,
)
from edgeassay.stats.arrays import Labels, Scores
from edgeassay.stats.operating import Rule

CASE = Case(model="m", variant="int8", runtime="litert", device="host")
REFERENCE = replace(CASE, variant="fp32")
NEED = default_statistics()


def claim(name: ClaimName, limit: float, class_name: str | None = None) -> Claim:
    source = Limit(value=limit, source="models/m/model.toml:limits.x")
    return Claim(name=name, case=CASE, limit=source, class_name=class_name)


def scores(rng: np.random.Generator, labels: Labels, shift: float) -> tuple[Scores, Scores]:
    """A reference's scores in (0, 1), and those of a candidate whose positives lie lower."""
    latent = rng.normal(0.0, 1.0, labels.shape) + 1.5 * labels
    moved = latent - shift * labels + rng.normal(0.0, 0.05, labels.shape)
    first, second = (1.0 / (1.0 + np.exp(-x)) for x in (latent, moved))
    return first.astype(np.float32), second.astype(np.float32)


def evidence(
    compared: Compared,
    *,
    need: Statistics = NEED,
    threshold: float = 0.5,
    step: float = 0.0,
    claims: Sequence[Claim] = (),
) -> Evidence:
    """What claims ask of a run, with these scores."""
    model = SimpleNamespace(statistics=need, file="models/m/model.toml")
    operating = Operating(
        thresholds=np.full(len(compared.classes), threshold), rule=Rule.AT_LEAST, origin="here"
    )
    evaluations = SimpleNamespace(
        compared=lambda _: compared,
        alone=lambda _: replace(compared, reference=compared.candidate),
        operating=lambda _: operating,
        predictions=lambda _: SimpleNamespace(step=step),
    )
    rig = SimpleNamespace(model=lambda _: model, plan=SimpleNamespace(claims=claims))
    return cast(Evidence, SimpleNamespace(rig=rig, evaluations=evaluations))


def of(
    labels: Any, reference: Any, candidate: Any, codes: Any = None, **more: Mapping[str, Any]
) -> Compared:
    found = np.asarray(labels, np.int8)
    found = found.reshape(len(found), -1)
    return Compared(
        classes=[f"c{k}" for k in range(found.shape[1])],
        labels=found,
        reference=np.asarray(reference, np.float32).reshape(found.shape),
        candidate=np.asarray(candidate, np.float32).reshape(found.shape),
        codes=np.arange(len(found)) if codes is None else np.asarray(codes),
        **more,
    )


def judged(asked: Evidence, wanted: Claim) -> Judgement:
    measurement, reference = MEASURES[wanted.name](asked, wanted)
    return decide(wanted, measurement, reference=reference)
