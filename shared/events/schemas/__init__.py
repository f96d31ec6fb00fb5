"""The committed JSON Schema of every event's data; written by ``python -m shared.events.publish_schemas``."""
