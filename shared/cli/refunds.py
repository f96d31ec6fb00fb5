"""`closebook refunds`: owners in credit and since when, and money that goes back where it came from."""

from typing import Annotated, Any

import typer

from shared.cli import output, proposing
from shared.cli.api import OFFICER, acting, reading
from shared.cli.options import As, DataDir, IdempotencyKey, JsonFlag, Reason, SheetFile, parse_pounds

bench = typer.Typer(help="List owners in credit; propose that money goes back where it came from.")


@bench.command("list")
def list_refunds(*, as_json: JsonFlag = False, to: SheetFile = None, data: DataDir = None) -> None:
    """List owners in credit: since when, until when it must be back, what may go back to whom; and refunds given."""
    found = reading(data).get("billing", "/refunds")
    tables = (
        output.table(
            f"{len(found['waiting'])} owners in credit on {found['day']}",
            ("account", "unit", "credit", "since", "days", "left", "back by", "may go back to"),
            [_waiting(row) for row in found["waiting"]],
            right=("credit", "days"),
        ),
        output.table(
            f"{len(found['given'])} refunds given",
            ("refund", "payment", "amount", "on"),
            [
                (row["refund_id"], row["payment_id"], output.pounds(row["amount_pence"]), row["refunded_on"])
                for row in found["given"]
            ],
            right=("amount",),
        ),
    )
    output.report(found, *tables, as_json=as_json, to=to)


def _waiting(row: dict[str, Any]) -> tuple[object, ...]:
    sources = ", ".join(f"{one['payment_id']} {output.pounds(one['left_pence'])}" for one in row["sources"])
    by = f"{row['due_by']} LATE" if row["late"] else row["due_by"]
    credit = output.pounds(row["credit_pence"])
    return (row["account_ref"], row["unit_id"], credit, row["since"], row["days"], row["left_on"], by, sources)


@bench.command("propose")
def propose(
    payment: Annotated[str, typer.Argument(metavar="PAYMENT", help="The payment it goes back to.", show_default=False)],
    pence: Annotated[int, typer.Argument(parser=parse_pounds, metavar="POUNDS", help="How much.", show_default=False)],
    *,
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="REF", help="Whose credit; absent: money in suspense.", show_default=False),
    ] = None,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose a refund; finance approves it with `closebook proposals approve billing ID`."""
    body: dict[str, Any] = {"payment_id": payment, "amount_pence": pence}
    if account is not None:
        body["account_ref"] = account
    api = acting(data, role, OFFICER)
    made = proposing.propose(api, "billing", "refund", f"payment:{payment}", body, reason, key)
    proposing.tell("billing", made, f"refund of {output.pounds(pence)}", "finance", as_json=as_json)
