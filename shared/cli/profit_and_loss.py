"""`closebook profit-and-loss`: what a month earned, and what it passed on to owners."""

from typing import Annotated, Any

import typer

from shared.cli import output
from shared.cli.api import reading
from shared.cli.options import DataDir, JsonFlag, KnownAt, SheetFile, as_params, parse_month, source_line

_EARNED = ("charged", "credited", "net")
_PASSED_ON = ("net", "tax", "waiting", "difference")


def profit_and_loss(
    *,
    month: Annotated[str, typer.Option("--month", parser=parse_month, metavar="MONTH", help="A month, like 2026-03.")],
    known_at: KnownAt = None,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """Show income by kind, costs passed on with where they stand, and bad debts; by value date, net of tax."""
    params = {"month": month, **as_params(known_at=known_at)}
    found = reading(data).get("billing", "/profit-and-loss", params)
    income = [(row["account"], *_pounds(row, _EARNED)) for row in found["income"]]
    recovery = [(row["account"], _by_block(row), *_pounds(row, _PASSED_ON)) for row in found["recovery"]]
    earned, passed_on = output.pounds(found["income_pence"]), output.pounds(found["recovery_pence"])
    heads = ("account", "on accounts, by block", *_PASSED_ON)
    lost = found["bad_debt"]
    bad_debts = (
        f"Bad debts: written off {output.pounds(lost['written_off_pence'])}, "
        f"written back {output.pounds(lost['written_back_pence'])}, net {output.pounds(lost['net_pence'])}, "
        f"carried by other owners {output.pounds(lost['carried_pence'])}."
    )
    cost = output.pounds(found["cost_pence"])
    costs = [(row["kind"], output.pounds(row["amount_pence"])) for row in found["costs"]]
    result = f"Result: {output.pounds(found['result_pence'])}, income less costs and the bad debts that nobody carries."
    output.report(
        found,
        output.table(f"Income of {month}, {earned}", ("account", *_EARNED), income, right=_EARNED),
        output.table(f"Passed on, {passed_on}", heads, recovery, right=_PASSED_ON),
        *([output.table(f"Costs, {cost}", ("kind", "amount"), costs, right=("amount",))] if costs else []),
        lines=(bad_debts, result, source_line(found)),
        as_json=as_json,
        to=to,
    )


def _pounds(row: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    return [output.pounds(row[f"{name}_pence"]) for name in names]


def _by_block(row: dict[str, Any]) -> str:
    return ", ".join(f"{block['block_id']} {output.pounds(block['amount_pence'])}" for block in row["blocks"])
