"""Part of the engine's own tests: what a user gets wrong, and files that were damaged."""
