"""What kind of claim each is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeassay.spec.claims import ClaimName, ClaimTraits, Sense

TRAITS: Final[Mapping[ClaimName, ClaimTraits]] = {
    ClaimName.LOADS: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="flag",
        sentence="{subject} loads and runs once",
        flag=True,
    ),
    ClaimName.SIZE_RATIO: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ratio",
        sentence="{subject} has at most {limit} of the reference's bytes",
        relative=True,
    ),
    ClaimName.MEAN_AUC_DROP: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="AUC",
        sentence="{subject}: the mean AUC drops by at most {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.CLASS_AUC_DROP: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="AUC",
        sentence="{subject}: the class's AUC drops by at most {limit}",
        relative=True,
        per_class=True,
        needs_data=True,
    ),
    ClaimName.SUBGROUP_AUC_DROP: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="AUC",
        sentence="{subject}: no subgroup's AUC drops by more than {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.MIN_AUC: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="AUC",
        sentence="{subject}: the mean AUC is at least {limit}",
        needs_data=True,
    ),
    ClaimName.WIDER_AUC_GAIN: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="AUC",
        sentence="{subject}: the next wider sub-network's mean AUC lies above it by at least"
        " {limit}",
        needs_data=True,
        of_widths=True,
    ),
    ClaimName.SENSITIVITY_DROP: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="share",
        sentence="{subject}: sensitivity at the operating threshold drops by at most {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.SPECIFICITY_DROP: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="share",
        sentence="{subject}: specificity at the operating threshold drops by at most {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.MIN_SENSITIVITY: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="share",
        sentence="{subject}: sensitivity at the operating threshold is at least {limit}",
        needs_data=True,
    ),
    ClaimName.MIN_SPECIFICITY: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="share",
        sentence="{subject}: specificity at the operating threshold is at least {limit}",
        needs_data=True,
    ),
    ClaimName.POSITIVE_FLIP_RATE: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="share",
        sentence="{subject}: of the positives at most {limit} get another decision",
        relative=True,
        needs_data=True,
    ),
    ClaimName.NEGATIVE_FLIP_RATE: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="share",
        sentence="{subject}: of the negatives at most {limit} get another decision",
        relative=True,
        needs_data=True,
    ),
    ClaimName.BRIER_DRIFT: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="Brier",
        sentence="{subject}: the Brier score grows by at most {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.ECE_DRIFT: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ECE",
        sentence="{subject}: the expected calibration error grows by at most {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.SCORE_SHIFT_MEDIAN: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="score",
        sentence="{subject}: half of the images get scores that move by at most {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.SCORE_SHIFT_P99: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="score",
        sentence="{subject}: 99 % of the images get scores that move by at most {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.SCORE_SHIFT_MAX: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="score",
        sentence="{subject}: none of these images' scores moves by more than {limit}",
        relative=True,
        needs_data=True,
    ),
    ClaimName.MIN_SALIENCY_CORRELATION: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="rank correlation",
        sentence="{subject}: its occlusion maps rank places as the reference's do, with a mean"
        " correlation of at least {limit}",
        relative=True,
        needs_data=True,
        of_maps=True,
    ),
    ClaimName.MIN_SALIENCY_OVERLAP: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="share",
        sentence="{subject}: of the places that matter most to the reference at least {limit}"
        " matter most to it too",
        relative=True,
        needs_data=True,
        of_maps=True,
    ),
    ClaimName.FINITE_OUTPUTS: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="share",
        sentence="{subject}: every output is a finite number",
        flag=True,
        needs_data=True,
    ),
    ClaimName.DELEGATED_SHARE: ClaimTraits(
        sense=Sense.AT_LEAST,
        unit="share",
        sentence="{subject}: the delegate took at least {limit} of the graph's nodes",
    ),
    ClaimName.ARENA_KB: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="kB",
        sentence="{subject} works in an arena of at most {limit} kB",
    ),
    ClaimName.NPU_SRAM_KB: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="kB",
        sentence="{subject} takes at most {limit} kB of the accelerator's SRAM",
    ),
    ClaimName.PARITY_LSB: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="LSB",
        sentence="{subject}: no output differs by more than {limit} output steps from the parity"
        " runtime's",
        of_parity=True,
    ),
    ClaimName.PARITY_DIFFERENCE: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="score",
        sentence="{subject}: no output differs by more than {limit} from the parity runtime's",
        of_parity=True,
    ),
    ClaimName.LATENCY_P95_MS: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ms",
        sentence="{subject}: 95 % of inferences take at most {limit} ms",
        timed=True,
        of_device=True,
    ),
    ClaimName.LATENCY_RATIO: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ratio",
        sentence="{subject} takes at most {limit} of the reference's median time",
        relative=True,
        timed=True,
    ),
    ClaimName.WIDER_LATENCY_RATIO: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ratio",
        sentence="{subject} takes at most {limit} of the next wider sub-network's median time",
        timed=True,
        of_widths=True,
    ),
    ClaimName.INIT_MS: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ms",
        sentence="{subject} is ready in at most {limit} ms in half of all fresh processes",
        timed=True,
        of_device=True,
    ),
    ClaimName.FIRST_INFERENCE_MS: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ms",
        sentence="{subject}: the first inference takes at most {limit} ms in half of all fresh"
        " processes",
        timed=True,
        of_device=True,
    ),
    ClaimName.END_TO_END_P95_MS: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ms",
        sentence="{subject}: 95 % of images take at most {limit} ms from file to scores",
        needs_data=True,
        timed=True,
        of_device=True,
    ),
    ClaimName.SUSTAINED_P95_MS: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ms",
        sentence="{subject}: at the end of a long run 95 % of inferences take at most {limit} ms",
        timed=True,
        of_device=True,
    ),
    ClaimName.SUSTAINED_RATIO: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ratio",
        sentence="{subject} takes at the end of a long run at most {limit} of its time at the"
        " beginning",
        timed=True,
    ),
    ClaimName.PEAK_MEMORY_MB: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="MB",
        sentence="{subject} makes its process grow by at most {limit} MB",
        timed=True,
        of_device=True,
    ),
    ClaimName.BASELINE_LATENCY_RATIO: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ratio",
        sentence="{subject} takes at most {limit} of the baseline's median time",
        timed=True,
        of_baseline=True,
    ),
    ClaimName.BASELINE_SIZE_RATIO: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ratio",
        sentence="{subject} has at most {limit} of the baseline's bytes",
        of_baseline=True,
    ),
    ClaimName.BASELINE_CYCLES_RATIO: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="ratio",
        sentence="{subject} takes at most {limit} of the baseline's estimated cycles",
        of_baseline=True,
    ),
    ClaimName.BASELINE_AUC_DROP: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="AUC",
        sentence="{subject}: the mean AUC drops by at most {limit} from the baseline's",
        needs_data=True,
        of_baseline=True,
    ),
    ClaimName.RELEASED_AUC_DROP: ClaimTraits(
        sense=Sense.AT_MOST,
        unit="AUC",
        sentence="{subject}: the mean AUC drops by at most {limit} from that of the release",
        needs_data=True,
        of_baseline=True,
    ),
}
