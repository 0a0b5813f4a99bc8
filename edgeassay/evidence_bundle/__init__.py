"""A folder that shows a reviewer how a verdict came to be, and that nobody changed it since."""

from edgeassay.evidence_bundle.bundle import Asked, Written, check_place, write_bundle

__all__ = ["Asked", "Written", "check_place", "write_bundle"]
