"""Schedules on a real database: two people's word, the business day raises, and every sale leads to the same."""

from datetime import date
from typing import Any

import asyncpg
import pytest

from services.billing.db import schedules as stored
from services.billing.usecases import exports, schedule_questions, verify
from services.billing.usecases.schedules import NOTICE, RELIEF, SCHEDULE
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError
from shared.db.engine import question
from shared.events.topics import ACCOUNT_CHARGED
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_credit, a_line, a_unit, shares
from tests.integration.billing.people import day, decide

FEE: dict[str, Any] = {
    "schedule_id": "FEE-B1", "kind": "management-fee", "scope": "block", "scope_id": "B1",
    "effective_from": "2026-04-01", "annual_net_pence": 140_00, "description": "Management fee",
}  # fmt: skip
POLICY: dict[str, Any] = {
    "schedule_id": "INS-B1", "kind": "insurance", "scope": "share-set", "scope_id": "S1", "instalments": 1,
    "effective_from": "2026-04-01", "annual_net_pence": 4_200_00, "description": "Buildings insurance",
}  # fmt: skip

OUT: dict[str, Any] = {"unit_id": "U1", "basis_points": 10_000, "from_on": "2026-04-01"}


@pytest.fixture
async def block(desk: Desk) -> Desk:
    """Two flats of a block; it is 1 March."""
    await two_flats(desk)
    return desk


async def two_flats(desk: Desk) -> None:
    await desk.close("2026-02-28")
    await desk.hear(a_unit("U1"), a_unit("U2"), a_unit("U9", block_id="B2"))
    await desk.hear(a_line("U1", ("A", "2025-06-01")), a_line("U2", ("B", "2025-06-01")))


async def charged(desk: Desk) -> dict[tuple[str, str], int]:
    """Pence by unit and charge, as said."""
    found: dict[tuple[str, str], int] = {}
    for one in await desk.said(ACCOUNT_CHARGED):
        found[one.unit_id, one.charge_id] = found.get((one.unit_id, one.charge_id), 0) + one.amount_pence
    return found


async def handed_out(connection: asyncpg.Connection) -> str:
    return "".join([piece async for piece in exports.facts(connection)])


async def test_the_first_day_of_a_quarter_raises_the_fee_once_for_each_flat_of_the_block(block: Desk) -> None:
    await decide(block, SCHEDULE, **FEE)
    await block.close("2026-03-31", "2026-04-01", "2026-04-02", "2026-06-30", "2026-07-01")
    assert await charged(block) == {
        ("U1", "FEE-B1:2026-04-01:U1"): 42_00, ("U1", "FEE-B1:2026-07-01:U1"): 42_00,
        ("U2", "FEE-B1:2026-04-01:U2"): 42_00, ("U2", "FEE-B1:2026-07-01:U2"): 42_00,
    }  # fmt: skip
    [line, _] = (await block.account("U1", "A"))["lines"]
    assert (line["tax_pence"], line["value_on"], line["cause"]["source"]) == (
        7_00,
        day("2026-04-01"),
        "closebook/schedules",
    )
    assert await block.wrong() == []
    assert (await block.ask(verify.verify))["taken_in"]["raised_here_pence"] == 4 * 42_00
    # The housing system was never told of them: they are not compared with its list.
    assert await block.ask(handed_out) == ""


async def test_a_day_that_is_worked_twice_raises_nothing_twice(block: Desk) -> None:
    await decide(block, SCHEDULE, **FEE)
    await block.close("2026-03-31")
    progress = await block.slice(date(2026, 4, 1), "")
    assert progress == "schedules:"
    with pytest.raises(ConnectionError):
        await block.slice(date(2026, 4, 1), progress, fails=True)
    assert await charged(block) == {}
    await block.close("2026-04-01", "2026-04-01")
    assert list((await charged(block)).values()) == [42_00, 42_00]


async def test_a_flat_registered_late_is_charged_from_its_first_day(block: Desk) -> None:
    await decide(block, SCHEDULE, **FEE)
    await block.close("2026-04-01", "2026-08-14")
    await block.hear(a_unit("U3", managed_from=date(2026, 5, 16)), a_line("U3", ("C", "2026-05-16")))
    await block.close("2026-08-15")
    late = {name: pence for (unit, name), pence in (await charged(block)).items() if unit == "U3"}
    assert late == {"FEE-B1:2026-04-01:U3": 17_69 + 3_54, "FEE-B1:2026-07-01:U3": 42_00}
    assert await block.wrong() == []


async def test_only_flats_that_were_just_learnt_are_asked_for_the_past(block: Desk) -> None:
    """The work of a day does not grow with the history of a schedule: only its news is looked at."""
    await decide(block, SCHEDULE, **FEE)
    await block.close("2026-03-31", "2026-04-01")
    # A flat that code before this one registered is caught up on once, like a new one.
    await block.rows("update billing.units set book = null where unit_id = 'U2'")
    await block.hear(a_unit("U9", block_id="B2", managed_to=date(2026, 12, 31)))
    asked: list[str] = []
    async with question(block.sessions) as connection:
        for others in (False, True):
            rows = await stored.list_units(connection, "", date(2026, 4, 1), 10, others=others)
            asked.append(" ".join(f"{row.unit_id}{'*' if row.learnt else ''}" for row in rows))
        assert await stored.has_learnt_units(connection, date(2026, 4, 1))
    assert asked == ["U2* U9*", "U1 U2* U9*"]


async def test_a_sale_learnt_late_leads_to_what_knowing_it_at_once_does(desks: Desks) -> None:
    sold = a_line("U1", ("A", "2025-06-01"), ("N", "2026-05-16"), version=2)
    ends = []
    for early in (True, False):
        desk = await desks()
        await two_flats(desk)
        await decide(desk, SCHEDULE, **FEE)
        if early:
            await desk.hear(sold)
        await desk.close("2026-04-01", "2026-07-01")
        if not early:
            await desk.hear(sold)
        assert await desk.wrong() == []
        ends.append(await desk.balances())
    assert ends[0] == ends[1]
    assert sorted(ends[0].values()) == [20_77, 63_23, 84_00]


async def listed(desk: Desk) -> Any:
    """The one schedule as people see it in the book that the desk writes."""
    await desk.note_closed()
    [told] = await desk.ask(schedule_questions.worklist)
    return told


async def test_an_increase_is_billed_only_after_its_notice(block: Desk) -> None:
    await decide(block, SCHEDULE, **FEE)
    await block.close("2026-04-01")
    await decide(block, SCHEDULE, **FEE | {"effective_from": "2026-07-01", "annual_net_pence": 160_00})
    await block.close("2026-07-01")
    told = await listed(block)
    assert (told["version"], told["annual_net_pence"], told["lacks_notice"]) == (1, 140_00, 2)
    await decide(block, NOTICE, schedule_id="FEE-B1", version=2, notified_on="2026-07-02", evidence="letter 4")
    await block.close("2026-10-01")
    pence = [pence for (unit, _), pence in sorted((await charged(block)).items()) if unit == "U1"]
    assert pence == [42_00, 42_00, 48_00]
    told = await listed(block)
    assert (told["version"], told["lacks_notice"]) == (2, None)


async def test_a_premium_is_one_pool_that_the_share_set_divides_for_a_year(block: Desk) -> None:
    await block.hear(*(a_unit(f"U{n}") for n in range(3, 9)))
    await block.hear(*(a_line(f"U{n}", ("C", "2025-06-01")) for n in range(3, 9)))
    await block.hear(shares(*((f"U{n}", 1, 8) for n in range(1, 9))))
    await block.hear(a_line("U1", ("A", "2025-06-01"), ("N", "2026-08-17"), version=2))
    await decide(block, SCHEDULE, **POLICY)
    await block.close("2026-04-01", "2026-07-01")
    assert (await charged(block))["U2", "INS-B1:2026-04-01"] == 525_00
    parts = [(await block.account("U1", chain))["balance_pence"] for chain in ("A", "N")]
    assert parts == [198_49, 326_51]
    await block.hear(a_credit("K1", "INS-B1:2026-04-01", 420_00, on="2026-10-01"))
    assert sum((await charged(block)).values()) == 3_780_00
    assert await block.wrong() == []


async def test_a_flat_with_proof_of_its_own_cover_is_left_out_and_listed_when_the_proof_ends(block: Desk) -> None:
    each = {"schedule_id": "INS", "scope": "block", "scope_id": "B1", "annual_net_pence": 525_00, "instalments": 4}
    await decide(block, SCHEDULE, **POLICY | each)
    proven = {"from_on": "2026-04-01", "proven_to": "2026-08-31", "evidence": "certificate 7"}
    await decide(block, RELIEF, schedule_id="INS", unit_id="U1", basis_points=10_000, **proven)
    await decide(block, RELIEF, schedule_id="INS", unit_id="U2", basis_points=500, from_on="2026-04-01", evidence="DD")
    await block.close("2026-04-01", "2026-07-01", "2026-08-31", "2026-10-01")
    assert await charged(block) == {
        ("U2", f"INS:2026-{month}-01:U2"): 124_69 if month != "10" else 124_68 for month in ("04", "07", "10")
    }  # fmt: skip
    told = await listed(block)
    assert (len(told["reliefs"]), told["lapsed"], told["outlived"]) == (2, ["U1"], [])


async def test_two_proofs_that_follow_one_another_keep_a_flat_out_of_the_policy(block: Desk) -> None:
    each = {"schedule_id": "INS", "scope": "unit", "scope_id": "U1", "annual_net_pence": 525_00, "instalments": 4}
    await decide(block, SCHEDULE, **POLICY | each)
    for proven in (
        {"from_on": "2026-07-01", "proven_to": "2026-08-31", "evidence": "certificate 7"},
        {"from_on": "2026-09-01", "proven_to": "2027-08-31", "evidence": "certificate 8"},
    ):
        await decide(block, RELIEF, schedule_id="INS", unit_id="U1", basis_points=10_000, **proven)
    await block.close("2026-06-30", "2026-07-01", "2026-10-01")
    assert await charged(block) == {("U1", "INS:2026-04-01:U1"): 131_25}


REFUSED = (
    (SCHEDULE, FEE | {"effective_from": "2026-04-02"}, NotValidError, "first day of an instalment"),
    (SCHEDULE, FEE | {"effective_from": "2026-01-01"}, NotValidError, "is past"),
    (SCHEDULE, FEE | {"kind": "repair"}, NotValidError, "as it arises"),
    (SCHEDULE, FEE | {"annual_net_pence": 140.5}, NotValidError, "annual_net_pence"),
    (SCHEDULE, FEE | {"schedule_id": "X" * 25}, NotValidError, "schedule_id"),
    (SCHEDULE, FEE | {"schedule_id": "INS", "kind": "insurance"}, NotValidError, "scope, scope_id of INS"),
    (NOTICE, {"version": 2, "notified_on": "2026-03-01"}, NotKnownError, "no version 2"),
    (NOTICE, {"version": 1, "notified_on": "2026-03-02"}, NotNowError, "has not come yet"),
    (RELIEF, {"unit_id": "U7", "basis_points": 1, "from_on": "2026-04-01"}, NotKnownError, "No unit U7"),
    (RELIEF, OUT, NotValidError, "proof of own cover"),
    (RELIEF, OUT | {"proven_to": "2026-03-31"}, NotValidError, "before from_on"),
    (RELIEF, OUT | {"schedule_id": "INS-B1", "proven_to": "2026-05-31"}, NotValidError, "said by its share set"),
)


async def test_what_makes_no_sense_is_not_even_proposed(block: Desk) -> None:
    await decide(block, SCHEDULE, **POLICY)
    await decide(
        block, SCHEDULE, **POLICY | {"schedule_id": "INS", "scope": "unit", "scope_id": "U1", "instalments": 4}
    )
    for kind, body, refusal, words in REFUSED:
        more = {} if kind == SCHEDULE else {"schedule_id": "INS", "evidence": "letter"}
        with pytest.raises(refusal, match=words):
            await decide(block, kind, **{**more, **body})
