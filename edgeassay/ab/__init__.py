"""`edgeassay ab`: two builds against each other, on this machine, now."""
