"""Images that are nearly black, or of fewer bits than others, in words."""

from __future__ import annotations

from collections.abc import Sequence

from edgeassay.report.results import CaseRecord


def too_dark(count: int, images: int, splits: str = "") -> str:
    """A sentence about images that are nearly black to a network; `splits` counts them by split."""
    return (
        f"images whose pixels never reach a tenth of `white` in [preprocess]: {count:,} of"
        f" {images:,}{splits}; the network sees them nearly black, so check `white`, which is 4095"
        " for 12 bits stored in 16"
    )


def too_shallow(count: int, images: int, splits: str = "") -> str:
    """A sentence about images of 8 bits among deeper ones, likewise."""
    return (
        f"images of 8 bits among images of 16 bits: {count:,} of {images:,}{splits}; save all with"
        " one depth, or check that both kinds have the same white"
    )


def about_tones(cases: Sequence[CaseRecord]) -> list[str]:
    """A line about each model that was judged on such images."""
    last = {c.case.model: c for c in cases if c.evaluated_images is not None}
    lines = []
    for model, case in last.items():
        evaluated = case.evaluated_images or 0
        if case.dark_images:
            lines.append(f"{model}: evaluation {too_dark(case.dark_images, evaluated)}")
        if case.shallow_images:
            lines.append(f"{model}: evaluation {too_shallow(case.shallow_images, evaluated)}")
    return lines
