"""Closebook's shared machinery: event contract, bus, servers and command line; no business rule lives here."""
