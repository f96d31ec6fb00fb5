"""`closebook period`: a quarter by its books; once it is closed the report never changes."""

from typing import Annotated

import typer

from shared.cli import output
from shared.cli.api import reading
from shared.cli.options import DataDir, JsonFlag, SheetFile, parse_quarter

_MONEY = ("opening", "debit", "credit", "closing")


def period(
    quarter: Annotated[
        str, typer.Argument(parser=parse_quarter, metavar="QUARTER", help="A calendar quarter, like 2026-Q1.")
    ],
    *,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """Show what a quarter's books posted to each ledger account, and the late facts among it with their true dates."""
    found = reading(data).get("billing", f"/periods/{quarter}")
    rows = [(row["ledger"], *(output.pounds(row[f"{name}_pence"]) for name in _MONEY)) for row in found["rows"]]
    rows.append(("total", "", output.pounds(found["debit_pence"]), output.pounds(found["credit_pence"]), ""))
    late = [
        (
            item["value_on"],
            item["book"],
            item["fact_kind"],
            item["fact_id"],
            ":".join(filter(None, (item["ledger"], item["account_ref"]))),
            output.pounds(item["amount_pence"]),
        )
        for item in found["late"]
    ]
    state = "closed" if found["closed"] else "still open"
    output.report(
        found,
        output.table(f"Books of {found['quarter']}, {state}", ("account", *_MONEY), rows, right=_MONEY),
        output.table("Late facts", ("dated", "learnt", "kind", "what", "account", "amount"), late, right=("amount",)),
        lines=(f"From: books {found['source']['books_from']} to {found['source']['books_to']}.",),
        as_json=as_json,
        to=to,
    )
