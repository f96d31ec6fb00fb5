"""`closebook returns`: money that banks took back, why, and what comes next."""

from datetime import date
from typing import Annotated

from shared.cli import environment, output
from shared.cli.api import Api
from shared.cli.options import DataDir, JsonFlag, SheetFile, day_option

_COLUMNS = ("on", "account", "payment", "received", "amount", "reason", "meaning", "next")


def returns(
    *,
    first: Annotated[date, day_option("--from", "The first day.")],
    last: Annotated[date, day_option("--to", "The last day.")],
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """List money that was taken back: on whose account, why in plain words, and what the office does next."""
    params = {"from": first.isoformat(), "to": last.isoformat()}
    found = Api(environment.resolve(data)).get("billing", "/returns", params)
    rows = [
        (
            row["reversed_on"], " ".join(row["account_refs"]) or "suspense", row["payment_id"], row["received_on"],
            output.pounds(row["amount_pence"]), row["reason"], row["meaning"], row["next_step"],
        )
        for row in found["returns"]
    ]  # fmt: skip
    sums = [(row["code"], row["count"], output.pounds(row["amount_pence"])) for row in found["by_reason"]]
    output.report(
        found,
        output.table(f"Taken back {found['from']} to {found['to']}", _COLUMNS, rows, right=("amount",)),
        output.table("By reason", ("reason", "count", "amount"), sums, right=("count", "amount")),
        as_json=as_json,
        to=to,
    )
