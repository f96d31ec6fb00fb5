"""The owners database: tables, migrations and every SQL statement of the service."""
