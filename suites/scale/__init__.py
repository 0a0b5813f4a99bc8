"""Part of the engine's own tests that takes longer: whole runs, a cluster, interruptions."""
