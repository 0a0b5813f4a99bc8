"""Statistics: pure functions of arrays, no files, no clocks."""

from edgeassay.stats.auc import class_aucs, patient_codes
from edgeassay.stats.auc_bounds import AucDrop, AucEstimate
from edgeassay.stats.bounds import Bounds
from edgeassay.stats.order import percentile_upper
from edgeassay.stats.paired_auc import PairedAucs, compare_aucs, mean_estimate

__all__ = [
    "AucDrop",
    "AucEstimate",
    "Bounds",
    "PairedAucs",
    "class_aucs",
    "compare_aucs",
    "mean_estimate",
    "patient_codes",
    "percentile_upper",
]
