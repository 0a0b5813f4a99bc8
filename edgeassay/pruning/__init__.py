"""Structured pruning: channels are removed, and what is left is a smaller network."""
