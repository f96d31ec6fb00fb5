"""`closebook explain`: how an owner's pence of a charge came about, step by step."""

from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import quote

import typer

from shared.cli import environment, output
from shared.cli.account import as_reference
from shared.cli.api import Api
from shared.cli.options import DataDir, JsonFlag, Reference


def explain(
    reference: Reference,
    charge_id: Annotated[str, typer.Argument(metavar="CHARGE_ID", help="The charge, as on the account's lines.")],
    *,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Explain an account's part of a charge: pool, share, exact value, odd penny, days and credits."""
    path = f"/accounts/{as_reference(reference)}/charges/{quote(charge_id)}"
    found = Api(environment.resolve(data)).get("billing", path)
    if as_json:
        output.write_json(found)
        return
    output.show(output.table(f"Charge {charge_id} on {found['account_ref']}", ("step", "what"), list(steps(found))))


def steps(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the steps of an explanation as a person reads them."""
    pool, days = found["pool"], found["liability"]
    yield "pool", f"{output.pounds(pool['gross_pence'])}, tax {output.pounds(pool['tax_pence'])} of it"
    yield "owed for", f"{days['from']} to {days['to']}, by {days['decided_by']} ({days['policy']})"
    if found["share_set"] is not None:
        yield "share", _share(found["share_set"])
    yield from _claims(found, "")
    for row in found["days"]:
        holder = row["account_ref"] or f"waits for {row['waiting_for']}"
        yield "days", f"{row['days']}, {row['from']} to {row['to']}: {holder}, {output.pounds(row['holder_pence'])}"
    yield "charged", output.pounds(found["charge_pence"])
    for credit in found["credits"]:
        how = "what was left" if credit["takes_what_is_left"] else f"of {output.pounds(credit['pool_pence'])}"
        yield "credit", f"{credit['credit_id']}, {credit['credited_on']}, {how}: {output.pounds(credit['pence'])}"
        yield from _claims(credit, " credited")
    yield "together", output.pounds(found["total_pence"])


def _share(set_: dict[str, Any]) -> str:
    units = f"{set_['units']} units, since {set_['effective_from']}"
    if set_["complete"]:
        return f"{set_['share'] or 'none'} of {set_['share_set_id']}, {units}"
    return f"{set_['share_set_id']} is not known or does not total 1: the charge waits for it"


def _claims(found: dict[str, Any], of: str) -> Iterator[tuple[str, str]]:
    for name in ("net", "tax"):
        if found[name] is not None:
            yield name + of, _claim(found[name])


def _claim(claim: dict[str, Any]) -> str:
    penny = "a penny more" if claim["rank"] <= claim["odd_pence"] else "no penny more"
    return (
        f"{claim['amount_pence']}p x {claim['share']} = {claim['exact']}p, whole pence {claim['floor_pence']}p; "
        f"remainder {claim['remainder']} is number {claim['rank']} and {claim['odd_pence']} get one: {penny}, "
        f"{claim['pence']}p (lot {claim['lot'][:12]}…)"
    )
