"""`closebook suspense`: money nobody matches yet, and charges, credits and reversals that wait."""

from typing import Any

from shared.cli import environment, output
from shared.cli.api import Api
from shared.cli.options import DataDir, JsonFlag


def suspense(*, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """Show unmatched money, and what waits and what it waits for."""
    found = Api(environment.resolve(data)).get("billing", "/suspense")
    if as_json:
        output.write_json(found)
        return
    payments = [
        (item["payment_id"], item["received_on"], output.pounds(item["amount_pence"])) for item in found["payments"]
    ]
    waiting = [
        (kind, item.get(f"{kind}_id"), item.get("unit_id"), output.pounds(item["amount_pence"]), _needs(item))
        for kind in ("charge", "credit", "reversal")
        for item in found.get(f"{kind}s", ())
    ]
    output.show(
        output.table(
            f"Unmatched payments, {output.pounds(found['payments_pence'])}",
            ("payment", "received", "amount"),
            payments,
            right=("amount",),
        ),
        output.table(
            f"Waiting, charges {output.pounds(found['charges_pence'])}",
            ("what", "id", "unit", "amount", "waits for"),
            waiting,
            right=("amount",),
        ),
    )


def _needs(item: dict[str, Any]) -> str:
    """Return what a thing waits for; of an incomplete share set also by how much it misses the whole."""
    gap = item.get("gap")
    return f"{item['waiting_for']} (shares miss {gap} of the whole)" if gap else str(item["waiting_for"])
