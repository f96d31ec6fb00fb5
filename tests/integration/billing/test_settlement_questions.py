"""What stands beside a settlement figure, whom it is refused, and that asking for one leaves no trace."""

from typing import Any

import asyncpg
import pytest

from services.billing import api
from services.billing.db import direct_debits
from services.billing.domain.refs import account_ref
from services.billing.usecases import disputes, settlements
from services.billing.usecases.mandates import SET
from services.billing.usecases.schedules import RELIEF, load_known
from shared.auth import STAFF
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError
from shared.db import driver
from shared.local_issuer import LocalIssuer
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_unit, shares
from tests.integration.billing.people import day, decide
from tests.integration.billing.test_direct_debits import say
from tests.integration.billing.test_settlements import SELLER, a_flat, asked, closed_through
from tests.support.staff import as_, staff_door


async def test_works_that_wait_are_beside_the_figure_with_the_owners_share_where_it_is_known(desk: Desk) -> None:
    """Of the owner's days alone, and of sets that name the flat; nobody's days and other flats' are not listed."""
    await a_flat(desk)
    await desk.hear(
        shares(("U1", 5, 27), ("U2", 21, 27), complete=False),
        shares(("U2", 1, 2), complete=False, set_id="S2"),
    )
    for charge_id, pool, on in (
        ("ROOF", "S1", "2026-02-16"),
        ("LATE", "S1", "2026-02-17"),
        ("OTHER", "S2", "2026-02-01"),
    ):
        await desk.hear(a_charge(charge_id, 270_00, pool=pool, on="2026-02-20", instructed_on=on))
    await desk.hear(a_charge("OLD", 30_00, unit="U1", on="2026-02-20", instructed_on="2024-12-31"))
    await desk.hear(a_credit("K1", "ROOF", 27_00, on="2026-02-21"))
    figure = await asked(desk, "2026-02-17")
    assert figure["waiting"] == [
        {
            "charge_id": "ROOF", "charge_kind": "repair", "description": "Work ROOF", "pool_pence": 243_00,
            "instructed_on": day("2026-02-16"), "waiting_for": "share-set:S1", "share": "5/27",
        }
    ]  # fmt: skip
    assert figure["total_pence"] == 21_94
    assert figure["reservation"].startswith("Contractors' bills for work instructed before 2026-02-17 may")


async def test_a_cost_of_days_outside_management_waits_beside_the_figure(desk: Desk) -> None:
    await a_flat(desk)
    await desk.hear(
        a_charge("CLEAN", 90_00, unit="U1", on="2026-01-20", period={"from": "2026-01-01", "to": "2026-03-31"})
    )
    await desk.hear(a_unit(managed_to=day("2026-02-14")))
    figure = await asked(desk, "2026-03-02")
    assert [(one["charge_id"], one["amount_pence"], one["waiting_for"]) for one in figure["waiting"]] == [
        ("CLEAN", 45_00, "managed:U1"), ("FEE-B1:2026-01-01:U1", 21_00, "managed:U1"),
    ]  # fmt: skip


async def test_what_waits_for_other_flats_or_for_days_nobody_is_known_of_is_not_listed(desk: Desk) -> None:
    await a_flat(desk)
    await desk.hear(
        shares(("U1", 1, 1), set_id="LEFT"),
        shares(("U2", 1, 2), set_id="LEFT", since="2026-02-01", complete=False),
        shares(("U2", 1, 1), set_id="OTHER", since="2026-02-20"),
    )
    for pool in ("LEFT", "OTHER"):
        await desk.hear(a_charge(f"IN-{pool}", 10_00, pool=pool, on="2026-02-03"))
    await desk.hear(a_unit(managed_from=day("2024-01-01")))
    await desk.hear(
        a_charge("CLEAN", 9_00, unit="U1", on="2026-02-03", period={"from": "2024-12-01", "to": "2026-01-31"})
    )
    waiting = await desk.rows("select distinct waiting_for from billing.charge_parts where waiting_for is not null")
    assert {row["waiting_for"] for row in waiting} == {"share-set:LEFT", "share-set:OTHER", "owner:U1"}
    assert (await asked(desk, "2026-02-17"))["waiting"] == []


async def test_a_set_nobody_has_published_for_the_day_names_no_share(desk: Desk) -> None:
    await a_flat(desk)
    await desk.hear(shares(("U1", 1, 2), ("U2", 1, 2), since="2026-02-01"))
    await desk.hear(a_charge("ROOF", 10_00, pool="S1", on="2026-02-20", instructed_on="2026-01-31"))
    [one] = (await asked(desk, "2026-02-17"))["waiting"]
    assert (one["pool_pence"], "share" in one, "amount_pence" in one) == (10_00, False, False)


async def test_money_on_its_way_and_the_reserve_fund_are_beside_the_figure(desk: Desk) -> None:
    await a_flat(desk)
    await desk.hear(a_charge("A-FUND", 40_00, unit="U1", on="2026-01-20", kind="reserve-fund"))
    await desk.close("2026-04-01")
    await desk.hear(a_payment("P1", 40_00, on="2026-04-02", account_ref=SELLER))
    await say(desk, SET, account_ref=SELLER, mandate_id="MD1")
    await say(desk, "collection-announce", collect_on="2026-04-29")
    figure = await asked(desk, "2026-05-16")
    assert figure["collections"] == [
        {"collection_id": "DD-2026-04-29-1", "collect_on": day("2026-04-29"), "amount_pence": 42_00}
    ]
    assert figure["reserve_fund"] == {"fund_id": "B1", "paid_in_pence": 40_00}
    assert figure["total_pence"] == figure["balance_pence"] - 21_23
    await desk.hear(a_payment("P2", 42_00, on="2026-04-29", account_ref=SELLER, method="direct-debit"))
    assert (await asked(desk, "2026-05-16"))["collections"] == []


async def test_money_on_its_way_from_one_account_is_found_by_indexes(desk: Desk) -> None:
    """A collection takes from thousands, and one of them is asked for."""
    async with desk.sessions.begin() as session:
        connection: asyncpg.Connection = await driver(session)
        await connection.execute("set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off")
        await connection.execute(f"prepare flying(text[], uuid) as {direct_debits._ON_ITS_WAY}")
        rows = await connection.fetch("explain execute flying('{DD}', '00000000-0000-0000-0000-000000000000')")
        await connection.execute("deallocate flying")
    conditions = [row[0].strip() for row in rows if "Index Cond" in row[0]]
    assert any("account_id = $2" in one for one in conditions), conditions


async def test_what_is_disputed_is_in_the_total_and_told_apart(desk: Desk) -> None:
    await a_flat(desk)
    await desk.close("2026-04-01")
    await say(desk, disputes.RAISE, account_ref=SELLER, charge_id="FEE-B1:2026-01-01:U1", amount_pence=12_00)
    figure = await asked(desk, "2026-04-02")
    assert (figure["disputed_pence"], figure["sums"]["disputed"], figure["sums"]["due-later"]) == (12_00, 12_00, 30_00)
    assert figure["total_pence"] == sum(figure["sums"].values()) == 42_00 + 46


async def test_of_reliefs_only_those_of_the_flat_that_is_asked_for_are_loaded(desk: Desk) -> None:
    """A large factor's discounts are tens of thousands."""
    await a_flat(desk)
    await desk.hear(a_unit("U2"))
    off = {"schedule_id": "FEE-B1", "basis_points": 500, "from_on": "2026-04-01", "evidence": "paper"}
    for unit_id in ("U1", "U2"):
        await decide(desk, RELIEF, unit_id=unit_id, **off)
    assert {unit_id for _, unit_id in (await desk.ask(load_known)).reliefs} == {"U1", "U2"}
    assert {unit_id for _, unit_id in (await desk.ask(load_known, "U1")).reliefs} == {"U1"}


async def test_every_row_names_its_source_and_an_estimate_its_schedule(desk: Desk) -> None:
    await a_flat(desk)
    await desk.close("2026-02-20")
    standing, estimate = (await asked(desk, "2026-05-16"))["rows"]
    assert standing == {
        "group": "not-billed", "amount_pence": 42_00, "charge_id": "FEE-B1:2026-01-01:U1",
        "charge_kind": "management-fee", "description": "Management fee", "period_from": day("2026-01-01"),
        "period_to": day("2026-03-31"), "days": 90, "of_days": 90,
    }  # fmt: skip
    assert estimate == {
        "group": "to-come", "amount_pence": 20_77, "charge_id": "FEE-B1:2026-04-01:U1", "schedule_id": "FEE-B1",
        "estimate": True, "raised_on": day("2026-04-01"), "charge_kind": "management-fee",
        "description": "Management fee", "period_from": day("2026-04-01"), "period_to": day("2026-06-30"), "days": 45,
        "of_days": 91,
    }  # fmt: skip


async def test_the_figure_says_when_it_was_worked_out_and_until_when_it_holds(desk: Desk) -> None:
    await a_flat(desk)
    await desk.close("2026-02-20")
    figure = await asked(desk, "2026-05-16")
    assert (figure["closed_on"], figure["valid_until"], figure["entry_on"]) == tuple(
        map(day, ("2026-02-20", "2026-05-16", "2026-05-16"))
    )
    assert (figure["policy"], figure["source"]["ledger"]) == ("settlements-2026-1", ["receivable"])
    assert (await asked(desk, "2026-05-16", until=day("2026-03-01")))["valid_until"] == day("2026-03-01")
    assert (await asked(desk, "2026-02-01"))["valid_until"] == day("2026-03-07")
    with pytest.raises(NotValidError, match="that day has passed"):
        await asked(desk, "2026-05-16", until=day("2026-02-20"))


async def state_of(desk: Desk) -> list[Any]:
    names = ("billing.entries", "billing.charges", "billing.lines", "billing.accounts", "msg.event_log")
    return [await desk.rows(f"select count(*) from {name}") for name in names]


async def test_asking_posts_nothing_and_says_nothing(desk: Desk) -> None:
    await a_flat(desk)
    before, account = await state_of(desk), await desk.account("U1", "A")
    first = await asked(desk, "2026-08-16")
    assert await asked(desk, "2026-08-16") == first
    assert (await state_of(desk), await desk.account("U1", "A")) == (before, account)


async def test_an_account_that_has_ended_is_told_by_its_final_account(desk: Desk) -> None:
    await a_flat(desk)
    await desk.hear(a_line("U1", ("Z", "2025-01-01"), ("A", "2026-01-01"), ("B", "2026-02-17"), version=2))
    await desk.close("2026-02-16")
    told = await asked(desk, "2026-02-17")
    assert told["words"] == (
        f"{SELLER} ended on 2026-02-17: its final account is due on 2026-04-28; its balance is £21.94."
    )
    assert "total_pence" not in told
    await desk.rows("update msg.gate set last_closed = '2026-04-28'")
    late = await desk.ask(settlements.settlement, SELLER, day("2026-02-17"), None)
    assert "its final account was due on 2026-04-28 and is late" in late["words"]
    await closed_through(desk, day("2026-04-28"))
    told = await asked(desk, "2026-02-17")
    assert "its final account was issued on 2026-04-28; its balance is £21.94." in told["words"]
    assert told["final_account"]["state"] == "issued"
    before = await asked(desk, "2026-05-16", ref=account_ref("U1", "Z"))
    assert "nothing was owed when its final account was due" in before["words"]


async def test_only_the_present_owner_is_given_a_figure(desk: Desk) -> None:
    await a_flat(desk)
    line = a_line("U1", ("Z", "2025-01-01"), ("A", "2026-01-01"), ("B", "2026-05-16"), version=2, void=("V",))
    await desk.hear(line, a_unit("U2"), a_line("U2", ("", "2025-06-01", True)))
    for ref, words in (
        (account_ref("U1", "B"), "not the present owner's"),
        (account_ref("U1", "V"), "nothing to sell"),
        (account_ref("U2", None), "the association's own"),
    ):
        with pytest.raises(NotValidError, match=words):
            await asked(desk, "2026-06-01", ref=ref)
    with pytest.raises(NotKnownError, match="No account has the reference"):
        await asked(desk, "2026-06-01", ref="F00000000000")


async def test_before_any_business_day_has_ended_there_is_no_day_to_give_a_figure_on(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    with pytest.raises(NotNowError, match="No business day"):
        await desk.ask(settlements.settlement, SELLER, day("2026-06-01"), None)


async def test_a_flat_that_is_not_registered_has_no_schedules_and_its_costs_wait(desk: Desk) -> None:
    await desk.close("2025-12-31")
    await desk.hear(a_line("U1", ("A", "2025-06-01")), a_charge("ROOF", 10_00, unit="U1", on="2026-01-02"))
    figure = await asked(desk, "2026-06-01")
    assert (figure["total_pence"], figure["rows"], figure["reserve_fund"]) == (0, [], None)
    assert [(one["charge_id"], one["amount_pence"]) for one in figure["waiting"]] == [("ROOF", 10_00)]


@pytest.fixture
def door(desk: Desk, issuer: LocalIssuer) -> Any:
    return lambda role: staff_door(issuer, "billing", api.routes(desk.doors), headers=as_(issuer, role, "ada"))


async def test_over_http_the_figure_is_one_question_for_staff(desk: Desk, door: Any) -> None:
    await a_flat(desk)
    await desk.note_closed()
    path = f"/accounts/{SELLER.lower()}/settlement"
    async with door("assistant") as client:
        answer = (await client.get(path, params={"entry": "2026-02-17", "valid_until": "2026-03-01"})).json()
        assert (answer["account_ref"], answer["total_pence"], answer["valid_until"]) == (SELLER, 21_94, "2026-03-01")
        assert (await client.get(path)).status_code == 422
        assert (
            await client.get("/accounts/F00000000000/settlement", params={"entry": "2026-02-17"})
        ).status_code == 404
    async with door("operator") as client:
        assert (await client.get(path, params={"entry": "2026-02-17"})).status_code == 403
    assert "operator" not in STAFF
