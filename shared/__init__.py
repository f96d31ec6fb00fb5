"""Closebook's shared machinery: the event contract, the bus, the servers and the command line; no business rule lives here."""
