"""Rows as PostgreSQL takes them set-wise."""

from collections.abc import Sequence


def columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    """Turn rows (at least one) into the column arrays that ``unnest`` takes."""
    return [list(column) for column in zip(*rows, strict=True)]
