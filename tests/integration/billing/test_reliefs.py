"""Reliefs on a real database: they end when two people say so, and are listed when they outlive their owner."""

from datetime import date

import pytest

from services.billing.usecases import statement_run_questions
from services.billing.usecases.schedules import RELIEF, RELIEF_END, SCHEDULE
from shared.bus.refusals import NotKnownError, NotValidError
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_line
from tests.integration.billing.people import decide
from tests.integration.billing.test_schedules import POLICY, charged, listed, two_flats

EACH = {
    **POLICY,
    "schedule_id": "INS",
    "scope": "block",
    "scope_id": "B1",
    "annual_net_pence": 525_00,
    "instalments": 4,
}


@pytest.fixture
async def block(desk: Desk) -> Desk:
    """Two flats of a block pay for the policy, but that U1 has cover of its own until March 2027; it is 2 April."""
    await two_flats(desk)
    await decide(desk, SCHEDULE, **EACH)
    out = {"basis_points": 10_000, "from_on": "2026-04-01", "proven_to": "2027-03-31", "evidence": "certificate 7"}
    await decide(desk, RELIEF, schedule_id="INS", unit_id="U1", **out)
    await desk.close("2026-03-31", "2026-04-01")
    return desk


async def relief_of(desk: Desk) -> str:
    [relief] = (await listed(desk))["reliefs"]
    return str(relief["relief_id"])


async def end(desk: Desk, ended_on: str, **asked: str) -> None:
    body = {"relief_id": await relief_of(desk), "ended_on": ended_on, "evidence": "sale of 16 May"}
    await decide(desk, RELIEF_END, **body | asked)


async def test_cover_of_an_owner_who_sold_is_listed_until_it_is_ended_and_the_buyer_is_insured(block: Desk) -> None:
    """Case 60 of domain.md 9: the proof was the seller's; the flat is back in the policy from its next period."""
    await block.hear(a_line("U1", ("A", "2025-06-01"), ("N", "2026-05-16"), version=2))
    assert (await listed(block))["outlived"] == ["U1"]
    [line] = [one for one in (await listed(block))["reliefs"] if one["unit_id"] == "U1"]
    assert line["state"] == "outlived"
    beside = (await block.ask(statement_run_questions.dry_run, 5))["beside"]
    assert (beside["outlived"], beside["lapsed"], beside["moved"]) == (["U1"], [], [])
    await end(block, "2026-05-15")
    told = await listed(block)
    assert (told["outlived"], told["lapsed"], told["reliefs"][0]["ended_on"]) == ([], [], date(2026, 5, 15))
    await block.close("2026-07-01")
    assert (await charged(block))["U1", "INS:2026-07-01:U1"] == 131_25
    assert ("U1", "INS:2026-04-01:U1") not in await charged(block)  # what was raised, or not, stays
    assert await block.wrong() == []


async def test_a_sale_that_is_to_come_is_listed_before_its_day(block: Desk) -> None:
    await block.hear(a_line("U1", ("A", "2025-06-01"), ("N", "2026-06-28"), version=2))
    assert (await listed(block))["outlived"] == ["U1"]


async def test_an_end_that_makes_no_sense_is_not_even_proposed(block: Desk) -> None:
    for ended_on, asked, refusal, words in (
        ("2026-05-15", {"relief_id": "RL-X"}, NotKnownError, "no relief RL-X"),
        ("2026-03-31", {}, NotValidError, "before RL-"),
        ("2027-03-31", {}, NotValidError, "ends by itself"),
    ):
        with pytest.raises(refusal, match=words):
            await end(block, ended_on, **asked)
    await end(block, "2026-05-15")
    with pytest.raises(NotValidError, match="ends on 2026-05-15 already"):
        await end(block, "2026-05-16")
