"""What annual statements say of reserve funds: what was paid in and not spent at the year's end, the same to all."""

from datetime import date
from typing import Any

import pytest

from services.billing.db.likeness import COMPARED
from services.billing.domain.refs import account_ref
from services.billing.usecases import annual_statements, owners_money_questions
from services.billing.usecases.owners_money import SPENDING
from shared.events.housing import Tenure
from shared.events.topics import ANNUAL_STATEMENT
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_unit, shares
from tests.integration.billing.people import decide
from tests.integration.billing.test_annual_statements import again, ask

A, B, C, D = (account_ref(f"U{number}", name) for number, name in enumerate("ABCD", 1))
ROOF: dict[str, Any] = {
    "fund_id": "B1", "amount_pence": 60_00, "spent_on": "2026-12-30", "description": "Roof survey", "evidence": "inv 9",
}  # fmt: skip


@pytest.fixture
async def blocks(desk: Desk) -> Desk:
    return await with_funds(desk)


async def with_funds(desk: Desk) -> Desk:
    """Two flats of B1 are asked for 100 pounds each, one of B2 for 30; D's block has no fund.  It is 5 January."""
    await desk.hear(
        a_unit(),
        a_unit("U2"),
        a_unit("U3", block_id="B2"),
        a_unit("U4", block_id="B4"),
        shares(("U1", 1, 2), ("U2", 1, 2)),
    )
    await desk.hear(*(a_line(f"U{number}", (name, "2025-06-01")) for number, name in enumerate("ABCD", 1)))
    await desk.close("2026-06-30")
    await desk.hear(
        a_charge("FUND-1", 200_00, pool="S1", on="2026-07-05", kind="reserve-fund"),
        a_charge("FUND-2", 30_00, unit="U3", on="2026-07-05", kind="reserve-fund"),
        a_charge("REPAIR", 9_00, unit="U4", on="2026-07-05"),
    )
    await desk.close("2026-10-01", "2026-12-15")
    await desk.hear(a_payment("P1", 100_00, on="2026-12-20", account_ref=A))
    await desk.close("2027-01-01", "2027-01-04")
    return desk


async def told(desk: Desk, day: str = "2027-01-05") -> dict[str, tuple[str, int] | None]:
    """Have the year issued on a day; return by account which fund it names, and what that holds."""
    await ask(desk, 2026)
    await desk.close(day)
    return await said(desk)


async def said(desk: Desk) -> dict[str, tuple[str, int] | None]:
    return {
        one.account_ref: one.reserve_fund and (one.reserve_fund.fund_id, one.reserve_fund.left_pence)
        for one in await desk.said(ANNUAL_STATEMENT)
    }


async def listed(desk: Desk) -> dict[str, int]:
    """What ``closebook reserve-funds list --as-of 2026-12-31`` says is left in each fund."""
    answer = await desk.ask(owners_money_questions.funds, date(2026, 12, 31), None)
    return {row["name"]: row["left_pence"] for row in answer["rows"]}


async def test_every_owner_is_told_what_their_own_fund_holds_and_nothing_where_there_is_none(blocks: Desk) -> None:
    assert await told(blocks) == {A: ("B1", 100_00), B: ("B1", 100_00), C: ("B2", 0), D: None}
    assert await listed(blocks) == {"B1": 100_00, "B2": 0}
    assert await blocks.wrong() == []


async def test_what_was_spent_by_the_end_of_the_year_is_gone_and_what_came_later_does_not_count(blocks: Desk) -> None:
    await blocks.hear(a_payment("P2", 100_00, on="2026-12-31", account_ref=B))
    await blocks.hear(a_payment("P3", 30_00, on="2027-01-01", account_ref=C))
    await blocks.close("2027-04-01")
    for spending in ({}, {"spent_on": "2027-01-02", "amount_pence": 1_00}, {"amount_pence": -10_00}):
        await decide(blocks, SPENDING, **ROOF | spending)
    assert await told(blocks, "2027-04-02") == {A: ("B1", 150_00), B: ("B1", 150_00), C: ("B2", 0), D: None}
    assert await listed(blocks) == {"B1": 150_00, "B2": 0}


async def test_a_flat_that_moved_to_another_block_is_told_of_the_fund_it_belongs_to_now(blocks: Desk) -> None:
    await blocks.hear(a_unit("U1", block_id="B2"))
    assert await told(blocks) == {A: ("B2", 100_00), B: ("B1", 0), C: ("B2", 100_00), D: None}
    assert await listed(blocks) == {"B1": 0, "B2": 100_00}


async def test_a_fund_of_a_development_has_what_the_association_pays_for_its_own_flats(desk: Desk) -> None:
    houses: dict[str, Any] = {"block_id": None, "development_id": "D2"}
    await desk.hear(a_unit(**houses), a_unit("U2", **houses, tenure=Tenure.ASSOCIATION))
    await desk.hear(a_line("U1", ("A", "2025-06-01")))
    await desk.close("2026-09-30")
    for unit in ("U1", "U2"):
        await desk.hear(a_charge(f"FUND-{unit}", 80_00, unit=unit, on="2026-10-01", kind="reserve-fund"))
    await desk.hear(a_payment("P1", 80_00, on="2026-10-05", unit_id="U2"))
    await desk.close("2027-01-01", "2027-01-04")
    assert await told(desk) == {A: ("D2", 80_00)}


async def test_one_account_first_and_the_others_later_hear_what_is_known_on_their_day(blocks: Desk) -> None:
    await ask(blocks, 2026, A)
    await blocks.close("2027-01-05")
    assert [tuple(row) for row in await blocks.rows("select fund_id, left_pence from billing.annual_funds")] == [
        ("B1", 100_00)
    ]
    await blocks.hear(a_payment("P2", 40_00, on="2026-12-31", account_ref=B))
    assert await told(blocks, "2027-01-06") == {A: ("B1", 100_00), B: ("B1", 140_00), C: ("B2", 0), D: None}


async def test_slices_say_the_same_of_a_fund_that_is_worked_out_once(
    blocks: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annual_statements, "SLICE", 1)
    await ask(blocks, 2026)
    progress: str | None = ""
    while progress is not None:
        with pytest.raises(ConnectionError):
            await blocks.slice(date(2027, 1, 5), progress, fails=True)
        progress = await blocks.slice(date(2027, 1, 5), progress)
    assert await said(blocks) == {A: ("B1", 100_00), B: ("B1", 100_00), C: ("B2", 0), D: None}
    assert len(await blocks.rows("select from billing.annual_funds")) == 2


async def test_a_rebuild_says_the_same_of_funds(desks: Desks) -> None:
    live, fresh = await with_funds(await desks()), await with_funds(await desks())
    await ask(live, 2026)
    await again(fresh, live)
    for desk in (live, fresh):
        await desk.close("2027-01-05")
    assert "funds in annual statements" in {compared.what for compared in COMPARED}
    for compared in COMPARED:
        query = f"select key, row from ({compared.query}) as it order by key"
        assert [tuple(row) for row in await fresh.rows(query)] == [tuple(row) for row in await live.rows(query)]
    assert await fresh.said(ANNUAL_STATEMENT) == await live.said(ANNUAL_STATEMENT) != []
