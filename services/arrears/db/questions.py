"""What people ask arrears: who is overdue, the totals by age, the letters by stage."""

from datetime import date
from typing import Any

import asyncpg

_OVERDUE = """
select account_id, account_ref, items::text as items, stage, stage_on, cycle, reason from arrears.accounts
where oldest_due_on < $1 order by account_ref, account_id
"""
_BUCKETS = """
select coalesce(sum(open_pence) filter (where late <= 0), 0)::bigint as current,
       coalesce(sum(open_pence) filter (where late between 1 and 30), 0)::bigint as d1_30,
       coalesce(sum(open_pence) filter (where late between 31 and 60), 0)::bigint as d31_60,
       coalesce(sum(open_pence) filter (where late between 61 and 90), 0)::bigint as d61_90,
       coalesce(sum(open_pence) filter (where late between 91 and 120), 0)::bigint as d91_120,
       coalesce(sum(open_pence) filter (where late > 120), 0)::bigint as over_120
from (select item.open_pence, $1::date - item.due_on as late
      from arrears.accounts a
      cross join lateral jsonb_to_recordset(a.items) as item(due_on date, open_pence bigint)
      where a.oldest_due_on is not null) as aged
"""
_LETTERS = (
    "select name, count(*) as letters from arrears.decisions where outcome = 'stage-reached' group by 1 order by 1"
)


async def overdue(connection: asyncpg.Connection, day: date) -> list[dict[str, Any]]:
    """Return the accounts with an item due before ``day``."""
    return [dict(row) for row in await connection.fetch(_OVERDUE, day)]


async def buckets(connection: asyncpg.Connection, day: date) -> dict[str, int]:
    """Return what is open by days past due on ``day``, in pence; due on that day or later is ``current``."""
    row = await connection.fetchrow(_BUCKETS, day)
    assert row is not None
    return dict(row)


async def letters(connection: asyncpg.Connection) -> dict[str, int]:
    """Return how many letters each stage led to."""
    return {row["name"]: row["letters"] for row in await connection.fetch(_LETTERS)}
