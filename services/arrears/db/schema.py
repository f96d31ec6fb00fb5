"""The one collection of arrears' tables, which their modules declare themselves in."""

from shared.db.base import metadata_for

metadata = metadata_for("arrears")
