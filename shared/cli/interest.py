"""`closebook interest`: what simple interest on an account's overdue debts would come to; it charges nothing."""

from datetime import date
from fractions import Fraction
from typing import Annotated, Any
from urllib.parse import quote

import typer

from shared.cli import output
from shared.cli.account import as_reference
from shared.cli.api import reading
from shared.cli.options import DataDir, JsonFlag, Reference, SheetFile, day_option

_COLUMNS = ("charge", "statement", "due", "open", "disputed", "days", "exact pence", "interest")
_CAUTION = (
    "Nothing is charged. Ask for interest only where the title deeds or the written statement of services allow it.",
    "Simple, a year of 365 days; the due day is not counted, the last day is; what is disputed bears none.",
    "Of what was paid in part, on what is open still, from its due day.",
    "What has prescribed is in it until it is written off: ask for no interest on that.",
)


def interest(
    reference: Reference,
    *,
    rate: Annotated[
        str, typer.Option("--rate", metavar="PERCENT", help="Percent a year, like 8 or 8.25.", show_default=False)
    ],
    until: Annotated[date | None, day_option("--to", "The last day that counts; else the day last closed.")] = None,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """Show what interest on overdue debts would come to at a rate; nothing is charged."""
    params = {"rate": rate} | ({"to": until.isoformat()} if until is not None else {})
    path = f"/accounts/{quote(as_reference(reference), safe='')}/interest"
    found = reading(data).get("billing", path, params)
    rows = [_row(one) for one in found["items"]]
    principal, total = output.pounds(found["principal_pence"]), output.pounds(found["interest_pence"])
    rows.append(("total", "", "", principal, "", "", "", total))
    title = f"Interest at {found['rate']}% a year on {found['account_ref']} to {found['to']}"
    table = output.table(title, _COLUMNS, rows, right=("open", "disputed", "days", "exact pence", "interest"))
    output.report(found, table, lines=_CAUTION, as_json=as_json, to=to)


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    return (
        one["charge_id"], one.get("statement_no"), one["due_on"], output.pounds(one["principal_pence"]),
        output.pounds(one.get("disputed_pence")), one["days"], _mixed(one["exact_pence"]),
        output.pounds(one["interest_pence"]),
    )  # fmt: skip


def _mixed(fraction: str) -> str:
    """Return an exact number of pence as people read it: ``979 21/25``."""
    exact = Fraction(fraction)
    whole, rest = divmod(exact.numerator, exact.denominator)
    return f"{whole} {rest}/{exact.denominator}" if rest else str(whole)
