"""`edgeassay gate`: whether all that was expected is there, and may be merged."""
