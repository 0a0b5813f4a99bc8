"""Mistakes in sub-networks, and in selecting one."""

from __future__ import annotations

from suites.mistakes.breaking import MODEL, appended, model, together
from suites.mistakes.mistake import Mistake

HERE = "models/tiny/model.toml"
SELECT = ("edgeassay", "select", "tiny", "--budget-ms")
USUAL = 'fp32 = { method = "fp32" }'
NARROWER = model('"int8", calibration_images = 8', '"int8", calibration_images = 8, wider = "fp32"')


def wider(name: str) -> str:
    return f'fp32 = {{ method = "fp32", wider = "{name}" }}'


MISTAKES = (
    Mistake(
        id="wider-unknown",
        broken=model(USUAL, wider("int")),
        code=4,
        what="variants.fp32.wider = 'int' is no variant",
        where=HERE,
        remedy="did you mean 'int8'?",
    ),
    Mistake(
        id="wider-in-a-ring",
        broken=together(model(USUAL, wider("int8")), NARROWER),
        code=4,
        what="leads back to 'fp32'",
        where=HERE,
        remedy="the widest has no `wider`",
    ),
    Mistake(
        id="wider-limit-without-widths",
        broken=appended(MODEL, "wider_latency_ratio = 1.0\n"),
        code=4,
        what="compares with the next wider sub-network, and int8 names none",
        where=f"{HERE}:limits.int8.wider_latency_ratio",
        remedy="add `wider` to the variant, or remove the limit",
    ),
    Mistake(
        id="select-without-widths",
        command=(*SELECT, "5"),
        code=2,
        what="no variant names a `wider` one, so there are no widths to select from",
        where=HERE,
        remedy="docs/subnetworks.md says how they are declared",
    ),
    Mistake(
        id="select-for-no-time",
        broken=NARROWER,
        command=(*SELECT, "0"),
        code=2,
        what="--budget-ms 0 is no time",
        where="--budget-ms",
        remedy="give milliseconds above 0",
    ),
    Mistake(
        id="select-an-unknown-family",
        broken=NARROWER,
        command=(*SELECT, "5", "--narrowest", "fp32"),
        code=2,
        what="no family of widths begins with it",
        where="--narrowest fp32",
        remedy="known: int8",
    ),
)
