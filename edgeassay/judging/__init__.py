"""Judging what was measured elsewhere: predictions and durations that come back as files."""

from edgeassay.judging.durations import judge_durations, parse_budget
from edgeassay.judging.predictions import read_compared
from edgeassay.judging.verdicts import judge_aucs

__all__ = ["judge_aucs", "judge_durations", "parse_budget", "read_compared"]
