"""All that a commit declares of what a gate goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from edgeassay.config import load_devices, load_models
from edgeassay.config.acceptance import load_accepted
from edgeassay.config.comparison import load_comparison
from edgeassay.config.legs import load_expected
from edgeassay.merge_gate.planning import LegPlan, leg_plans
from edgeassay.spec import Accepted, Comparison, DeviceSpec, Expected, ModelSpec


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where a project's declarations are. `config` is None for its own gate.toml."""

    root: Path
    config: Path | None
    models: Sequence[Path]
    devices: Sequence[Path]
    baselines: Path


@dataclass(frozen=True, kw_only=True)
class Declared:
    """Models, device profiles, legs with their plans, and what may change or is accepted."""

    models: Mapping[str, ModelSpec]
    devices: Mapping[str, DeviceSpec]
    expected: Expected
    plans: Mapping[str, LegPlan]
    comparison: Comparison
    accepted: tuple[Accepted, ...]


def load_declared(places: Places, today: date) -> Declared:
    """What is declared there; ConfigError where it can't be followed. Excuses must end soon enough
    after `today`.
    """
    expected = load_expected(places.config, places.root, today)
    models = load_models(places.models, places.root, today)
    devices = load_devices(places.devices, places.root)
    return Declared(
        models=models,
        devices=devices,
        expected=expected,
        plans=leg_plans(expected, models, devices),
        comparison=load_comparison(None, places.root),
        accepted=load_accepted(places.baselines, places.root, today),
    )
