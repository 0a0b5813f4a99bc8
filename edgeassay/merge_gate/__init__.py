"""`edgeassay gate`: whether a commit may be merged, by the results of several machines."""

from edgeassay.summary.outcome import Outcome

__all__ = ["Outcome"]
