"""The options that several commands share, spelt once."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer


def parse_day(text: str) -> date:
    """Return the day that ``YYYY-MM-DD`` names; anything else is a usage error."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise typer.BadParameter(f"{text!r} is not a day; write it as YYYY-MM-DD, for example 2026-04-01.")
    return day


JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
DataDir = Annotated[
    Path | None, typer.Option("--data", help="Folder with the stack.env of `closebook up`.", show_default=False)
]
AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of",
        parser=parse_day,
        metavar="DAY",
        help="Count what is dated up to and including this day.",
        show_default=False,
    ),
]
KnownAt = Annotated[
    date | None,
    typer.Option(
        "--known-at",
        parser=parse_day,
        metavar="DAY",
        help="Count only what was known at the end of this day.",
        show_default=False,
    ),
]


def as_params(*, as_of: date | None = None, known_at: date | None = None) -> dict[str, str]:
    """Return the query parameters of a question about the past."""
    days = {"as_of": as_of, "known_at": known_at}
    return {name: day.isoformat() for name, day in days.items() if day is not None}
