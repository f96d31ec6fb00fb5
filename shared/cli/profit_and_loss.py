"""`closebook profit-and-loss`: what a month earned, and what it passed on to owners."""

from typing import Annotated

import typer

from shared.cli import environment, output
from shared.cli.api import Api
from shared.cli.options import DataDir, JsonFlag, KnownAt, as_params, parse_month, source_line


def profit_and_loss(
    *,
    month: Annotated[str, typer.Option("--month", parser=parse_month, metavar="MONTH", help="A month, like 2026-03.")],
    known_at: KnownAt = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Show income by kind, costs passed on with where they stand, and bad debts; by value date, net of tax."""
    params = {"month": month, **as_params(known_at=known_at)}
    found = Api(environment.resolve(data)).get("billing", "/profit-and-loss", params)
    if as_json:
        output.write_json(found)
        return
    money = ("charged", "credited", "net")
    income = [(row["account"], *(output.pounds(row[f"{name}_pence"]) for name in money)) for row in found["income"]]
    passed = ("net", "tax", "waiting", "difference")
    recovery = [
        (
            row["account"],
            ", ".join(f"{block['block_id']} {output.pounds(block['amount_pence'])}" for block in row["blocks"]),
            *(output.pounds(row[f"{name}_pence"]) for name in passed),
        )
        for row in found["recovery"]
    ]
    output.show(
        output.table(
            f"Income of {month}, {output.pounds(found['income_pence'])}", ("account", *money), income, right=money
        ),
        output.table(
            f"Passed on, {output.pounds(found['recovery_pence'])}",
            ("account", "on accounts, by block", *passed),
            recovery,
            right=passed,
        ),
    )
    lost = found["bad_debt"]
    output.tell(
        f"Bad debts: written off {output.pounds(lost['written_off_pence'])}, "
        f"written back {output.pounds(lost['written_back_pence'])}, net {output.pounds(lost['net_pence'])}."
    )
    output.tell(source_line(found))
