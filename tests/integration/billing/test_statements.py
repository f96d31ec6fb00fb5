"""Statements: issued in the work of a quarter's first day, once, with every line that no earlier one carries."""

from datetime import date, timedelta

import pytest

from services.billing.domain.refs import account_ref
from services.billing.usecases import day as days
from shared.events.housing import Tenure
from shared.events.topics import ITEMS_CHANGED, STATEMENT_ISSUED
from shared.logs import capture
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_reversal, a_unit, shares

A = account_ref("U1", "A")
MARCH_31, APRIL_1 = date(2026, 3, 31), date(2026, 4, 1)


async def an_account(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.close("2026-01-01")


async def test_a_quarter_is_billed_with_its_lines(desk: Desk) -> None:
    await an_account(desk)
    await desk.hear(
        a_charge("C1", 1200, unit="U1", on="2026-01-05"), a_payment("P1", 200, on="2026-02-01", unit_id="U1")
    )
    await desk.hear(a_charge("C2", 300, unit="U1", on="2026-04-01"))
    await desk.close("2026-03-30", MARCH_31)
    assert await desk.said(STATEMENT_ISSUED) == []
    await desk.close(APRIL_1)
    [statement] = await desk.said(STATEMENT_ISSUED)
    assert (statement.statement_no, statement.quarter, statement.due_on) == (f"{A}-2026Q1", "2026Q1", date(2026, 4, 29))
    assert (statement.brought_forward_pence, statement.total_pence, statement.balance_pence) == (0, 1000, 1000)
    assert [(line.kind, line.amount_pence, line.description) for line in statement.lines] == [
        ("charge", 1200, "Work C1"),
        ("payment", -200, None),
    ]
    items = (await desk.said(ITEMS_CHANGED))[-1]
    assert [(item.charge_id, item.due_on, item.open_pence) for item in items.items] == [("C1", date(2026, 4, 29), 1000)]
    assert (items.credit_pence, items.balance_pence) == (0, 1300)
    assert await desk.wrong() == []


async def test_the_next_statement_brings_the_balance_forward(desk: Desk) -> None:
    await an_account(desk)
    await desk.hear(a_charge("C1", 1200, unit="U1", on="2026-01-05"))
    await desk.close(APRIL_1)
    await desk.hear(a_payment("P1", 500, on="2026-04-20", unit_id="U1"), a_credit("K1", "C1", 100, on="2026-05-01"))
    await desk.close("2026-07-01", "2026-10-01")
    figures = [
        (s.quarter, s.brought_forward_pence, s.total_pence, s.balance_pence) for s in await desk.said(STATEMENT_ISSUED)
    ]
    assert figures == [("2026Q1", 0, 1200, 1200), ("2026Q2", 1200, -600, 600), ("2026Q3", 600, 0, 600)]
    answer = await desk.account("U1", "A")
    assert [statement["balance_pence"] for statement in answer["statements"]] == [1200, 600, 600]
    assert [(line["kind"], line["statement_no"][-6:]) for line in answer["lines"]] == [
        ("charge", "2026Q1"),
        ("payment", "2026Q2"),
        ("credit", "2026Q2"),
    ]
    assert await desk.wrong() == []


async def test_an_account_without_news_or_balance_gets_none(desk: Desk) -> None:
    await an_account(desk)
    await desk.hear(a_unit("U2", tenure=Tenure.ASSOCIATION), a_charge("C1", 500, unit="U2", on="2026-01-05"))
    await desk.close(APRIL_1)
    assert await desk.said(STATEMENT_ISSUED) == []


async def test_a_void_chain_with_money_on_it_gets_its_statement(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")), a_payment("P1", 700, on="2026-01-03", account_ref=A))
    await desk.close("2026-01-02")
    await desk.hear(a_line("U1", ("B", "2025-06-01"), version=2, void=("A",)))
    await desk.close(APRIL_1)
    assert [(s.ownership_id, s.balance_pence) for s in await desk.said(STATEMENT_ISSUED)] == [("A", -700)]


async def test_a_sale_learnt_after_the_bill_stands_on_both_next_statements_with_its_dates(desk: Desk) -> None:
    await an_account(desk)
    await desk.hear(a_charge("C1", 1200, unit="U1", on="2026-02-05"))
    await desk.close(APRIL_1)
    await desk.hear(a_line("U1", ("A", "2025-06-01"), ("B", "2026-02-01"), version=2))
    items = (await desk.said(ITEMS_CHANGED))[-1]
    assert (items.items, items.balance_pence) == ((), 0)
    await desk.close("2026-07-01")
    late = {s.ownership_id: s for s in await desk.said(STATEMENT_ISSUED) if s.quarter == "2026Q2"}
    assert {name: (s.brought_forward_pence, s.balance_pence) for name, s in late.items()} == {
        "A": (1200, 0),
        "B": (0, 1200),
    }
    assert [(line.value_on, line.book) for line in late["B"].lines] == [(date(2026, 2, 5), date(2026, 4, 2))]
    assert await desk.wrong() == []


async def test_a_reversal_opens_the_item_again_with_its_own_due_day(desk: Desk) -> None:
    """domain.md 3.14."""
    await an_account(desk)
    await desk.hear(a_charge("C1", 9550, unit="U1", on="2026-02-05"))
    await desk.close(APRIL_1)
    await desk.hear(a_payment("P1", 9550, on="2026-04-15", unit_id="U1"))
    assert (await desk.said(ITEMS_CHANGED))[-1].items == ()
    await desk.hear(a_reversal("R1", "P1", 9550, on="2026-04-17"))
    [item] = (await desk.said(ITEMS_CHANGED))[-1].items
    assert (item.due_on, item.open_pence) == (date(2026, 4, 29), 9550)
    assert await desk.wrong() == []


async def test_a_charge_not_yet_billed_is_not_news_for_arrears(desk: Desk) -> None:
    await an_account(desk)
    await desk.hear(a_charge("C1", 1200, unit="U1", on="2026-01-05"))
    assert await desk.said(ITEMS_CHANGED) == []


async def test_a_crash_between_slices_issues_nothing_twice_and_misses_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days, "SLICE", 2)
    units = [f"U{number}" for number in range(5)]
    await desk.hear(*map(a_unit, units), *(a_line(unit, ("A", "2025-06-01")) for unit in units))
    await desk.hear(*(a_charge(f"C{unit}", 100, unit=unit, on="2026-01-05") for unit in units))
    progress = await desk.slice(APRIL_1, "")
    assert progress
    with pytest.raises(ConnectionError):
        await desk.slice(APRIL_1, progress, fails=True)
    assert len(await desk.said(STATEMENT_ISSUED)) == 2
    while progress is not None:
        progress = await desk.slice(APRIL_1, progress)
    numbers = [statement.statement_no for statement in await desk.said(STATEMENT_ISSUED)]
    assert sorted(numbers) == sorted(f"{account_ref(unit, 'A')}-2026Q1" for unit in units)
    assert await desk.wrong() == []


async def test_the_database_refuses_a_second_statement_of_a_quarter(desk: Desk) -> None:
    await an_account(desk)
    await desk.hear(a_charge("C1", 1200, unit="U1", on="2026-01-05"))
    await desk.close(APRIL_1)
    with pytest.raises(Exception, match="pk_statements"):
        await desk.close(APRIL_1)


async def test_a_statement_too_long_for_a_record_is_summed_by_kind(desk: Desk) -> None:
    await an_account(desk)
    long = "Stair cleaning " * 30
    for start in range(0, 2400, 400):
        await desk.hear(
            *(
                a_charge(
                    f"C{n}", 100, unit="U1", on="2026-01-05", kind="cleaning" if n % 2 else "repair", description=long
                )
                for n in range(start, start + 400)
            )
        )
    await desk.hear(a_payment("P1", 50, on="2026-02-01", unit_id="U1"))
    await desk.close(APRIL_1)
    [statement] = await desk.said(STATEMENT_ISSUED)
    assert statement.total_pence == sum(line.amount_pence for line in statement.lines) == 240_000 - 50
    assert [(line.kind, line.charge_kind) for line in statement.lines] == [
        ("charge", "cleaning"), ("charge", "repair"), ("payment", None),
    ]  # fmt: skip
    assert len((await desk.account("U1", "A"))["lines"]) == 2401


async def test_shares_and_pools_stand_on_the_lines(desk: Desk) -> None:
    await an_account(desk)
    await desk.hear(a_unit("U2"), shares(("U1", 1, 3), ("U2", 2, 3)))
    await desk.hear(a_charge("C1", 900, pool="S1", on="2026-01-05"), a_credit("K1", "C1", 90, on="2026-01-06"))
    await desk.close(APRIL_1)
    [statement] = await desk.said(STATEMENT_ISSUED)
    assert [(line.share, line.pool_pence, line.amount_pence) for line in statement.lines] == [
        ("1/3", 900, 300), ("1/3", -90, -30),
    ]  # fmt: skip


async def test_days_that_are_no_quarter_days_do_nothing(desk: Desk) -> None:
    await an_account(desk)
    await desk.hear(a_charge("C1", 1200, unit="U1", on="2026-01-05"))
    await desk.close(*(date(2026, 1, 2) + timedelta(days=number) for number in range(40)))
    assert await desk.said(STATEMENT_ISSUED) == []


async def test_a_charge_that_waits_for_fifteen_days_is_an_alert(desk: Desk) -> None:
    await an_account(desk)
    await desk.hear(a_charge("C1", 1200, unit="U9", on="2026-01-05"))
    with capture() as lines:
        await desk.close(*(date(2026, 1, 2) + timedelta(days=number) for number in range(15)))
    said = [line for line in lines if line["event.name"] == "held_too_long"]
    assert [(line["app.day"], line["app.kind"]) for line in said] == [("2026-01-16", "charges")]
