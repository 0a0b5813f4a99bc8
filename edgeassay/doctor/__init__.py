"""Whether a machine can be trusted with a measurement: what it is, its health, its runtimes."""
