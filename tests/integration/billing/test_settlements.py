"""The settlement figure is what the final account says once the sale is registered, and nothing else has happened."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest

from services.billing.domain.refs import account_ref
from services.billing.usecases import settlements
from services.billing.usecases.owners_money import TERMS
from services.billing.usecases.relief_ends import RELIEF_END
from services.billing.usecases.schedules import NOTICE, RELIEF, SCHEDULE
from shared.calendar import quarter_start
from shared.events.topics import FINAL_ACCOUNT
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_reversal, a_unit, shares
from tests.integration.billing.people import day, decide, write_off

SELLER = account_ref("U1", "A")
FEE: dict[str, Any] = {
    "schedule_id": "FEE-B1", "kind": "management-fee", "scope": "block", "scope_id": "B1",
    "effective_from": "2026-01-01", "annual_net_pence": 140_00, "description": "Management fee",
}  # fmt: skip
POLICY: dict[str, Any] = {
    "schedule_id": "INS-B1", "kind": "insurance", "scope": "share-set", "scope_id": "S1", "instalments": 1,
    "effective_from": "2026-04-01", "annual_net_pence": 4_200_00, "description": "Buildings insurance",
}  # fmt: skip
FLOAT: dict[str, Any] = {
    "scope": "block", "scope_id": "B1", "effective_from": "2026-01-01", "amount_pence": 150_00,
}  # fmt: skip

Story = Callable[[Desk], Awaitable[str]]
"""Tells a history, and returns the day of entry that a solicitor asks for."""


async def asked(desk: Desk, entry: str, ref: str = SELLER, until: date | None = None) -> Any:
    await desk.note_closed()
    return await desk.ask(settlements.settlement, ref, day(entry), until)


async def closed_through(desk: Desk, last: date) -> None:
    """Close the first day of each quarter until a day, and that day: nothing happens on the others."""
    firsts = {quarter_start(date.fromordinal(n)) for n in range(desk.book.toordinal(), last.toordinal() + 1)}
    await desk.close(*(first for first in sorted(firsts) if desk.book <= first < last), last)


async def a_flat(desk: Desk, *decided: tuple[str, dict[str, Any]]) -> None:
    """One flat of a block, A's since 2 January 2026, with its fee; 1 and 2 January are closed."""
    await desk.close("2025-12-31")
    for kind, body in ((SCHEDULE, FEE), *decided):
        await decide(desk, kind, **body)
    await desk.hear(a_unit(), a_line("U1", ("Z", "2025-01-01"), ("A", "2026-01-01")))
    await desk.close("2026-01-01", "2026-01-02")


async def mid_quarter(desk: Desk) -> str:
    await a_flat(desk)
    await desk.close("2026-02-10")
    return "2026-02-17"


async def first_day_of_a_quarter(desk: Desk) -> str:
    await a_flat(desk)
    await desk.hear(a_charge("ROOF", 100_00, unit="U1", on="2026-01-20", instructed_on="2026-01-12"))
    await desk.close("2026-03-10")
    return "2026-04-01"


async def last_day_of_a_quarter(desk: Desk) -> str:
    await a_flat(desk)
    await desk.close("2026-02-20")
    return "2026-06-30"


async def a_leap_year(desk: Desk) -> str:
    await a_flat(desk)
    await closed_through(desk, day("2027-11-20"))
    return "2028-03-15"


async def a_float_that_is_paid(desk: Desk) -> str:
    """Example 3.8: fee 21.94, repair 37.04 and arrears 62.50 are paid by a float of 150.00, and 28.52 go back."""
    await a_flat(desk, (TERMS, FLOAT))
    await desk.hear(a_charge("OLD", 62_50, unit="U1", on="2026-01-05"))
    await desk.close("2026-04-01")
    await desk.hear(a_payment("P1", 150_00, on="2026-04-03", account_ref=SELLER, for_statement=f"{SELLER}-2026Q1"))
    await desk.hear(a_charge("ROOF", 37_04, unit="U1", on="2026-04-10", instructed_on="2026-02-10"))
    await desk.close("2026-04-10")
    return "2026-02-17"


async def a_float_that_was_never_paid(desk: Desk) -> str:
    await a_flat(desk, (TERMS, FLOAT))
    await desk.close("2026-04-01")
    await desk.hear(a_payment("P1", 60_00, on="2026-04-04", account_ref=SELLER))
    await desk.close("2026-04-10")
    return "2026-05-16"


async def an_increase_in_between(desk: Desk) -> str:
    dearer = FEE | {"effective_from": "2026-07-01", "annual_net_pence": 160_00}
    await a_flat(desk)
    await decide(desk, SCHEDULE, **dearer)
    await decide(desk, SCHEDULE, **dearer | {"effective_from": "2026-10-01", "annual_net_pence": 999_00})
    await decide(desk, NOTICE, schedule_id="FEE-B1", version=2, notified_on="2026-01-02", evidence="letter 4")
    await desk.close("2026-05-20")
    return "2026-11-17"


async def in_credit(desk: Desk) -> str:
    await a_flat(desk)
    await desk.hear(a_payment("P1", 500_00, on="2026-01-20", account_ref=SELLER))
    await desk.close("2026-04-01", "2026-05-02")
    return "2026-08-01"


async def entry_in_the_past(desk: Desk) -> str:
    """Works instructed after the entry, their credit and money for the unit are the buyer's, the earlier ones not."""
    await a_flat(desk)
    await desk.hear(shares(("U1", 1, 3), ("U2", 2, 3)))
    await desk.hear(
        a_charge("ROOF", 100_00, pool="S1", on="2026-04-10", instructed_on="2026-02-16"),
        a_charge("DOOR", 70_01, pool="S1", on="2026-04-10", instructed_on="2026-02-17"),
        a_charge("CLEAN", 33_33, pool="S1", on="2026-04-10", period={"from": "2026-02-01", "to": "2026-02-28"}),
    )
    await desk.hear(a_credit("K1", "DOOR", 10_00, on="2026-04-12"), a_credit("K2", "CLEAN", 3_00, on="2026-04-12"))
    await desk.hear(
        a_payment("P1", 9_00, on="2026-02-16", unit_id="U1"), a_payment("P2", 20_00, on="2026-02-17", unit_id="U1"),
        a_payment("P3", 30_00, on="2026-04-12", account_ref=SELLER),
    )  # fmt: skip
    await desk.hear(a_reversal("R1", "P2", 5_00, on="2026-04-13"))
    await desk.close("2026-04-20", "2026-05-20")
    return "2026-02-17"


async def a_debt_that_the_float_pays_after_all(desk: Desk) -> str:
    """What was given up is paid by what goes back, and so is part of a fee whose days the buyer has."""
    await a_flat(desk, (TERMS, FLOAT))
    await desk.close("2026-04-01")
    await desk.hear(a_payment("P1", 150_00, on="2026-04-03", account_ref=SELLER, for_statement=f"{SELLER}-2026Q1"))
    await desk.hear(a_charge("OLD", 30_00, unit="U1", on="2026-03-05", due_on="2026-03-05", kind="opening-balance"))
    await write_off(desk, SELLER, {"OLD": 30_00})
    await desk.close("2026-04-10")
    return "2026-05-16"


async def a_premium_to_come(desk: Desk) -> str:
    """Example 3.5, asked for before the premium is raised."""
    await a_flat(desk, (SCHEDULE, POLICY))
    await desk.hear(shares(*((f"U{n}", 1, 8) for n in range(1, 9))))
    await desk.close("2026-03-10")
    return "2026-08-17"


async def reliefs_that_end(desk: Desk) -> str:
    """A discount until a day of a quarter to come; an opt-out that people end in the midst of the one under way."""
    each = {"schedule_id": "INS", "scope": "unit", "scope_id": "U1", "instalments": 4, "annual_net_pence": 525_00}
    await a_flat(desk, (SCHEDULE, POLICY | each))
    off = {"unit_id": "U1", "from_on": "2026-04-01", "evidence": "certificate"}
    await decide(desk, RELIEF, schedule_id="FEE-B1", basis_points=500, proven_to="2026-08-31", **off)
    out = await decide(desk, RELIEF, schedule_id="INS", basis_points=10_000, proven_to="2026-04-30", **off)
    await desk.close("2026-04-01", "2026-05-01")
    ends = {"relief_id": out["relief_id"], "ended_on": "2026-06-10", "evidence": "no answer", "why": "No new proof"}
    await decide(desk, RELIEF_END, **ends)
    await desk.close("2026-05-02")
    return "2026-11-02"


async def a_sale_that_is_registered_already(desk: Desk) -> str:
    await a_flat(desk)
    await desk.hear(a_line("U1", ("Z", "2025-01-01"), ("A", "2026-01-01"), ("B", "2026-05-16"), version=2))
    await desk.close("2026-04-01", "2026-04-20")
    return "2026-05-16"


async def a_sale_that_is_put_off(desk: Desk) -> str:
    await a_sale_that_is_registered_already(desk)
    return "2026-06-20"


async def a_flat_that_leaves_management_before(desk: Desk) -> str:
    await a_flat(desk, (TERMS, FLOAT))
    await desk.hear(a_unit(managed_to=date(2026, 5, 15)))
    await desk.close("2026-02-20")
    return "2026-06-20"


async def a_flat_registered_today(desk: Desk) -> str:
    """Today's work will charge it for the days before the entry, too."""
    await desk.close("2025-12-31")
    await decide(desk, SCHEDULE, **FEE)
    await desk.hear(a_line("U1", ("Z", "2025-01-01"), ("A", "2026-01-01")))
    await desk.close("2026-01-01", "2026-05-20")
    await desk.hear(a_unit())
    return "2026-05-16"


async def a_pool_whose_name_is_taken(desk: Desk) -> str:
    """Another name draws other lots: the odd pennies fall to other flats."""
    await a_flat(desk, (SCHEDULE, POLICY | {"annual_net_pence": 100_01}))
    await desk.hear(shares(("U1", 1, 3), ("U2", 1, 3), ("U3", 1, 3)))
    await desk.hear(a_charge("INS-B1:2026-04-01", 1_00, unit="U9", on="2026-01-03"))
    await desk.close("2026-03-10")
    return "2027-03-01"


async def a_flat_that_is_registered_in_another_block(desk: Desk) -> str:
    """Today's work charges it that block's fee, for the days that the old one's was not raised for."""
    other = {"schedule_id": "FEE-B2", "scope_id": "B2", "instalments": 1, "year_starts": 1, "annual_net_pence": 365_00}
    await a_flat(desk, (SCHEDULE, FEE | other))
    await desk.close("2026-02-09")
    await desk.hear(a_unit(block_id="B2"))
    return "2026-05-16"


STORIES: dict[Story, int] = {
    mid_quarter: 21_94,
    first_day_of_a_quarter: 42_00 + 100_00,
    last_day_of_a_quarter: 42_00 + 41_54,
    a_leap_year: 8 * 42_00 + 34_15,
    a_float_that_is_paid: -28_52,
    a_float_that_was_never_paid: 42_00 + 20_77 - 60_00,
    an_increase_in_between: 2 * 42_00 + 48_00 + 24_52,
    in_credit: 2 * 42_00 + 14_15 - 500_00,
    entry_in_the_past: 33_33 + 6_35 - 57 + 21_94 - 9_00 - 30_00,
    a_debt_that_the_float_pays_after_all: 42_00 + 20_77 + 30_00 - 150_00,
    a_premium_to_come: 2 * 42_00 + 21_46 + 198_49,
    reliefs_that_end: 42_00 + 39_90 + 26_89 + 13_69 + 14_60 + 28_85 + 131_25 + 45_65,
    a_sale_that_is_registered_already: 42_00 + 20_77,
    a_sale_that_is_put_off: 42_00 + 36_92,
    a_flat_that_leaves_management_before: 42_00 + 20_77,
    a_flat_registered_today: 42_00 + 20_77,
    a_pool_whose_name_is_taken: 4 * 42_00 + 27_53 + 30_50,
    a_flat_that_is_registered_in_another_block: 42_00 + 45_00 + 9_00,
}
"""Each with what the figure comes to, by hand."""


LEARNT_IN_TIME = (a_sale_that_is_registered_already, a_sale_that_is_put_off, a_flat_that_leaves_management_before)
"""Stories whose account has ended half a year later, whatever is registered then."""


async def final_balance(desk: Desk, entry: str) -> int:
    """Register the sale and close days until the seller's final account is out; return what it says."""
    await desk.hear(a_line("U1", ("Z", "2025-01-01"), ("A", "2026-01-01"), ("B", entry), version=9))
    await closed_through(desk, max(day(entry), desk.book))
    while not (said := [one for one in await desk.said(FINAL_ACCOUNT) if one.account_ref == SELLER]):
        await desk.close(desk.book)
    assert (await desk.account("U1", "A"))["balance_pence"] == said[-1].balance_pence
    assert await desk.wrong() == []
    return int(said[-1].balance_pence)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_the_figure_is_what_the_final_account_says_in_the_end(desk: Desk, story: Story) -> None:
    entry = await story(desk)
    figure = await asked(desk, entry)
    assert (figure["total_pence"], sum(row["amount_pence"] for row in figure["rows"])) == (STORIES[story],) * 2
    assert await final_balance(desk, entry) == STORIES[story]


@pytest.mark.parametrize(
    "story", [one for one in STORIES if one not in LEARNT_IN_TIME], ids=lambda story: story.__name__
)
async def test_so_it_is_when_the_sale_is_learnt_a_half_year_after_the_entry(desk: Desk, story: Story) -> None:
    """By then days after the entry are billed to the seller, and go back; every day is asked the same meanwhile."""
    entry = await story(desk)
    await closed_through(desk, max(day(entry), desk.book) + timedelta(days=180))
    assert (await asked(desk, entry))["total_pence"] == STORIES[story]
    assert await final_balance(desk, entry) == STORIES[story]


@pytest.mark.parametrize("story", [an_increase_in_between, reliefs_that_end], ids=lambda story: story.__name__)
async def test_so_it_is_when_every_day_is_closed_by_itself(desk: Desk, story: Story) -> None:
    entry = await story(desk)
    while desk.book < day(entry):
        await desk.close(desk.book)
    assert (await asked(desk, entry))["total_pence"] == STORIES[story]
    assert await final_balance(desk, entry) == STORIES[story]
