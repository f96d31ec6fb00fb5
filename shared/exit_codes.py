"""How a service's process ends: what its exit code tells whoever supervises it."""

EXIT_CLEAN = 0
"""It was asked to end, and has finished what it had begun."""
EXIT_CONFIGURATION = 64
"""Its settings are wrong; starting it again does not help."""
EXIT_FORGOTTEN = 69
"""The database is older than what the service has said; starting it again does not help."""
EXIT_ABANDONED = 70
"""A part of it died or was abandoned, or it met a fault of ours; started again it goes on where it was."""
EXIT_TEMPORARY = 75
"""The schema or a server that it needs is not there yet; started again it may be."""

HOPELESS = frozenset({EXIT_CONFIGURATION, EXIT_FORGOTTEN})
"""The codes after which starting again does not help."""
