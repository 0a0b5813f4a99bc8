"""Part of the regression suite."""
