"""`closebook prescription`: debts that prescribe soon, and what set them back; recorded, listed, withdrawn."""

import re
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

import typer

from shared.cli import output
from shared.cli.account import as_reference
from shared.cli.api import OFFICER, acting, reading
from shared.cli.options import (
    As,
    AsOf,
    DataDir,
    Evidence,
    IdempotencyKey,
    JsonFlag,
    Reason,
    Reference,
    SheetFile,
    as_params,
    day_option,
    ledger_line,
    source_line,
)
from shared.cli.tables import Table

bench = typer.Typer(help="List debts that prescribe soon; record what set them back.")

_BANDS = {"past": "past", "months_3": "3 months", "months_6": "6 months", "months_12": "12 months", "later": "later"}
_DEBTS = ("account", "unit", "charge", "due", "open", "prescribes", "within", "counts from", "by")
_INTERRUPTIONS = ("id", "account", "unit", "on", "ground", "charges", "evidence", "by", "why", "withdrawn", "because")


def parse_months(text: str) -> int:
    """Return the months that ``12m`` names; anything else is a usage error."""
    found = re.fullmatch(r"(\d{1,2})m", text, re.ASCII)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no number of months; write it as 12m.")
    return int(found[1])


@bench.command("list")
def list_debts(
    *,
    within: Annotated[
        int | None,
        typer.Option("--within", parser=parse_months, metavar="MONTHS", help="What prescribes by then; else 12m."),
    ] = None,
    as_of: AsOf = None,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """List open debts that have prescribed or soon do, the sums of all open debts, and what set debts back."""
    params = as_params(as_of=as_of) | ({"within": str(within)} if within is not None else {})
    found = reading(data).get("billing", "/prescription", params)
    lines = (_rest(found), ledger_line(found), source_line(found))
    output.report(found, _debts(found), _sums(found), _interruptions(found), lines=lines, as_json=as_json, to=to)


def _debts(found: dict[str, Any]) -> Table:
    source = found["source"]
    rows = [
        (
            row["account_ref"], row["unit_id"], row["charge_id"], row["due_on"], output.pounds(row["open_pence"]),
            row["prescribes_on"], _BANDS[row["band"]], row["counts_from"], row.get("ground", "due day"),
        )
        for row in found["debts"]
    ]  # fmt: skip
    title = f"{len(rows)} debts that prescribe within {source['within_months']} months of {source['day']}"
    return output.table(title, _DEBTS, rows, right=("open",))


def _sums(found: dict[str, Any]) -> Table:
    rows = [(_BANDS[one["band"]], one["debts"], output.pounds(one["open_pence"])) for one in found["bands"]]
    rows.append(("all open", sum(one["debts"] for one in found["bands"]), output.pounds(found["open_pence"])))
    return output.table(
        "All open debts of owners", ("prescribe within", "debts", "open"), rows, right=("debts", "open")
    )


def _interruptions(found: dict[str, Any]) -> Table:
    rows = [
        (
            row["interruption_id"], row["account_ref"], row["unit_id"], row["interrupted_on"], row["ground"],
            ", ".join(row["charge_ids"]), row["evidence"], row["made_by"], row["reason"], row["withdrawn_on"],
            row["withdrawn_reason"],
        )
        for row in found["interruptions"]
    ]  # fmt: skip
    return output.table(output.counted(len(rows), "interruption"), _INTERRUPTIONS, rows)


def _rest(found: dict[str, Any]) -> str:
    """Return in words what beside open debts makes up the ledger's sum."""
    names = ("not_yet_billed_pence", "credit_pence", "association_pence")
    pending, credit, association = (output.pounds(found[name]) for name in names)
    return f"Beside them: not yet billed {pending}, credit {credit}, the association's own units {association}."


@bench.command("interrupt")
def interrupt(
    reference: Reference,
    *,
    day: Annotated[date, day_option("--on", "When it was claimed, or admitted in writing.")],
    ground: Annotated[
        str, typer.Option("--ground", help="court-action, insolvency-claim or admission.", show_default=False)
    ],
    evidence: Evidence,
    reason: Reason,
    charge: Annotated[
        list[str] | None,
        typer.Option(
            "--charge", metavar="ID", help="A charge it names; none: all open that was due by then.", show_default=False
        ),
    ] = None,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Record that debts were claimed or admitted: their five years count anew from that day."""
    body = {
        "account_ref": as_reference(reference), "interrupted_on": day.isoformat(), "ground": ground,
        "evidence": evidence, "charge_ids": charge or [], "reason": reason,
    }  # fmt: skip
    answer = acting(data, role, OFFICER).once("billing", "/interruptions", body, key)
    words = (
        f"Interruption {answer['interruption_id']}: {', '.join(answer['charge_ids'])} on {answer['account_ref']},"
        f" {answer['ground']} of {answer['interrupted_on']}; five years from then end on {answer['prescribes_on']}."
    )
    output.answer(answer, words, as_json=as_json)


@bench.command("withdraw")
def withdraw(
    interruption: Annotated[str, typer.Argument(metavar="ID", help="The interruption's id.", show_default=False)],
    *,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Withdraw what was recorded by mistake: it counts as never made."""
    path = f"/interruptions/{quote(interruption, safe='')}/withdraw"
    answer = acting(data, role, OFFICER).once("billing", path, {"reason": reason}, key)
    output.answer(answer, f"Interruption {interruption} on {answer['account_ref']} is withdrawn.", as_json=as_json)
