"""Part of the engine's own tests: what needs a cluster or many images, and so longer."""
