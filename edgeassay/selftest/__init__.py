"""`edgeassay selftest`: known answers and planted regressions, on this machine."""
