"""Damaged inputs and kills by the thousand: what `benchmarks/hostile.py` runs."""
