"""What was booked as a bad debt of owners' own money before is moved, balanced, in the book that is being written."""

import importlib
from typing import Any

import asyncpg

from services.billing.domain.refs import account_id
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_line, a_unit
from tests.integration.billing.people import day

_OLD = """
insert into billing.entries (cause_uid, posting_no, ledger, account_id, amount_pence, tax_pence, value_on, book,
  fact_kind, fact_id, charge_id)
values ($1, 0, 'receivable', $2::uuid, -10000, 0, '2026-04-03', '2026-04-03', 'write-off', 'WO-1', 'FUND'),
  ($1, 1, 'bad-debt', null, 10000, 0, '2026-04-03', '2026-04-03', 'write-off', 'WO-1', 'FUND')
"""


async def test_a_bad_debt_of_a_fund_is_moved_to_it_in_the_open_book(desk: Desk) -> None:
    migration: Any = importlib.import_module("services.billing.db.migrations.versions.0012_owners_money_given_up")
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.hear(a_charge("FUND", 100_00, unit="U1", on="2026-01-05", kind="reserve-fund"))
    await desk.rows("update msg.gate set last_closed = '2026-05-01'")
    owner = await asyncpg.connect(desk.urls.owner_url)
    try:
        await owner.execute(_OLD, "00000000-0000-0000-0000-00000000000a", account_id("U1", "A"))
        await owner.execute(migration._MOVE)
        rows = await owner.fetch(
            "select ledger, sum(amount_pence)::int as pence from billing.entries"
            " where fact_kind = 'write-off' group by 1"
        )
        books = await owner.fetch("select distinct book from billing.entries where posting_no >= 1000000")
    finally:
        await owner.close()
    assert {row["ledger"]: row["pence"] for row in rows} == {
        "receivable": -100_00, "bad-debt": 0, "reserve-funds": 100_00,
    }  # fmt: skip
    assert [row["book"] for row in books] == [day("2026-05-02")]
