"""Statistics: pure functions of arrays, no files, no clocks."""

from edgeassay.stats.auc import class_aucs
from edgeassay.stats.order import least_count, percentile_bounds, percentile_upper
from edgeassay.stats.ratios import LEAST_PAIRS, difference_bounds, ratio_bounds

__all__ = [
    "LEAST_PAIRS",
    "class_aucs",
    "difference_bounds",
    "least_count",
    "percentile_bounds",
    "percentile_upper",
    "ratio_bounds",
]
