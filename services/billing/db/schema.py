"""The one collection of billing's tables, which their modules declare themselves in."""

from shared.db.base import metadata_for

metadata = metadata_for("billing")
