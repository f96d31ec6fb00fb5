"""A unit leaves management: its owner, who stays, gets a final account and the float; the block keeps its fund."""

from datetime import date
from typing import Any

import pytest

from services.billing.usecases import final_accounts, owners_money_questions, refunds
from services.billing.usecases.owners_money import TERMS
from shared.events.topics import FINAL_ACCOUNT
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_unit
from tests.integration.billing.people import day, decide
from tests.integration.billing.test_floats import FLOAT, SELLER, balances, held, pay_the_float

LAST = day("2026-02-16")


async def served(desk: Desk, repair: int) -> None:
    """The owner of 3.8, who does not sell: the flat is managed until 16 February; 10.00 are paid into the fund."""
    await desk.close("2025-12-31")
    await decide(desk, TERMS, **FLOAT)
    await desk.hear(a_unit(managed_to=LAST), a_line("U1", ("A", "2026-01-02")))
    await pay_the_float(
        desk,
        repair,
        a_charge("OLD", 52_50, unit="U1", on="2026-01-05"),
        a_charge("FUND", 10_00, unit="U1", on="2026-01-05", kind="reserve-fund"),
    )


@pytest.mark.parametrize(("repair", "ends"), [(37_04, -28_52), (97_04, 31_48)])
async def test_the_end_of_management_gives_the_float_back_like_a_sale(desk: Desk, repair: int, ends: int) -> None:
    await served(desk, repair)
    assert (await balances(desk))[SELLER] == ends + 150_00
    [row] = await desk.ask(final_accounts.worklist)
    assert (row["exit_on"], row["state"], row["float_pence"]) == (day("2026-02-17"), "to-come", 150_00)
    await desk.close("2026-04-28", "2026-04-29")
    [said] = await desk.said(FINAL_ACCOUNT)
    assert (said.exit_on, said.balance_pence, said.issued_on) == (day("2026-02-17"), ends, day("2026-04-28"))
    assert (await balances(desk))[SELLER] == ends
    assert (await held(desk))["ledger_pence"] == 0
    assert (await desk.ask(owners_money_questions.funds, None, None))["total"]["asked_pence"] == 10_00
    waiting = {row["account_ref"]: row["due_by"] for row in (await desk.ask(refunds.worklist))["waiting"]}
    assert waiting.keys() == ({SELLER} if ends < 0 else set())
    assert None not in waiting.values()
    await desk.close("2026-07-01", "2026-10-01")
    assert len(await desk.said(FINAL_ACCOUNT)) == 1
    assert await desk.wrong() == []


async def test_who_never_paid_the_float_gets_none_back_when_the_unit_leaves(desk: Desk) -> None:
    await desk.hear(a_unit(managed_to=LAST), a_line("U1", ("A", "2026-01-02")))
    await desk.hear(a_charge("HOUSING-7", 150_00, unit="U1", on="2026-01-03", kind="float"))
    await desk.hear(
        a_charge("FEE", 20_00, unit="U1", on="2026-01-04"), a_payment("P1", 5_00, on="2026-02-01", account_ref=SELLER)
    )
    await desk.close("2026-04-01", "2026-04-28", "2026-04-29")
    assert await balances(desk) == {SELLER: 15_00}
    assert await desk.wrong() == []


async def leaving(desk: Desk, *steps: tuple[str, date | None]) -> dict[str, int]:
    """A float is asked; then the registration says when management ends, or that it does not."""
    await desk.close("2025-12-31")
    await decide(desk, TERMS, **FLOAT)
    await desk.hear(a_unit(), a_line("U1", ("A", "2026-01-02")))
    await desk.close("2026-01-02", "2026-01-03")
    for on, managed_to in steps:
        await desk.close(on)
        await desk.hear(a_unit(managed_to=managed_to))
        await desk.close(date.fromisoformat(on).replace(day=28))
    assert await desk.wrong() == []
    await held(desk)
    return {ref: pence for ref, pence in (await balances(desk)).items() if pence}


@pytest.mark.parametrize(
    ("steps", "ends"),
    [
        ([("2026-09-01", LAST)], 0),  # learnt long after the final account was due
        ([("2026-03-01", LAST), ("2026-06-01", None)], 150_00),  # it was given back, and they stay after all
        ([("2026-03-01", LAST), ("2026-04-01", date(2026, 12, 31))], 150_00),  # later than was thought
        ([("2026-03-01", date.max)], 150_00),  # written as the end of the calendar
    ],
)  # fmt: skip
async def test_ends_that_move_leave_one_float_or_none(desk: Desk, steps: list[Any], ends: int) -> None:
    assert await leaving(desk, *steps) == ({SELLER: ends} if ends else {})
    finals = [one.exit_on for one in await desk.said(FINAL_ACCOUNT)]
    assert finals in ([], [day("2026-02-17")])


async def test_an_owner_who_comes_after_management_ended_is_not_asked(desk: Desk) -> None:
    await desk.close("2025-12-31")
    await decide(desk, TERMS, **FLOAT)
    await desk.hear(a_unit(managed_to=LAST), a_line("U1", ("A", "2026-03-02")))
    await desk.close("2026-03-02", "2026-06-01")
    assert await balances(desk) == {SELLER: 0}


async def test_management_that_ends_with_a_quarter_is_accounted_for_28_days_after_it(desk: Desk) -> None:
    await desk.close("2025-12-31")
    await desk.hear(a_unit(managed_to=date(2026, 3, 31)), a_line("U1", ("A", "2026-01-02")))
    await desk.hear(a_charge("FEE", 20_00, unit="U1", on="2026-01-04"))
    await desk.close("2026-04-01", "2026-04-27")
    [row] = await desk.ask(final_accounts.worklist)
    assert (row["exit_on"], row["due_by"], row["hard_stop"]) == (
        day("2026-04-01"),
        day("2026-04-28"),
        day("2026-07-01"),
    )
    await desk.close("2026-04-28", "2026-07-01")
    [said] = await desk.said(FINAL_ACCOUNT)
    assert (said.issued_on, said.quarter, said.balance_pence) == (day("2026-04-28"), "2026Q1", 20_00)
