"""Part of the engine's own tests: what is written for people, and what decides a merge."""
