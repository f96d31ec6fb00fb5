"""Random faults under load, drawn from a seed: ``python -m tests.nemesis --seed 7 --seconds 180``."""
