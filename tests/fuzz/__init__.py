"""Spoilt records into decoding and applying, drawn from a seed: ``python -m tests.fuzz --seed 7 --seconds 600``."""
