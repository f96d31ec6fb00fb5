"""`closebook disputes`: what owners do not accept; recorded, listed, upheld or rejected."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

import typer

from shared.cli import environment, output
from shared.cli.account import as_reference
from shared.cli.api import OFFICER, Api, acting
from shared.cli.options import (
    As,
    DataDir,
    IdempotencyKey,
    JsonFlag,
    Reason,
    Reference,
    SheetFile,
    day_option,
    pounds_option,
)

_COLUMNS = ("id", "account", "unit", "charge", "disputed", "since", "review by", "ended", "how", "by", "why")

bench = typer.Typer(help="Record what an owner disputes and how it ended; list disputes.")
Dispute = Annotated[str, typer.Argument(metavar="ID", help="The dispute's id.", show_default=False)]


@bench.command("list")
def list_disputes(*, as_json: JsonFlag = False, to: SheetFile = None, data: DataDir = None) -> None:
    """List disputes: those that stand, those upheld and not credited yet, those that ended; with who and why."""
    found = Api(environment.resolve(data)).get("billing", "/disputes")
    table = output.table(
        output.counted(len(found), "dispute"), _COLUMNS, [_row(row) for row in found], right=("disputed",)
    )
    output.report(found, table, as_json=as_json, to=to)


def _row(row: dict[str, Any]) -> tuple[object, ...]:
    review = f"{row['review_on']} LATE" if row["late"] else row["review_on"]
    return (
        row["dispute_id"], row["account_ref"], row["unit_id"], row["charge_id"], output.pounds(row["amount_pence"]),
        row["raised_on"], review, row["ended_on"], _how(row), row["ended_by"] or row["raised_by"],
        row["ended_reason"] or row["reason"],
    )  # fmt: skip


def _how(row: dict[str, Any]) -> str | None:
    """Return how a dispute ended; of an upheld one also what the housing system has not credited yet."""
    awaited = row["awaits_credit_pence"]
    return f"{row['outcome']}, {output.pounds(awaited)} to be credited" if awaited else row["outcome"]


@bench.command("raise")
def raise_dispute(
    reference: Reference,
    charge: Annotated[str, typer.Argument(metavar="CHARGE", help="The charge's id.", show_default=False)],
    *,
    reason: Reason,
    pence: Annotated[int | None, pounds_option("How much; else all open.")] = None,
    since: Annotated[date | None, day_option("--on", "When the owner said so.")] = None,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Record that an owner disputes a charge or a part of it: money passes it over, and it is not chased."""
    body: dict[str, Any] = {"account_ref": as_reference(reference), "charge_id": charge, "reason": reason}
    if pence is not None:
        body["amount_pence"] = pence
    if since is not None:
        body["raised_on"] = since.isoformat()
    answer = acting(data, role, OFFICER).once("billing", "/disputes", body, key)
    words = f"Dispute {answer['dispute_id']}: {_what(answer)}, to be reviewed by {answer['review_on']}."
    output.answer(answer, words, as_json=as_json)


@bench.command("uphold")
def uphold(
    dispute: Dispute,
    *,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """End a dispute: the owner was right. Nobody asks for the sum until the housing system has credited it."""
    _end(dispute, "upheld", reason, key, acting(data, role, OFFICER), as_json)


@bench.command("reject")
def reject(
    dispute: Dispute,
    *,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """End a dispute: the charge stands; letters about it wait for the days of grace."""
    _end(dispute, "rejected", reason, key, acting(data, role, OFFICER), as_json)


def _end(dispute: str, outcome: str, reason: str, key: str | None, api: Api, as_json: bool) -> None:
    path = f"/disputes/{quote(dispute, safe='')}/end"
    answer = api.once("billing", path, {"outcome": outcome, "reason": reason}, key)
    output.answer(answer, f"Dispute {dispute} is {outcome}: {_what(answer)}.", as_json=as_json)


def _what(answer: dict[str, Any]) -> str:
    return f"{output.pounds(answer['amount_pence'])} of {answer['charge_id']} on {answer['account_ref']}"
