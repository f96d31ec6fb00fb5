"""`closebook fees cost` and `fees cost-model`: what factoring costs, and the fee that recovers it."""

from datetime import date
from typing import Annotated, Any

import typer

from shared.cli import output
from shared.cli.api import FINANCE, acting, reading
from shared.cli.options import (
    As,
    DataDir,
    IdempotencyKey,
    JsonFlag,
    KnownAt,
    Reason,
    SheetFile,
    as_params,
    day_option,
    parse_pounds,
    pounds_option,
    source_line,
)
from shared.money import as_pounds


def cost(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="staff, overhead, it, print-post, legal, internal-recharge or other.")
    ],
    *,
    pence: Annotated[int, pounds_option("Below nothing corrects.")],
    on: Annotated[date, day_option("--on", "The day it arose.")],
    note: Annotated[str, typer.Option("--note", help="What for, and where the papers are; no names.")],
    reason: Reason = "cost of factoring",
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Record what factoring cost on a day; it is counted in its year's model and posted nowhere."""
    body = {"kind": kind, "incurred_on": on.isoformat(), "amount_pence": pence, "note": note, "reason": reason}
    made = acting(data, role, FINANCE).once("billing", "/fee-costs", body, key)
    output.answer(made, f"billing: {as_pounds(pence)} of {kind} recorded for {on}.", as_json=as_json)


def cost_model(
    year: Annotated[int, typer.Argument(metavar="YEAR", min=1, max=9998, help="It begins on 1 April of this year.")],
    *,
    wanted: Annotated[
        int | None,
        typer.Option(
            "--surplus",
            parser=parse_pounds,
            metavar="POUNDS",
            help="What the fee should leave over; else nothing.",
            show_default=False,
        ),
    ] = None,
    known_at: KnownAt = None,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """Show what a year of factoring cost, what its fees brought and left over, and the fee that recovers the cost."""
    params = {"wanted_surplus_pence": str(wanted or 0), **as_params(known_at=known_at)}
    found = reading(data).get("billing", f"/cost-model/{year}", params)
    tables = (
        output.table(f"{found['from']} to {found['to']}", ("", "a year"), _sides(found), right=("a year",)),
        output.table(f"Per unit, {found['units']} units", ("", "net"), _proposal(found), right=("net",)),
    )
    output.report(found, *tables, lines=(source_line(found),), as_json=as_json, to=to)


def _sides(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return both sides of the model: costs and surplus, then fees."""
    rows = [(one["kind"], one["amount_pence"]) for one in found["costs"]]
    rows.append(("bad debt", found["bad_debt"]["net_pence"]))
    rows.append(("surplus", found["surplus_pence"]))
    rows.append(("costs and surplus", found["cost_pence"] + found["surplus_pence"]))
    rows += [(one["name"].lower(), one["net_pence"]) for one in found["fees"]]
    rows.append(("fees", found["fee_pence"]))
    return [(name, output.pounds(pence)) for name, pence in rows]


def _proposal(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a unit cost, and the fee that recovers such a year with the surplus that is wanted."""
    return [
        ("cost", output.pounds(found["cost_per_unit_pence"])),
        ("proposed management fee", output.pounds(found["proposed_fee_pence"])),
        ("recovers, all units", output.pounds(found["to_recover_pence"])),
        ("rounded up by", output.pounds(found["rounding_pence"])),
    ]
