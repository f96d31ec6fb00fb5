"""`closebook reconcile`: the housing system's own list of what is owed and what was paid against billing."""

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.cli import output
from shared.cli.api import Api, reading
from shared.cli.errors import CliError, ExitCode
from shared.cli.exported import COLUMNS, read_export
from shared.cli.lines import BadLine
from shared.cli.options import DataDir, JsonFlag, SheetFile, day_option
from shared.cli.reconciliation import Compared, Fact, Finding, compare, totals
from shared.cli.tables import Table

_MONEY = ("there", "here", "difference")


def reconcile(
    file: Annotated[
        Path, typer.Argument(help=f"CSV with the columns {','.join(COLUMNS)}, or JSON lines.", show_default=False)
    ],
    *,
    first: Annotated[date | None, day_option("--from", "The file's first day.")] = None,
    last: Annotated[date | None, day_option("--to", "The file's last day.")] = None,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """Compare a file of charges, credits, payments and reversals with billing: what is missing, differs, is double."""
    read = list(read_export(file))
    bad = [line for line in read if isinstance(line, BadLine)]
    there = [fact for fact in read if isinstance(fact, Fact)]
    if not read:
        raise CliError(
            f"{file} tells of no charge, credit, payment or reversal.", "Name the export's file.", ExitCode.USAGE
        )
    found = compare(there, _here(reading(data)), first, last)
    differ = [one for one in found if one.finding is not Finding.AGREED]
    document = _document(file, found, differ, bad)
    output.report(document, *_tables(found, differ, bad), as_json=as_json, to=to)
    if differ or bad:
        raise typer.Exit(ExitCode.NEGATIVE)


def _here(api: Api) -> dict[tuple[str, str], Fact]:
    """Return every charge, credit, payment and reversal that billing was told."""
    text = "".join(api.stream("billing", "/export/facts", {}))
    rows = (json.loads(line) for line in text.split("\n") if line)
    facts = (Fact(row["kind"], row["id"], row["amount_pence"], date.fromisoformat(row["on"])) for row in rows)
    return {(fact.kind, fact.fact_id): fact for fact in facts}


def _document(file: Path, found: list[Compared], differ: list[Compared], bad: list[BadLine]) -> dict[str, Any]:
    return {
        "file": str(file),
        "ok": not differ and not bad,
        "totals": totals(found),
        "differences": [one.as_json() for one in differ],
        "bad": [line.as_json() for line in bad],
    }


def _tables(found: list[Compared], differ: list[Compared], bad: list[BadLine]) -> list[Table]:
    sums = [
        (row["kind"], row["finding"], row["count"], *(output.pounds(row[f"{name}_pence"]) for name in _MONEY))
        for row in totals(found)
    ]
    told = [_told(one) for one in differ]
    wrong = [(line.number, line.reason, line.field, line.detail) for line in bad]
    return [
        output.table("Totals", ("kind", "finding", "count", *_MONEY), sums, right=("count", *_MONEY)),
        output.table("Differences", ("finding", "kind", "what", "there", "here"), told),
        *([output.table("Bad lines", ("line", "reason", "field", "what is wrong"), wrong)] if wrong else []),
    ]


def _told(one: Compared) -> tuple[object, ...]:
    fact = one.there or one.here
    assert fact is not None
    return (one.finding.value, fact.kind, fact.fact_id, *map(_side, (one.there, one.here)))


def _side(side: Fact | None) -> str:
    """Return what a system says of a fact; a credit without a sum takes what is left of its charge."""
    return f"{output.pounds(side.amount_pence) or 'what is left'} on {side.on}" if side else ""
