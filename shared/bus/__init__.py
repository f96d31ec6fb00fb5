"""The bus: how a service hears events exactly once, says its own in order, and closes its days."""
