"""`closebook settlement`: what the present owner would have to pay at settlement, as a seller's solicitor asks."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from shared.cli import environment, output
from shared.cli.account import as_reference
from shared.cli.api import Api
from shared.cli.errors import CliError
from shared.cli.options import DataDir, JsonFlag, Reference, SheetFile, day_option, source_line

_COLUMNS = ("why", "what", "for", "days", "statement", "due", "amount")
_WHY = {
    "due-later": "due later",
    "not-billed": "on no statement yet",
    "credit": "in credit",
    "after-entry": "from the entry on",
    "to-come": "to come, estimate",
    "float-held": "float held",
    "float-unpaid": "float never paid",
    "written-back": "written off, paid after all",
}
"""The groups of rows in words; overdue and disputed are words already."""


def settlement(
    reference: Reference,
    *,
    entry: Annotated[date, day_option("--entry", "The day of entry: the first that is no longer the owner's.")],
    valid_until: Annotated[
        date | None, day_option("--valid-until", "The last day on which the figure holds; else as the policy says.")
    ] = None,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """Work out a settlement figure: what stands, what the sale would change, and what is to come until the entry."""
    params = {"entry": entry.isoformat()} | ({"valid_until": valid_until.isoformat()} if valid_until else {})
    path = f"/accounts/{as_reference(reference)}/settlement"
    show(Api(environment.resolve(data)).get("billing", path, params), as_json=as_json, to=to)


def show(found: dict[str, Any], *, as_json: bool, to: Path | None) -> None:
    """Print a figure: its rows, and what stands beside it; or what an account that has ended is told by."""
    if "words" in found:
        _require_no_file(found["words"], to)
        output.answer(found, found["words"], as_json=as_json)
        return
    rows = [*map(_row, found["rows"]), ("total", *[None] * 5, output.pounds(found["total_pence"]))]
    table = output.table("Settlement figure", _COLUMNS, rows, right=("amount",))
    output.report(found, table, head=(_head(found),), lines=list(_lines(found)), as_json=as_json, to=to)


def _require_no_file(words: str, to: Path | None) -> None:
    """Refuse a spreadsheet where there is no figure: one of before must not stand for it."""
    if to is not None:
        raise CliError(words, f"There is no figure, and {to} was not written: give the command without --output.")


def _head(found: dict[str, Any]) -> str:
    return (
        f"Account {found['account_ref']}, unit {found['unit_id']}, entry {found['entry_on']}: {_verdict(found)}, "
        f"valid until {found['valid_until']}"
    )


def _verdict(found: dict[str, Any]) -> str:
    total = found["total_pence"]
    return f"{output.pounds(-total)} goes back" if total < 0 else f"{output.pounds(total)} to pay"


def _row(row: dict[str, Any]) -> tuple[object, ...]:
    what = row.get("charge_id") or row.get("payment_id")
    why, amount = _WHY.get(row["group"], row["group"]), output.pounds(row["amount_pence"])
    return (why, what, row.get("description"), _days(row), row.get("statement_no"), row.get("due_on"), amount)


def _days(row: dict[str, Any]) -> str | None:
    """Return the days a cost is owed for, and of those of a period how many are the owner's."""
    if row.get("of_days", 1) == 1:
        return row.get("period_from")
    return f"{row['period_from']} to {row['period_to']}, {row['days']} of {row['of_days']}"


def _lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield what stands beside the figure, and where it comes from."""
    if found["disputed_pence"]:
        yield f"{output.pounds(found['disputed_pence'])} of the total is disputed."
    for one in found["collections"]:
        yield (
            f"On its way: {output.pounds(one['amount_pence'])} by direct debit of {one['collect_on']} "
            f"({one['collection_id']}); the figure falls by what arrives."
        )
    fund = found["reserve_fund"]
    if fund is not None:
        paid = output.pounds(fund["paid_in_pence"])
        yield f"{paid} is paid into the reserve fund of {fund['fund_id']}: it stays with the building."
    for one in found["waiting"]:
        yield f"On no account yet: {one['charge_id']}, {one['description']}{_instructed(one)}: {_waits(one)}."
    yield found["reservation"]
    yield f"Worked out after {found['closed_on']} was closed ({found['policy']}). {source_line(found)}"


def _instructed(one: dict[str, Any]) -> str:
    return f", instructed {one['instructed_on']}" if "instructed_on" in one else ""


def _waits(one: dict[str, Any]) -> str:
    if "amount_pence" in one:
        return f"{output.pounds(one['amount_pence'])} waits for {one['waiting_for']}"
    share = f"share {one['share']} of " if "share" in one else "a share of "
    return f"{share}{output.pounds(one['pool_pence'])} waits for {one['waiting_for']}"
