"""Part of the engine's own tests that needs what isn't always there: environments, emulators."""
