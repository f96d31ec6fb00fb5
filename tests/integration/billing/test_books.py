"""A quarter's books, closed for good; what a month earned and passed on; balances of any day as known at any book."""

import random
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.billing.domain.chart import BAD_DEBT, BANK, BY_CODE, RECEIVABLE
from services.billing.domain.refs import account_ref
from services.billing.usecases import books, questions, reports
from services.billing.usecases.reports import Grouping
from shared.db.engine import driver
from shared.events.housing import Tenure
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import (
    a_charge,
    a_credit,
    a_line,
    a_payment,
    a_reversal,
    a_unit,
    shares,
)
from tests.integration.billing.test_histories import a_day, a_history, tell

A = account_ref("U1", "A")


def by_ledger(report: Any) -> dict[str, tuple[int, int, int, int]]:
    names = ("opening_pence", "debit_pence", "credit_pence", "closing_pence")
    return {row["ledger"]: tuple(row[name] for name in names) for row in report["rows"]}


async def test_a_refund_claimed_nine_months_later_leaves_the_closed_quarter_as_it_was(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")), a_charge("C1", 1200, unit="U1", on="2026-01-05"))
    await desk.close("2026-01-01")
    await desk.hear(a_payment("P1", 1200, on="2026-01-15", account_ref=A, method="direct-debit"))
    await desk.close("2026-03-31")
    first = await desk.ask(books.period, "2026-Q1")
    await desk.hear(a_charge("C2", 300, unit="U1", on="2026-02-20"))
    await desk.close("2026-10-14")
    await desk.hear(a_reversal("DDICA-1", "P1", 1200, on="2026-10-15"))
    await desk.close("2026-12-31")

    assert await desk.ask(books.period, "2026-Q1") == first
    assert by_ledger(first)["bank"] == (0, 1200, 0, 1200)
    last = await desk.ask(books.period, "2026Q4")
    assert by_ledger(last)["bank"] == (1200, 0, 1200, 0)
    assert by_ledger(last)["receivable"] == (300, 1200, 0, 1500)
    assert last["late"] == []
    spring = await desk.ask(books.period, "2026-Q2")
    late = [(row["fact_id"], row["value_on"], row["ledger"], row["amount_pence"]) for row in spring["late"]]
    assert late == [
        ("C2", date(2026, 2, 20), "income:repair", -300),
        ("C2", date(2026, 2, 20), "receivable", 300),
    ]


async def test_the_quarters_follow_from_one_another_and_end_in_the_trial_balance(desk: Desk) -> None:
    await desk.close("2025-12-31")
    dice = random.Random(5)
    events = a_history(dice)
    for end, cut in (("2026-03-31", 20), ("2026-06-30", 30), ("2026-09-30", 999)):
        await tell(desk, events[:cut], dice)
        events = events[cut:]
        await desk.close(end)
    found = [await desk.ask(books.period, quarter) for quarter in ("2026-Q1", "2026-Q2", "2026-Q3")]
    for before, after in pairwise(found):
        closing = {row["ledger"]: row["closing_pence"] for row in before["rows"]}
        assert {row["ledger"]: row["opening_pence"] for row in after["rows"] if row["opening_pence"]} == {
            name: pence for name, pence in closing.items() if pence
        }
    for report in found:
        assert report["debit_pence"] == report["credit_pence"]
    trial = (await desk.ask(questions.trial_balance, None, date(2026, 9, 30)))["rows"]
    assert {row["ledger"]: row["closing_pence"] for row in found[-1]["rows"]} == {
        row["account"]: row["debit_pence"] - row["credit_pence"] for row in trial
    }


def naive(entries: Iterable[Any], name: str, as_of: date | None, known_at: date | None) -> Counter[str]:
    """Add the raw entries up, one by one."""
    sums: Counter[str] = Counter()
    for entry in entries:
        counts = (as_of is None or entry["value_on"] <= as_of) and (known_at is None or entry["book"] <= known_at)
        if counts and entry[name] is not None:
            sums[str(entry[name])] += entry["amount_pence"]
    return sums


@pytest.mark.parametrize("seed", range(6))
async def test_figures_of_any_day_as_known_at_any_book_are_the_raw_entries_added_up(desk: Desk, seed: int) -> None:
    dice = random.Random(seed)
    await desk.close("2025-12-31")
    events = a_history(dice)
    for end in ("2026-02-10", "2026-04-01", "2026-07-01"):
        cut = dice.randint(5, 20)
        await tell(desk, events[:cut], dice)
        events = events[cut:]
        await desk.close(end)
    await tell(desk, events, dice)
    entries = await desk.rows("select * from billing.entries")
    assert {entry["ledger"] for entry in entries} <= set(BY_CODE)
    for _ in range(6):
        as_of, known_at = dice.choice([None, a_day(dice)]), dice.choice([None, a_day(dice) + timedelta(days=60)])
        trial = (await desk.ask(questions.trial_balance, as_of, known_at))["rows"]
        by_name = {row["account"]: row["debit_pence"] - row["credit_pence"] for row in trial}
        sums = naive(entries, "ledger", as_of, known_at)
        assert by_name == dict(sums)
        accounts = await desk.ask(questions.accounts, as_of, known_at)
        balances = {row["account_id"]: row["balance_pence"] for row in accounts if row["balance_pence"]}
        of_accounts = naive(entries, "account_id", as_of, known_at)
        assert balances == {name: pence for name, pence in of_accounts.items() if pence}
        for by in Grouping:
            aged = await desk.ask(reports.aged_debt, by, as_of, known_at)
            assert aged["ties"]
            assert aged["total"]["balance_pence"] == sums["receivable"]
            assert sum(row["balance_pence"] for row in aged["rows"]) == sums["receivable"]
        first = a_day(dice)
        moved = await desk.ask(reports.movement, first, max(first, a_day(dice)), known_at)
        assert moved["ties"]
        assert (
            moved["rows"][0]["opening_pence"] + moved["rows"][1]["opening_pence"]
            == (naive(entries, "ledger", first - timedelta(days=1), known_at)["receivable"])
        )


_POST = """
insert into billing.entries
  (cause_uid, posting_no, ledger, amount_pence, tax_pence, value_on, book, fact_kind, fact_id, charge_id)
select cause, number, ledger, pence, 0, value_on, book, 'charge', 'C', 'C'
from unnest($1::uuid[], $2::text[], $3::bigint[], $4::date[], $5::date[])
  with ordinality as posting (cause, ledger, pence, value_on, book, number)
"""
DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 6))
TRANSFERS = st.lists(
    st.tuples(st.sampled_from(sorted(set(BY_CODE) - {RECEIVABLE, BAD_DEBT})), st.integers(1, 10**12), DAYS, DAYS),
    max_size=12,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(transfers=TRANSFERS, as_of=st.none() | DAYS, known_at=st.none() | DAYS)
async def test_the_trial_balance_of_any_entries_is_their_plain_sum(
    desk: Desk, transfers: list[tuple[str, int, date, date]], as_of: date | None, known_at: date | None
) -> None:
    entries: list[dict[str, Any]] = []
    async with desk.sessions() as session:
        connection = await driver(session)
        for ledger, pence, value_on, book in transfers:
            cause = uuid4()
            pair = [
                {"cause": cause, "ledger": name, "amount_pence": amount, "value_on": value_on, "book": book}
                for name, amount in ((ledger, pence), (BANK, -pence))
            ]
            await connection.execute(_POST, *zip(*(entry.values() for entry in pair), strict=True))
            entries += pair
        found = await questions.trial_balance(connection, as_of, known_at)
        await session.rollback()
    assert found["debit_pence"] == found["credit_pence"]
    assert {row["account"]: row["debit_pence"] - row["credit_pence"] for row in found["rows"]} == dict(
        naive(entries, "ledger", as_of, known_at)
    )


async def a_block(desk: Desk) -> None:
    """Two owners and the association share a taxed repair and a policy; one owner pays a fee; one charge waits."""
    await desk.hear(
        a_unit("U1"), a_unit("U2", block_id="B2"), a_unit("U3", tenure=Tenure.ASSOCIATION),
        a_line("U1", ("A", "2025-06-01")), a_line("U2", ("B", "2025-06-01")),
        shares(("U1", 1, 3), ("U2", 1, 3), ("U3", 1, 3)),
    )  # fmt: skip
    taxed: dict[str, Any] = {"tax": {"code": "S", "net_pence": 300, "tax_pence": 60}}
    await desk.hear(
        a_charge("R1", 360, pool="S1", on="2026-01-05", **taxed),
        a_charge("I1", 900, pool="S1", on="2026-01-06", kind="insurance"),
        a_charge("W1", 50, unit="U9", on="2026-01-07"),
        a_charge("F1", 40, unit="U1", on="2026-01-08", kind="management-fee"),
        a_charge("O1", 500, unit="U1", on="2026-01-09", kind="opening-balance", due_on="2025-12-01"),
        a_credit("K1", "F1", 15, on="2026-01-20"),
        a_payment("P1", 200, on="2026-01-21", account_ref=A),
        a_payment("T1", 70, on="2026-01-02", account_ref=A, method="opening-credit"),
        a_charge("FEB", 11, unit="U1", on="2026-02-01"),
    )


async def test_what_is_passed_on_is_where_it_was_billed_and_nothing_is_earned_by_it(desk: Desk) -> None:
    await a_block(desk)
    found = await desk.ask(books.profit_and_loss, "2026-01", None)
    assert [
        (row["account"], row["charged_pence"], row["credited_pence"], row["net_pence"]) for row in found["income"]
    ] == [("income:management-fee", 40, 15, 25)]
    repair, insurance = found["recovery"]
    assert (repair["net_pence"], repair["tax_pence"], repair["waiting_pence"], repair["difference_pence"]) == (
        350,
        60,
        50,
        0,
    )
    assert repair["blocks"] == [{"block_id": "B1", "amount_pence": 240}, {"block_id": "B2", "amount_pence": 120}]
    assert (insurance["net_pence"], insurance["difference_pence"], found["difference_pence"]) == (900, 0, 0)


async def test_case_7_the_trial_balance_tells_the_associations_own_units_apart(desk: Desk) -> None:
    await a_block(desk)
    for as_of in (None, date(2026, 1, 5)):
        books_ = await desk.ask(questions.trial_balance, as_of, None)
        accounts = await desk.ask(questions.accounts, as_of, None)
        internal = sum(one["balance_pence"] for one in accounts if one["internal"])
        assert internal == (420 if as_of is None else 120)
        [owed] = [row["debit_pence"] for row in books_["rows"] if row["account"] == RECEIVABLE]
        assert books_["receivable"] == {"owners_pence": owed - internal, "association_pence": internal}


async def test_aged_debt_is_told_by_block_owner_and_development(desk: Desk) -> None:
    await a_block(desk)
    days = (date(2026, 3, 1), None)
    by_block = await desk.ask(reports.aged_debt, Grouping.BLOCK, *days)
    first = {row["name"]: row for row in by_block["rows"]}["B1"]
    assert (first["accounts"], first["d61_90"], first["over_120"], first["balance_pence"]) == (2, 230, 0, 1106)
    owners = await desk.ask(reports.aged_debt, Grouping.OWNER, *days)
    balances = {row["name"]: row["balance_pence"] for row in owners["rows"]}
    assert balances == {"P-A": 686, "P-B": 420, "association": 420}
    [development] = (await desk.ask(reports.aged_debt, Grouping.DEVELOPMENT, *days))["rows"]
    assert (development["name"], development["balance_pence"]) == ("D1", 1526)


async def test_receivables_move_from_opening_to_closing(desk: Desk) -> None:
    await a_block(desk)
    found = await desk.ask(reports.movement, date(2026, 1, 6), date(2026, 1, 31), None)
    owners, association = found["rows"]
    assert (owners["opening_pence"], owners["closing_pence"]) == (170, 1095)
    assert owners["moved"] == {"charge": 1140, "credit": -15, "payment": -200}
    assert (association["opening_pence"], association["closing_pence"]) == (120, 420)
    assert (found["ledger_pence"], found["ties"]) == (1515, True)


async def test_the_collection_rate_leaves_out_what_was_taken_over_and_the_associations_own(desk: Desk) -> None:
    await a_block(desk)
    await desk.close("2026-04-01")
    await desk.hear(a_payment("P2", 100, on="2026-05-02", account_ref=account_ref("U2", "B")))
    found = await desk.ask(reports.collection_rate, "2026-Q2", None, None)
    # Due on 29 April: A's 120 + 300 + 25 + 11, B's 420.  A's money went to the balance that was taken over.
    assert (found["period"]["received_pence"], found["period"]["due_pence"]) == (100, 876)
    assert (found["period"]["fraction"], found["period"]["percent"]) == ("25/219", "11.42")
    rolling = found["rolling"]
    assert (rolling["receipts_pence"], rolling["charges_pence"], rolling["percent"]) == (300, 876, "34.25")
    assert (rolling["from"], rolling["to"]) == (date(2025, 7, 1), date(2026, 6, 30))
    before = await desk.ask(reports.collection_rate, "2026-Q2", date(2026, 5, 1), None)
    assert before["period"]["received_pence"] == 0
