"""Cases and workers to measurements."""
