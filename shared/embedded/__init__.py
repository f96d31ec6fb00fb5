"""PostgreSQL, Kafka and mail on a bare machine: the one seam for command line and tests."""
