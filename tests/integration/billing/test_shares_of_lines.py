"""The share beside a line of an account is the one that made it, or none is shown."""

from typing import Any

from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, shares
from tests.integration.billing.test_carriers import UNEVEN, a_roof


async def lines(desk: Desk, unit_id: str) -> list[tuple[Any, ...]]:
    account = await desk.account(unit_id, f"O{unit_id[1:]}")
    return [
        (line["charge_id"], line["amount_pence"], line.get("share"), line.get("exact"), line.get("pool_pence"))
        for line in account["lines"]
    ]


async def test_a_charge_that_was_divided_anew_shows_no_share_that_did_not_make_its_lines(desk: Desk) -> None:
    await a_roof(desk)
    assert await lines(desk, "U1") == [("ROOF", 200_00, "1/8", "20000", 1_600_00)]
    await desk.close("2026-04-01")
    await desk.hear(shares(*UNEVEN), a_charge("STAIR", 160_00, pool="S1", on="2026-04-02"))
    assert await lines(desk, "U1") == [
        ("ROOF", 200_00, None, None, None), ("ROOF", -100_00, None, None, None),
        ("STAIR", 10_00, "1/16", "1000", 160_00),
    ]  # fmt: skip
    assert ("ROOF", 200_00, "1/8", "20000", 1_600_00) in await lines(desk, "U4")
