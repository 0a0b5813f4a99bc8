"""Statistics: pure functions of arrays, no files, no clocks."""

from edgeassay.stats.auc import class_aucs, joined, patient_codes
from edgeassay.stats.auc_bounds import AucDrop, AucEstimate
from edgeassay.stats.bounds import Bounds
from edgeassay.stats.order import least_count, percentile_bounds, percentile_upper
from edgeassay.stats.paired_auc import PairedAucs, compare_aucs, mean_estimate
from edgeassay.stats.ratios import LEAST_PAIRS, difference_bounds, ratio_bounds

__all__ = [
    "LEAST_PAIRS",
    "AucDrop",
    "AucEstimate",
    "Bounds",
    "PairedAucs",
    "class_aucs",
    "compare_aucs",
    "difference_bounds",
    "joined",
    "least_count",
    "mean_estimate",
    "patient_codes",
    "percentile_bounds",
    "percentile_upper",
    "ratio_bounds",
]
