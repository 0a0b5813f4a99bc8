"""Which layers a precision hurts: `edgeassay sensitivity`, and what a search starts from."""

from edgeassay.sensitivity.measuring import LayerSensitivity, measure, order

__all__ = ["LayerSensitivity", "measure", "order"]
