"""A housing system that does not exist: it says what a real one would, over Kafka alone, the same for the same seed."""
