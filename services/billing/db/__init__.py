"""Billing's database: tables, every SQL statement, migrations."""
