"""`closebook movement`: how receivables came from their opening to their closing balance."""

from datetime import date
from typing import Annotated

from shared.cli import output
from shared.cli.api import reading
from shared.cli.options import DataDir, JsonFlag, KnownAt, SheetFile, as_params, day_option, ledger_line, source_line


def movement(
    *,
    first: Annotated[date, day_option("--from", "The first day.")],
    last: Annotated[date, day_option("--to", "The last day, included.")],
    known_at: KnownAt = None,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """Show opening, charges, credits, receipts, reversals and closing, owners and the association's own units apart."""
    params = {"from": first.isoformat(), "to": last.isoformat(), **as_params(known_at=known_at)}
    found = reading(data).get("billing", "/movement", params)
    kinds = sorted({kind for row in found["rows"] for kind in row["moved"]})
    heads = ("", "opening", *(f"{kind}s" for kind in kinds), "closing")
    rows = [
        (
            row["name"],
            output.pounds(row["opening_pence"]),
            *(output.pounds(row["moved"].get(kind, 0)) for kind in kinds),
            output.pounds(row["closing_pence"]),
        )
        for row in found["rows"]
    ]
    table = output.table(f"Receivables from {first} to {last}", heads, rows, right=heads[1:])
    output.report(found, table, lines=(ledger_line(found), source_line(found)), as_json=as_json, to=to)
