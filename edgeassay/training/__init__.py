"""Training: the reference networks, and variants that are fine-tuned."""

from edgeassay.training.reference import Schedule, report, settle_sooner, train

__all__ = ["Schedule", "report", "settle_sooner", "train"]
