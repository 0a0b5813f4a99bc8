"""`edgeassay compare`: two builds by their saved runs."""
