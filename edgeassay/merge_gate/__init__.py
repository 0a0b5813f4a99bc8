"""`edgeassay gate`: whether a commit may be merged, by the results of several machines."""

from edgeassay.merge_gate.command import gate_command
from edgeassay.summary.outcome import Outcome

__all__ = ["Outcome", "gate_command"]
