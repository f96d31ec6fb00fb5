"""The rules of the ladder, on plain values."""
