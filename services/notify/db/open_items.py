"""What is open of each account by billing's book: the check at dispatch looks whether a debt still stands."""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date

import asyncpg

from services.notify.domain.dispatch import Debts
from shared.events.billing import ItemsChanged

_STORE = """
insert into notify.open_items (account_id, book, items)
select account_id, book, items::jsonb from unnest($1::text[], $2::date[], $3::text[]) as told(account_id, book, items)
order by account_id, book
on conflict (account_id, book) do update set items = excluded.items
"""
_SINCE = """
select asked.account_id, asked.since, told.items::text as items
from unnest($1::text[], $2::date[]) as asked(account_id, since)
cross join lateral (
  select items from notify.open_items as kept
  where kept.account_id = asked.account_id and kept.book > asked.since and kept.book <= (
    select max(day) from msg.upstream_closed where service = 'billing')
  order by kept.book desc limit 1) as told
"""

_AS_AT = """
select distinct on (account_id) account_id, items::text from notify.open_items
where account_id = any($1) and book <= $2 order by account_id, book desc
"""


async def store(connection: asyncpg.Connection, told: Sequence[tuple[ItemsChanged, date]]) -> None:
    """Keep the open items that billing told last in each of its books."""
    last = {(changed.account_id, book): changed for changed, book in told}
    await connection.execute(
        _STORE, [account for account, _ in last], [book for _, book in last], [_text(one) for one in last.values()]
    )


def _text(changed: ItemsChanged) -> str:
    """Return what may be chased of each item: what is disputed is left out."""
    pence: Counter[tuple[str, date]] = Counter()
    for item in changed.items:
        pence[item.charge_id, item.due_on] += item.open_pence - (item.disputed_pence or 0)
    return json.dumps([[charge_id, due_on.isoformat(), left] for (charge_id, due_on), left in pence.items()])


async def changed_since(
    connection: asyncpg.Connection, asked: Collection[tuple[str, date]]
) -> dict[tuple[str, date], Debts]:
    """Return what is open of each account whose items changed in a book after a day, as at the last day that billing
    has closed.
    """
    rows = await connection.fetch(_SINCE, [account for account, _ in asked], [since for _, since in asked])
    return {(row["account_id"], row["since"]): _debts(row["items"]) for row in rows}


async def as_at(connection: asyncpg.Connection, account_ids: Collection[str], day: date) -> dict[str, Debts]:
    """Return what was open of each account at the end of billing's book of a day, if anybody has told."""
    rows = await connection.fetch(_AS_AT, list(account_ids), day)
    return {row["account_id"]: _debts(row["items"]) for row in rows}


def _debts(text: str) -> Debts:
    return {(charge_id, date.fromisoformat(due_on)): left for charge_id, due_on, left in json.loads(text)}
