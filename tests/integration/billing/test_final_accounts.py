"""Final accounts: issued once in the day's work, with true figures, beside the statements and moving nothing."""

from typing import Any

from services.billing.domain.refs import account_ref
from services.billing.usecases import final_accounts
from shared.events.topics import FINAL_ACCOUNT, ITEMS_CHANGED, STATEMENT_ISSUED
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_unit

SELLER = account_ref("U1", "A")


async def a_sale(desk: Desk) -> None:
    """Entry on 17 February; a fee by days, a repair instructed before and invoiced in April, a payment."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01"), ("B", "2026-02-17")))
    await desk.close("2026-01-01")
    await desk.hear(
        a_charge("FEE", 42_00, unit="U1", on="2026-01-02", period={"from": "2026-01-01", "to": "2026-03-31"})
    )
    await desk.close("2026-04-01")
    await desk.hear(a_charge("ROOF", 100_00, unit="U1", on="2026-04-10", instructed_on="2026-01-12"))
    await desk.hear(a_payment("P1", 50_00, on="2026-04-12", account_ref=SELLER))
    await desk.close("2026-04-27")


async def worklist(desk: Desk) -> list[Any]:
    rows: list[Any] = await desk.ask(final_accounts.worklist)
    return rows


async def test_the_seller_gets_one_final_account_with_what_is_not_billed_yet(desk: Desk) -> None:
    await a_sale(desk)
    assert await desk.said(FINAL_ACCOUNT) == []
    await desk.close("2026-04-28", "2026-04-29", "2026-07-01")
    [said] = await desk.said(FINAL_ACCOUNT)
    assert (said.account_ref, said.exit_on.isoformat(), said.issued_on.isoformat()) == (
        SELLER,
        "2026-02-17",
        "2026-04-28",
    )
    assert (said.statement_no, said.quarter) == (f"{SELLER}-FINAL-20260217", "2026Q1")
    assert [(line.charge_id or line.payment_id, line.amount_pence) for line in said.lines] == [
        ("ROOF", 100_00), ("P1", -50_00),
    ]  # fmt: skip
    assert (said.brought_forward_pence, said.total_pence, said.balance_pence) == (21_93, 50_00, 71_93)


async def test_it_changes_no_statement_item_or_balance(desk: Desk) -> None:
    await a_sale(desk)
    account, items = await desk.account("U1", "A"), await desk.said(ITEMS_CHANGED)
    await desk.close("2026-04-28")
    assert await desk.account("U1", "A") == account
    assert await desk.said(ITEMS_CHANGED) == items
    await desk.close("2026-07-01")
    later = [one for one in await desk.said(STATEMENT_ISSUED) if one.account_ref == SELLER][-1]
    assert (later.quarter, later.brought_forward_pence, later.total_pence) == ("2026Q2", 21_93, 50_00)
    assert await desk.wrong() == []


async def test_an_exit_learnt_after_its_due_day_is_issued_on_the_day_it_is_learnt(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")), a_charge("C1", 9_00, unit="U1", on="2026-01-05"))
    await desk.close("2026-01-05", "2026-04-28", "2026-09-01")
    sold = a_line("U1", ("A", "2025-06-01"), ("B", "2026-02-17"), version=2)
    await desk.hear(sold)
    await desk.close("2026-09-02", "2026-09-03")
    await desk.hear(a_line("U1", ("A", "2025-06-01"), version=3))
    await desk.close("2026-09-04")
    await desk.hear(sold.model_copy(update={"version": 4}))
    await desk.close("2026-09-05")
    assert [one.issued_on.isoformat() for one in await desk.said(FINAL_ACCOUNT)] == ["2026-09-02"]


async def test_the_worklist_says_how_far_each_is_and_what_waits(desk: Desk) -> None:
    await a_sale(desk)
    await desk.hear(a_unit("U2"), a_line("U2", ("C", "2026-01-15"), ("D", "2026-03-20")))
    await desk.hear(a_charge("EARLY", 5_00, unit="U2", on="2026-01-03"))
    to_come = {row["account_ref"]: row for row in await worklist(desk)}
    assert {ref: row["state"] for ref, row in to_come.items()} == dict.fromkeys(to_come, "to-come")
    assert to_come[account_ref("U2", "C")]["missing"] == ["EARLY"]
    await desk.close("2026-04-28")
    await desk.note_closed()
    rows = {
        row["account_ref"]: (row["state"], str(row["due_by"]), str(row["hard_stop"])) for row in await worklist(desk)
    }
    assert rows == {
        SELLER: ("issued", "2026-04-28", "2026-05-17"),
        account_ref("U2", "C"): ("settled", "2026-04-28", "2026-06-20"),
    }


async def test_a_seller_who_owed_nothing_on_the_day_is_settled_whatever_is_billed_later(desk: Desk) -> None:
    """What comes later is on the next statement, as it is after a final account that was issued."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01"), ("B", "2026-02-17")))
    await desk.close("2026-01-01", "2026-04-27", "2026-04-28")
    await desk.hear(a_charge("ROOF", 100_00, unit="U1", on="2026-04-29", instructed_on="2026-01-12"))
    await desk.close("2026-04-29", "2026-07-01")
    await desk.note_closed()
    [row] = await worklist(desk)
    assert (await desk.said(FINAL_ACCOUNT), row["state"], row["balance_pence"]) == ([], "settled", 100_00)
    [statement] = [one for one in await desk.said(STATEMENT_ISSUED) if one.account_ref == SELLER]
    assert statement.balance_pence == 100_00


async def test_what_was_owed_on_the_day_and_never_issued_is_late(desk: Desk) -> None:
    """As in a database whose days were closed before final accounts were issued on them."""
    await a_sale(desk)
    await desk.note_closed()
    await desk.rows("update msg.gate set last_closed = '2026-04-28'")
    assert [row["state"] for row in await worklist(desk)] == ["late"]
