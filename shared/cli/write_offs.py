"""`closebook write-off`: proposing that a debt is given up, and what became of those that were."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from shared.cli import output, proposing
from shared.cli.account import as_reference
from shared.cli.api import FINANCE, acting, reading
from shared.cli.errors import CliError, ExitCode
from shared.cli.options import (
    As,
    DataDir,
    Evidence,
    IdempotencyKey,
    JsonFlag,
    Reason,
    Reference,
    SheetFile,
    parse_pounds,
)

given_up = typer.Typer(help="Propose that a debt is written off, and list those that were.")

_COLUMNS = ("id", "account", "unit", "on", "ground", "written off", "written back", "stands", "evidence", "proposal")
_MONEY = ("amount_pence", "written_back_pence", "standing_pence")


@given_up.command("propose")
def propose(
    reference: Reference,
    *,
    ground: Annotated[
        str,
        typer.Option(
            "--ground",
            help="uneconomic, prescribed, insolvency-closed, untraceable, deceased-no-estate or rule-5.",
            show_default=False,
        ),
    ],
    evidence: Evidence,
    reason: Reason,
    charge: Annotated[
        list[str] | None,
        typer.Option(
            "--charge", metavar="ID[=POUNDS]", help="A charge, whole or in part; none: all overdue.", show_default=False
        ),
    ] = None,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose that debts of an account are written off; another person approves."""
    api = acting(data, role, FINANCE)
    account = api.get("billing", f"/accounts/{as_reference(reference)}")
    debts = debts_of(account, charge or ())
    body = {"account_ref": account["account_ref"], "ground": ground, "evidence": evidence, "debts": debts}
    made = proposing.propose(api, "billing", "write-off", account["account_ref"], body, reason, key)
    total = output.pounds(sum(debt["amount_pence"] for debt in debts))
    proposing.tell("billing", made, f"write-off of {total} on {account['account_ref']}", "board", as_json=as_json)


def debts_of(account: dict[str, Any], charges: Sequence[str]) -> list[dict[str, Any]]:
    """Return what is proposed: the charges named, whole or in part, else all that is overdue."""
    opened: Counter[str] = Counter()
    overdue = account["overdue_pence"]
    for item in account["items"]:  # the oldest due first
        if charges or overdue > 0:
            opened[item["charge_id"]] += item["open_pence"]
            overdue -= item["open_pence"]
    wanted = [text.partition("=") for text in charges] or [(charge_id, "", "") for charge_id in opened]
    debts = [
        {"charge_id": name, "amount_pence": parse_pounds(part) if part else opened[name]} for name, _, part in wanted
    ]
    if not debts or not all(debt["amount_pence"] for debt in debts):
        raise CliError(
            f"Nothing of that is open on {account['account_ref']}.",
            f"`closebook account {account['account_ref']}` shows what is.",
            ExitCode.NEGATIVE,
        )
    return debts


@given_up.command("list")
def list_write_offs(*, as_json: JsonFlag = False, to: SheetFile = None, data: DataDir = None) -> None:
    """List every debt that was written off, what was paid of it after all, and what still stands."""
    found = reading(data).get("billing", "/write-offs")
    rows = [
        (
            row["write_off_id"],
            row["account_ref"],
            row["unit_id"],
            row["written_off_on"],
            row["ground"],
            *(output.pounds(row[name]) for name in _MONEY),
            row["evidence"],
            row["proposal"],
        )
        for row in found
    ]
    table = output.table(f"{len(rows)} write-offs", _COLUMNS, rows, right=("written off", "written back", "stands"))
    output.report(found, table, as_json=as_json, to=to)
