"""Part of the engine's own tests: what is written for others, and what decides a merge."""
