"""Statistics: pure functions of arrays, no files, no clocks."""

from edgeassay.stats.auc import class_aucs
from edgeassay.stats.order import percentile_upper

__all__ = ["class_aucs", "percentile_upper"]
