"""Claims that a run can't decide, whatever it measures: known before the first measurement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from edgeassay.errors import some
from edgeassay.matrix import Plan
from edgeassay.spec import TRAITS, Claim, ClaimName, ModelSpec, Sample
from edgeassay.stats import LEAST_PAIRS, least_count

# The share of fresh processes whose duration a claim bounds.
QUANTILES: Final = {
    ClaimName.LATENCY_P95_MS: 0.95,
    ClaimName.END_TO_END_P95_MS: 0.95,
    ClaimName.INIT_MS: 0.5,
    ClaimName.FIRST_INFERENCE_MS: 0.5,
    ClaimName.PEAK_MEMORY_MB: 0.5,
}
RATIOS: Final = (ClaimName.LATENCY_RATIO, ClaimName.WIDER_LATENCY_RATIO)
# The share of patients whose scores a claim bounds.
SHIFTS: Final = {ClaimName.SCORE_SHIFT_MEDIAN: 0.5, ClaimName.SCORE_SHIFT_P99: 0.99}
POSITIVES: Final = (ClaimName.SENSITIVITY_DROP, ClaimName.MIN_SENSITIVITY)
NEGATIVES: Final = (ClaimName.SPECIFICITY_DROP, ClaimName.MIN_SPECIFICITY)
MASKS: Final = ("Dice", "IoU", "surface Dice")


def least_processes(claim: ClaimName, confidence: float) -> int:
    """The fewest fresh processes with which a claim can pass; 0 if it isn't about processes."""
    if claim in QUANTILES:
        return least_count(QUANTILES[claim], confidence)
    return LEAST_PAIRS if claim in RATIOS else 0


def least_patients(claim: ClaimName, model: ModelSpec) -> int:
    """The fewest patients with which a claim of a model can pass, as far as its files tell."""
    need, traits = model.statistics, TRAITS[claim]
    if claim in SHIFTS:
        return least_count(SHIFTS[claim], need.confidence)
    if claim in POSITIVES:
        return need.min_positives
    if claim in NEGATIVES:
        return need.min_negatives
    if traits.of_maps:
        return model.saliency.min_patients
    if traits.unit in MASKS:
        return model.segmentation.min_patients
    return need.min_positives + need.min_negatives if traits.unit == "AUC" else 0


def undecidable(plan: Plan, sample: Sample | None, *, timed: bool) -> Iterator[str]:
    """A sentence for each kind of claim of which no number of repetitions of this run makes a pass,
    with what would. Times count only if the run is `timed` and its device's times mean anything.
    """
    groups: dict[tuple[ClaimName, int], list[Claim]] = {}
    for claim in plan.claims:
        model = plan.models[claim.case.model]
        if TRAITS[claim.name].timed:
            least = least_processes(claim.name, model.statistics.confidence)
            there = plan.device.timing.processes if timed and _times(plan, claim) else least
        else:
            least = least_patients(claim.name, model)
            there = least if sample is None else sample.images
        if there < least:
            groups.setdefault((claim.name, least), []).append(claim)
    for (name, least), claims in groups.items():
        yield _sentence(plan, sample, name, least, claims)


def _times(plan: Plan, claim: Claim) -> bool:
    """Whether a claim about time is measured on the run's device at all."""
    spec = plan.models[claim.case.model].runtimes[claim.case.runtime]
    return spec.traits.timed and spec.traits.executes and not plan.device.emulated


def _sentence(
    plan: Plan, sample: Sample | None, name: ClaimName, least: int, claims: list[Claim]
) -> str:
    limits = " or ".join(dict.fromkeys(f"{claim.limit.value:g}" for claim in claims))
    unit = TRAITS[name].unit
    limit = limits if unit in ("ratio", "share") else f"{limits} {unit}"
    cases = some(list(dict.fromkeys(claim.case.id for claim in claims)))
    begin = f"{name} has a limit of {limit} ({cases}), and "
    if not TRAITS[name].timed:
        assert sample is not None, "all images are as many as there are"
        return (
            f"{begin}{sample.images} images ({sample.source}) can't show it: {least} patients are"
            " needed; evaluate more images"
        )
    instead = ", or give a latency_ratio instead" if name is ClaimName.LATENCY_P95_MS else ""
    processes = plan.device.timing.processes
    many = "processes" if processes > 1 else "process"
    return (
        f"{begin}{processes} {many} can't show it: {least} are needed; set [timing] processes ="
        f" {least} in {plan.device.file}{instead}"
    )
