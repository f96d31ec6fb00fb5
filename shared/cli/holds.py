"""`closebook holds`: why accounts or charges are not chased; set, listed, lifted."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

import typer

from shared.cli import output
from shared.cli.account import as_reference
from shared.cli.api import OFFICER, acting, reading
from shared.cli.options import As, DataDir, IdempotencyKey, JsonFlag, Reason, Reference, day_option
from shared.events.arrears import HoldKind

_COLUMNS = ("id", "account", "kind", "charge", "since", "review by", "lifted", "by", "why")

bench = typer.Typer(help="Set and lift holds, which stop letters; list them.")
Kind = Annotated[HoldKind, typer.Argument(metavar="KIND", help="Why: docs/arrears.md lists the kinds.")]


@bench.command("list")
def list_holds(*, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """List holds: those that stand, by their day of review, then those that were lifted; with who and why."""
    found = reading(data).get("arrears", "/holds")
    if as_json:
        output.write_json(found)
        return
    output.show(output.table(output.counted(len(found), "hold"), _COLUMNS, [_row(row) for row in found]))


def _row(row: dict[str, Any]) -> tuple[object, ...]:
    review = f"{row['review_on']} LATE" if row["late"] else row["review_on"]
    return (
        row["hold_id"], row["account_ref"], row["kind"], row["charge_id"], row["started_on"], review, row["ended_on"],
        row["ended_by"] or row["by"], row["ended_reason"] or row["reason"],
    )  # fmt: skip


@bench.command("set")
def set_hold(
    reference: Reference,
    kind: Kind,
    *,
    reason: Reason,
    charge: Annotated[str | None, typer.Option("--charge", help="Only this charge.", show_default=False)] = None,
    since: Annotated[date | None, day_option("--on", "From when, if earlier than today.")] = None,
    review: Annotated[date | None, day_option("--review-on", "When somebody looks at it again.")] = None,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Set a hold on an account, or on one charge of it: letters that it stops are not written from now on."""
    wanted = as_reference(reference)
    days = {"started_on": since, "review_on": review}
    body = {"account_ref": wanted, "kind": kind.value, "charge_id": charge, "reason": reason}
    body |= {name: day.isoformat() for name, day in days.items() if day is not None}
    answer = acting(data, role, OFFICER).once("arrears", "/holds", body, key)
    words = f"Hold {answer['hold_id']}: {_what(answer)} on {wanted}, {_review(answer)}."
    output.answer(answer, words, as_json=as_json)


@bench.command("lift")
def lift_hold(
    hold: Annotated[str, typer.Argument(metavar="ID", help="The hold's id.", show_default=False)],
    *,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Lift a hold: the ladder goes on with the next stage, after the days of grace where the kind gives them."""
    path = f"/holds/{quote(hold, safe='')}/lift"
    answer = acting(data, role, OFFICER).once("arrears", path, {"reason": reason}, key)
    output.answer(answer, f"Hold {hold} is lifted from {answer['ended_on']}: {_what(answer)}.", as_json=as_json)


def _what(answer: dict[str, Any]) -> str:
    return f"{answer['kind']} of {answer['charge_id']}" if answer["charge_id"] else str(answer["kind"])


def _review(answer: dict[str, Any]) -> str:
    return f"to be reviewed by {answer['review_on']}" if answer["review_on"] else "without a day of review"
