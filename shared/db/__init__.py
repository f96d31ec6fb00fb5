"""The database floor: engine, sessions, the raw driver for set-wise writes, the bus tables, migrations and roles."""

from shared.db.base import metadata_for
from shared.db.copy import copy_rows
from shared.db.engine import create_engine, driver, session_factory

__all__ = ["copy_rows", "create_engine", "driver", "metadata_for", "session_factory"]
