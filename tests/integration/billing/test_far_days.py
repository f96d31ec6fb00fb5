"""The first and the last day of the calendar are days like others: a slip of a keyboard must not stop a close."""

from datetime import date

import pytest

from services.billing.usecases import final_accounts
from shared.events.housing import Tenure
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_reversal, a_unit

DAYS = ("0001-01-01", "1969-12-31", "9999-12-31")
EVER = {"from": date.min, "to": date.max}


@pytest.mark.parametrize("on", DAYS)
async def test_facts_of_a_far_day_are_posted_billed_and_proved(desk: Desk, on: str) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01"), ("B", "2025-09-01")))
    await desk.hear(a_charge("C1", 1200, unit="U1", on="2026-01-02", instructed_on=date.fromisoformat(on)))
    await desk.hear(a_charge("C2", 700, unit="U1", on=on, instructed_on=date(2026, 1, 2)))
    await desk.hear(a_credit("K1", "C2", 200, on=on), a_payment("P1", 300, on=on, unit_id="U1"))
    await desk.hear(a_payment("P2", 300, on="2026-01-02", unit_id="U1"), a_reversal("R1", "P2", 100, on=on))
    await desk.close("2026-03-31", "2026-04-01")
    await desk.hear(a_line("U1", ("A", on), version=2))
    assert await desk.wrong() == []


async def test_a_period_of_all_days_is_divided_between_the_owners_of_all_days(desk: Desk) -> None:
    await desk.hear(a_unit(managed_from=date.min, managed_to=date.max, tenure=Tenure.ASSOCIATION))
    await desk.hear(a_line("U1", ("A", "2025-06-01"), ("B", "2025-09-01")))
    await desk.hear(a_charge("C1", 3_652_059, unit="U1", on="2026-01-02", period=EVER))
    await desk.close("2026-04-01")
    assert await desk.wrong() == []
    # A penny a day: 739,402 days before 1 June 2025, 92 from then on, and the rest.
    assert sorted((await desk.balances()).values()) == [92, 739_402, 2_912_565]


@pytest.mark.parametrize("due", DAYS)
async def test_an_opening_balance_is_due_on_any_day(desk: Desk, due: str) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.hear(a_charge("C1", 500, unit="U1", on="2026-01-02", kind="opening-balance", due_on=due))
    await desk.close("2026-04-01")
    assert await desk.wrong() == []


@pytest.mark.parametrize("entry", ["9999-10-01", "9999-12-31"])
async def test_a_sale_at_the_end_of_the_calendar_lets_the_day_close(desk: Desk, entry: str) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01"), ("B", entry)))
    await desk.hear(a_charge("C1", 1200, unit="U1", on="2026-01-02"))
    await desk.close("2026-01-02", "2026-04-01")
    [row] = await desk.ask(final_accounts.worklist)
    assert (row["state"], row["due_by"], row["balance_pence"]) == ("to-come", date.max, 1200)
    assert await desk.wrong() == []
