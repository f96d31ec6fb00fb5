"""`closebook floats` and `closebook reserve-funds`: money that is the owners' own, held for them and never earned."""

from datetime import date
from typing import Annotated, Any

import typer

from shared.cli import output, proposing
from shared.cli.aged_debt import By, Grouping
from shared.cli.api import FINANCE, acting, reading
from shared.cli.options import (
    As,
    AsOf,
    DataDir,
    Evidence,
    IdempotencyKey,
    JsonFlag,
    KnownAt,
    Reason,
    SheetFile,
    as_params,
    day_option,
    ledger_line,
    parse_scope,
    pounds_option,
    source_line,
)
from shared.money import as_pounds

floats = typer.Typer(help="Floats: propose what owners who come are asked, and list what is held.")
funds = typer.Typer(help="Reserve funds: propose what a block's fund is spent on, and list what is left.")

_FLOATS = ("accounts", "asked", "held", "unpaid", "written off")
_FUNDS = ("fund", "asked", "paid in", "unpaid", "written off", "spent", "left")
_TERMS = ("for", "version", "from", "float")
_SPENDINGS = ("spent on", "fund", "amount", "for what", "evidence", "id")
_KEPT = ("asked_pence", "held_pence", "unpaid_pence", "written_off_pence")

Pounds = Annotated[int, pounds_option("How much.")]


@floats.command("set")
def set_terms(
    *,
    scope: Annotated[
        str, typer.Option("--for", metavar="SCOPE=ID", help="unit, block or development.", show_default=False)
    ],
    pence: Pounds,
    since: Annotated[date, day_option("--from", "Owners who come from then on.")],
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose the float that every owner who comes is asked; the narrowest scope holds, and 0 asks none."""
    name, scope_id = parse_scope(scope)
    body = {"scope": name, "scope_id": scope_id, "effective_from": since.isoformat(), "amount_pence": pence}
    api = acting(data, role, FINANCE)
    made = proposing.propose(api, "billing", "float-terms", scope_id, body, reason, key)
    proposing.tell("billing", made, f"float of {as_pounds(pence)} for {scope}", "board", as_json=as_json)


@floats.command("list")
def list_floats(
    *,
    by: By = Grouping.BLOCK,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """List the floats asked of owners and what of them is paid and held, tied to the ledger."""
    params = {"by": by.value, **as_params(as_of=as_of, known_at=known_at)}
    found = reading(data).get("billing", "/floats", params)
    rows = [(row["name"], row["accounts"], *_pounds(row, _KEPT)) for row in found["rows"]]
    rows.append(("total", found["total"]["accounts"], *_pounds(found["total"], _KEPT)))
    terms = [
        (f"{one['scope']} {one['scope_id']}", one["version"], one["effective_from"], output.pounds(one["amount_pence"]))
        for one in found["terms"]
    ]
    tables = (
        output.table("Floats", (by.value, *_FLOATS), rows, right=_FLOATS),
        output.table("Asked of owners who come", _TERMS, terms, right=("float",)),
    )
    output.report(found, *tables, lines=_sources(found), as_json=as_json, to=to)


@funds.command("spend")
def spend(
    fund: Annotated[str, typer.Argument(metavar="BLOCK", help="The block, or the development of units without one.")],
    *,
    pence: Pounds,
    on: Annotated[date, day_option("--on", "The day it was paid.")],
    words: Annotated[str, typer.Option("--words", help="What for.", show_default=False)],
    evidence: Evidence,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose to record what a fund paid for; pounds below nothing came back to it."""
    body = {
        "fund_id": fund, "amount_pence": pence, "spent_on": on.isoformat(), "description": words, "evidence": evidence,
    }  # fmt: skip
    api = acting(data, role, FINANCE)
    made = proposing.propose(api, "billing", "fund-spending", fund, body, reason, key)
    proposing.tell("billing", made, f"{as_pounds(pence)} out of the fund of {fund}", "board", as_json=as_json)


@funds.command("list")
def list_funds(
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """List each block's fund: asked, paid in, spent and left, tied to the ledger; and what it was spent on."""
    found = reading(data).get("billing", "/reserve-funds", as_params(as_of=as_of, known_at=known_at))
    columns = (*_KEPT, "spent_pence", "left_pence")
    rows = [(row["name"], *_pounds(row, columns)) for row in found["rows"]]
    rows.append(("total", *_pounds(found["total"], columns)))
    spendings = [
        (
            one["spent_on"],
            one["fund_id"],
            output.pounds(one["amount_pence"]),
            one["description"],
            one["evidence"],
            one["spending_id"],
        )
        for one in found["spendings"]
    ]
    tables = (
        output.table("Reserve funds", _FUNDS, rows, right=_FUNDS[1:]),
        output.table("Spent", _SPENDINGS, spendings, right=("amount",)),
    )
    output.report(found, *tables, lines=_sources(found), as_json=as_json, to=to)


def _sources(found: dict[str, Any]) -> list[str]:
    """Return in words what the ledger owes, what of it waits for an owner, and from when the figures are."""
    pence = found["waiting_pence"]
    waiting = [f"{as_pounds(pence)} of it waits for a unit, an owner or shares."] if pence else []
    return [ledger_line(found), *waiting, source_line(found)]


def _pounds(row: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    return [output.pounds(row[name]) for name in names]
