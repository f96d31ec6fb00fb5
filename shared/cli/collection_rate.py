"""`closebook collection-rate`: how much of what was due from owners was paid."""

from typing import Annotated

import typer

from shared.cli import output
from shared.cli.api import reading
from shared.cli.options import AsOf, DataDir, JsonFlag, KnownAt, SheetFile, as_params, parse_quarter, source_line


def collection_rate(
    *,
    quarter: Annotated[
        str,
        typer.Option("--quarter", parser=parse_quarter, metavar="QUARTER", help="A calendar quarter, like 2026-Q1."),
    ],
    as_of: AsOf = None,
    known_at: KnownAt = None,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """Show the rate of a quarter and of the twelve months that end with it, exactly and in percent."""
    params = {"quarter": quarter, **as_params(as_of=as_of, known_at=known_at)}
    found = reading(data).get("billing", "/collection-rate", params)
    rows = [
        (
            f"{words} {found[name]['from']} to {found[name]['to']}",
            output.pounds(found[name][f"{part}_pence"]),
            output.pounds(found[name][f"{whole}_pence"]),
            found[name]["fraction"],
            found[name]["percent"],
        )
        for words, name, part, whole in (
            ("received of what fell due", "period", "received", "due"),
            ("receipts to charges", "rolling", "receipts", "charges"),
        )
    ]
    heads = ("", "part", "whole", "exactly", "%")
    table = output.table("Collection rate", heads, rows, right=("part", "whole", "%"))
    output.report(found, table, lines=(source_line(found),), as_json=as_json, to=to)
