"""`edgeassay report`: its options, and what it does with them."""
