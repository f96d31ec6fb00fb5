"""Ends and beginnings of management that are learnt late: each managed day is charged once, in whatever order."""

from datetime import date
from itertools import permutations
from typing import Any

import pytest

from services.billing.domain.refs import account_ref
from services.billing.usecases.schedules import SCHEDULE
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_line, a_unit
from tests.integration.billing.people import decide
from tests.integration.billing.test_schedules import FEE, charged

OWNER = account_ref("U1", "A")
MID_MAY = {"managed_to": date(2026, 5, 15)}
FROM_MAY = {"managed_from": date(2026, 5, 16)}


async def registered(desk: Desk, **managed: Any) -> None:
    """A flat of one owner, and a fee of 42.00 a quarter; it is 31 March."""
    await desk.close("2026-03-30")
    await desk.hear(a_unit(**managed), a_line("U1", ("A", "2025-06-01")))
    await decide(desk, SCHEDULE, **FEE)
    await desk.close("2026-03-31")


async def test_what_is_missing_of_an_instalment_is_charged_when_management_goes_on(desk: Desk) -> None:
    await registered(desk, **MID_MAY)
    await desk.close("2026-04-01", "2026-04-30")
    assert await charged(desk) == {("U1", "FEE-B1:2026-04-01:U1"): 20_77}
    await desk.hear(a_unit())
    await desk.close("2026-05-01", "2026-05-02")
    await desk.hear(a_unit(block_id="B1", locality="Govan"))
    await desk.close("2026-05-03")
    assert await charged(desk) == {
        ("U1", "FEE-B1:2026-04-01:U1"): 20_77, ("U1", "FEE-B1:2026-05-16/2026-06-30:U1"): 21_23,
    }  # fmt: skip
    [_, rest] = (await desk.account("U1", "A"))["lines"]
    assert (rest["tax_pence"], str(rest["value_on"]), rest["description"]) == (3_54, "2026-05-01", "Management fee")
    assert await desk.wrong() == []


async def test_what_is_missing_before_is_charged_when_management_began_earlier(desk: Desk) -> None:
    await registered(desk, **FROM_MAY)
    await desk.close("2026-04-01")
    await desk.hear(a_unit())
    await desk.close("2026-05-01")
    assert await charged(desk) == {
        ("U1", "FEE-B1:2026-04-01:U1"): 21_23, ("U1", "FEE-B1:2026-04-01/2026-05-15:U1"): 20_77,
    }  # fmt: skip
    assert await desk.wrong() == []


async def test_a_charge_of_the_housing_system_with_the_name_of_the_rest_prevents_nothing(desk: Desk) -> None:
    await registered(desk, **MID_MAY)
    await desk.close("2026-04-01")
    taken = "FEE-B1:2026-05-16/2026-06-30:U1"
    await desk.hear(a_charge(taken, 7_00, unit="U1", on="2026-04-02"), a_unit())
    await desk.close("2026-04-02")
    await desk.hear(a_unit())
    await desk.close("2026-04-03")
    assert await charged(desk) == {
        ("U1", "FEE-B1:2026-04-01:U1"): 20_77, ("U1", taken): 7_00, ("U1", f"{taken}:ours"): 21_23,
    }  # fmt: skip


REGISTRATIONS: tuple[dict[str, Any], ...] = ({}, MID_MAY, FROM_MAY)


@pytest.mark.parametrize("last", REGISTRATIONS)
async def test_the_balance_is_that_of_knowing_the_last_registration_at_once(desks: Desks, last: dict[str, Any]) -> None:
    """The order in which the others were learnt before it plays no part (contract.md 1); what is outside waits."""
    ends = []
    others = [one for one in REGISTRATIONS if one is not last]
    for story in ((last,), *((*order, last) for order in permutations(others))):
        desk = await desks()
        await registered(desk, **story[0])
        await desk.close("2026-04-01")
        for number, managed in enumerate(story[1:], start=10):
            await desk.hear(a_unit(**managed))
            await desk.close(f"2026-04-{number}")
        assert await desk.wrong() == []
        ends.append((await desk.balances())[OWNER])
    assert ends == ends[:1] * 3
