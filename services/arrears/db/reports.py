"""What people ask arrears: who is overdue, the totals by age, and whether the records agree with themselves."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg

from services.arrears.domain.policy import Policy

_LAST_CLOSED = "select last_closed from msg.gate"
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
_SUMS = """
select a.account_id, a.charges_pence as charges, coalesce(p.payments, 0)::bigint as payments
from arrears.accounts a
left join (select account_id, sum(amount_pence) as payments from arrears.payments group by 1) p using (account_id)
order by 1
"""
AT_EVERY_COMMIT = {
    "no stage below its minimum": """
        select account_id || ' ' || name from arrears.decisions
        where outcome = 'stage-reached' and chased_pence < minimum_pence""",
    "the items of a decision make its figure": """
        select account_id || ' ' || day from arrears.decisions where outcome = 'stage-reached' and chased_pence <>
          (select coalesce(sum((item ->> 'open_pence')::bigint), 0) from jsonb_array_elements(items) as item)""",
    "no two letters closer than their policy lets them be": """
        select account_id || ' ' || day from (
          select account_id, day, policy_version as version,
                 lag(day) over (partition by account_id order by day) as before
          from arrears.decisions where outcome = 'stage-reached') as sent
        left join policies using (version) where day - before < coalesce(letters_apart, day - before + 1)""",
    "no letter to an association's account": """
        select d.account_id from arrears.decisions d join arrears.accounts a using (account_id)
        where d.outcome = 'stage-reached' and a.internal""",
}
"""Each query lists what is wrong; an empty answer is good.  A letter of a policy that is no longer known is wrong."""
AT_REST = {
    "every account is opened": "select account_id from arrears.accounts where account_ref is null",
    "no account has less than nothing of a payment": """
        select account_id || ' ' || payment_id from arrears.payments where amount_pence < 0""",
}
"""These hold when nothing moves: billing's topics are read side by side."""
_POLICIES = "with policies as (select * from unnest($1::text[], $2::int[]) as told(version, letters_apart))"


async def last_closed(connection: asyncpg.Connection) -> date | None:
    """Return the last day that this service closed."""
    found: date | None = await connection.fetchval(_LAST_CLOSED)
    return found


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


async def sums(connection: asyncpg.Connection) -> dict[str, dict[str, int]]:
    """Return charges and payments of every account as billing told them, in pence."""
    rows = await connection.fetch(_SUMS)
    return {row["account_id"]: {"charges": row["charges"], "payments": row["payments"]} for row in rows}


async def wrong(connection: asyncpg.Connection, query: str, policies: Sequence[Policy]) -> list[str]:
    """Return the first things that a check finds wrong, under the versions of the ladder."""
    versions, apart = [one.version for one in policies], [one.letters_apart_days for one in policies]
    return [row[0] for row in await connection.fetch(f"{_POLICIES} {query} limit 5", versions, apart)]
