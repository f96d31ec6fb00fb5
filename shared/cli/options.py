"""The options that several commands share, spelt once."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.calendar import month_days, quarter_days
from shared.cli import sheets
from shared.money import as_pounds, pence_of


def parse_day(text: str) -> date:
    """Return the day that ``YYYY-MM-DD`` names; anything else is a usage error."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise typer.BadParameter(f"{text!r} is not a day; write it as YYYY-MM-DD, for example 2026-04-01.")
    return day


def parse_quarter(text: str) -> str:
    """Return a quarter's name, ``2026-Q1``; anything else is a usage error."""
    return _named(text, quarter_days)


def parse_month(text: str) -> str:
    """Return a month's name, ``2026-03``; anything else is a usage error."""
    return _named(text, month_days)


def _named(text: str, days: Callable[[str], tuple[date, date]]) -> str:
    """Return the name of a period as it was given; one that names no days is a usage error."""
    try:
        days(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from error
    return text


def parse_pounds(text: str) -> int:
    """Return in pence what people write as ``45.50`` or ``£1,234``; anything else is a usage error."""
    try:
        return pence_of(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; write it as 45.50.") from error


def day_option(name: str, words: str) -> Any:
    """Return the option that names a day; ``words``: what happens on it."""
    return typer.Option(name, parser=parse_day, metavar="DAY", help=words, show_default=False)


def pounds_option(words: str) -> Any:
    """Return the option ``--pounds``; ``words``: what they are."""
    return typer.Option("--pounds", parser=parse_pounds, metavar="POUNDS", help=words, show_default=False)


def parse_sheet(text: str) -> Path:
    """Return the file of a spreadsheet; a name that does not say which kind is a usage error."""
    path = Path(text)
    if path.suffix.lower() not in sheets.SUFFIXES:
        raise typer.BadParameter(f"{text!r} ends with neither {' nor '.join(sheets.SUFFIXES)}.")
    return path


def parse_scope(text: str) -> tuple[str, str]:
    """Return what ``block=ID`` names: the kind of scope, which the service judges, and its id."""
    scope, _, scope_id = text.partition("=")
    if not scope_id:
        raise typer.BadParameter(f"{text!r} names no id; write it as block=ID.")
    return scope, scope_id


JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
DataDir = Annotated[
    Path | None, typer.Option("--data", help="Folder with the stack.env of `closebook up`.", show_default=False)
]
As = Annotated[
    str | None,
    typer.Option("--as", metavar="ROLE", help="Whose token: CLOSEBOOK_TOKEN_ROLE, e.g. finance.", show_default=False),
]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the audit.", show_default=False)]
IdempotencyKey = Annotated[
    str | None,
    typer.Option(
        "--key",
        help="A name for this command (else one is made): given again, it takes effect once.",
        show_default=False,
    ),
]
AsOf = Annotated[date | None, day_option("--as-of", "Count what is dated up to and including this day.")]
KnownAt = Annotated[date | None, day_option("--known-at", "Count only what was known at the end of this day.")]
Service = Annotated[str, typer.Argument(help="owners, billing, arrears or notify.", show_default=False)]
OnlyService = Annotated[str | None, typer.Option("--service", help="Only this service's.", show_default=False)]
Reference = Annotated[str, typer.Argument(metavar="REF", help="The account's reference, as on its statements.")]
Evidence = Annotated[str, typer.Option("--evidence", help="Where the papers are; no names.", show_default=False)]
SheetFile = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        parser=parse_sheet,
        metavar="FILE",
        help="A spreadsheet to write, .xlsx or .csv.",
        show_default=False,
    ),
]
OutputFile = Annotated[
    Path | None, typer.Option("--output", "-o", help="A file instead of standard output.", show_default=False)
]


def as_params(*, as_of: date | None = None, known_at: date | None = None) -> dict[str, str]:
    """Return the query parameters of a question about the past."""
    days = {"as_of": as_of, "known_at": known_at}
    return {name: day.isoformat() for name, day in days.items() if day is not None}


def ledger_line(found: dict[str, Any]) -> str:
    """Return in words whether a figure is what the ledger says."""
    verdict = "the same" if found["ties"] else "NOT THE SAME; `closebook verify` finds where"
    return f"The ledger says {as_pounds(found['ledger_pence'])}: {verdict}."


def source_line(found: dict[str, Any]) -> str:
    """Return in words where a figure comes from: its days, and its ledger accounts."""
    source = found["source"]
    as_of = f"dated up to {source['as_of']}" if source["as_of"] else "of any date"
    known_at = f"known on {source['known_at']}" if source["known_at"] else "known now"
    return f"From: {', '.join(source['ledger']) or 'no ledger account'}; {as_of}, {known_at}."
