"""What became of a benchmark between two builds: judged from what was measured, without files."""

from edgeassay.changes.change import Change, Effect, Pair, Quantity
from edgeassay.changes.claims import LostClaim, lost_claims
from edgeassay.changes.matching import Matched, match
from edgeassay.changes.quality import Scored, judge_aucs
from edgeassay.changes.size import judge_size
from edgeassay.changes.timing import judge_times, not_compared

__all__ = [
    "Change",
    "Effect",
    "LostClaim",
    "Matched",
    "Pair",
    "Quantity",
    "Scored",
    "judge_aucs",
    "judge_size",
    "judge_times",
    "lost_claims",
    "match",
    "not_compared",
]
