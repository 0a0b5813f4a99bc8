"""What is kept of a training after every epoch, so that it can go on after an interruption."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from edgeassay.atomic import write_bytes
from edgeassay.training.fine_tuning import Epoch, State
from edgeassay.variants.trained import Arrays, Trained, pack, unpack

# What is kept has this shape; of another one, nothing is gone on from.
STATE: Final = 2
PARTS: Final = ("network", "optimizer", "best")


def fingerprint(identity: Mapping[str, Any]) -> str:
    """A short digest of all that decides a training's outcome."""
    text = json.dumps({"state": STATE, **identity}, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def save_state(path: Path, state: State, identity: Mapping[str, Any]) -> None:
    """Keep a state, whole or not at all."""
    arrays = {
        f"{part}:{name}": array for part in PARTS for name, array in getattr(state, part).items()
    }
    facts = {"of": fingerprint(identity), "epochs": [asdict(epoch) for epoch in state.epochs]}
    write_bytes(path, pack(Trained(arrays=arrays, facts=facts)))


def read_state(path: Path, identity: Mapping[str, Any]) -> State | None:
    """The state that was kept of this very training; None where there is none, or a damaged one."""
    parts: dict[str, dict[str, Any]] = {part: {} for part in PARTS}
    try:
        kept = unpack(path)
        if kept.facts.get("of") != fingerprint(identity):
            return None
        for key, array in kept.arrays.items():
            part, _, name = key.partition(":")
            parts[part][name] = array
        epochs = tuple(Epoch(**epoch) for epoch in kept.facts["epochs"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    found: dict[str, Arrays] = {**parts}
    return State(epochs=epochs, **found)
