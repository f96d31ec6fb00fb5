"""Changes of repayment plans as arrears said them, by its book: a statement shows the plan that stands on its day."""

from collections.abc import Collection, Sequence
from datetime import date

import asyncpg

from shared.events.arrears import PlanChanged

_ADD = """
insert into notify.plan_changes (plan_id, change, account_id, book, told)
select plan_id, change, account_id, book, told::jsonb
from unnest($1::text[], $2::int[], $3::text[], $4::date[], $5::text[]) as said(plan_id, change, account_id, book, told)
on conflict (plan_id, change) do nothing
"""
_NEWEST = """
select told::text from (
  select distinct on (plan_id) plan_id, book, told from notify.plan_changes
  where account_id = any($1) and book <= $2 order by plan_id, change desc) as newest
order by book, plan_id
"""


async def add(connection: asyncpg.Connection, told: Sequence[tuple[PlanChanged, date]]) -> None:
    """Keep what was said of plans, each with arrears' book; of a change that is said twice the first stands."""
    await connection.execute(
        _ADD,
        [one.plan_id for one, _ in told],
        [one.change or 1 for one, _ in told],
        [one.account_id for one, _ in told],
        [book for _, book in told],
        [one.model_dump_json(exclude_none=True) for one, _ in told],
    )


async def newest(connection: asyncpg.Connection, account_ids: Collection[str], day: date) -> list[PlanChanged]:
    """Return the newest change of each plan of these accounts up to arrears' book of a day, the newest of all last."""
    rows = await connection.fetch(_NEWEST, list(account_ids), day)
    return [PlanChanged.model_validate_json(row["told"]) for row in rows]
