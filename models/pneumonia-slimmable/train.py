"""Train it: `python models/pneumonia-slimmable/train.py`, with EDGEASSAY_DATA set."""

from __future__ import annotations

from pathlib import Path

from edgeassay.slimming import SlimSchedule, slim

SCHEDULE = SlimSchedule(
    channels=(16, 32, 64, 96, 128),
    widths=(25, 50, 75, 100),
    epochs=16,
    batch=32,
    learning_rate=3e-3,
    shift=0.05,
    seed=7,
)

if __name__ == "__main__":
    slim(Path(__file__).resolve().parent, SCHEDULE)
