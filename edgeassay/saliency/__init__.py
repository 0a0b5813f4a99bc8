"""Whether variants look where the reference looks: `edgeassay saliency`."""

from edgeassay.saliency.command import saliency_command

__all__ = ["saliency_command"]
