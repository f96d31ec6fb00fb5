"""`closebook aged-debt`: what is owed by days past due, tied to the ledger."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from shared.cli import output
from shared.cli.api import reading
from shared.cli.options import AsOf, DataDir, JsonFlag, KnownAt, SheetFile, as_params, ledger_line, source_line

_COLUMNS = {
    "current": "current", "d1_30": "30", "d31_60": "60", "d61_90": "90", "d91_120": "120", "over_120": "120+",
    "credit": "credit", "not_yet_billed": "not yet billed", "balance_pence": "balance",
}  # fmt: skip


class Grouping(StrEnum):
    """What debt is summed up by."""

    BLOCK = "block"
    OWNER = "owner"
    DEVELOPMENT = "development"


By = Annotated[Grouping, typer.Option("--by", help="What a row is.")]


def aged_debt(
    *,
    by: By = Grouping.BLOCK,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """Show open debt by days past due; credit and what no statement carries yet stand in columns of their own."""
    params = {"by": by.value, **as_params(as_of=as_of, known_at=known_at)}
    found = reading(data).get("billing", "/aged-debt", params)
    rows = [_row(row["name"], row) for row in found["rows"]]
    rows.append(_row("total", found["total"]))
    heads = (by.value, "accounts", *_COLUMNS.values())
    title = f"Aged debt, days past due on {found['source']['aged_to']}"
    table = output.table(title, heads, rows, right=heads[1:])
    output.report(found, table, lines=(ledger_line(found), source_line(found)), as_json=as_json, to=to)


def _row(name: str, row: dict[str, Any]) -> tuple[object, ...]:
    return (name, row["accounts"], *(output.pounds(row[column]) for column in _COLUMNS))
