"""Rules of ownership on plain values: no database, no clock, no bus."""
