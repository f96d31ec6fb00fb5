"""What direct debits were announced to take of each account, and what of that has come or will not."""

from collections.abc import Sequence
from datetime import date

import asyncpg

from services.arrears.db.facts import LOOK_AGAIN
from shared.events.billing import CollectionAnnounced, CollectionEnded

_LOOK_AGAIN = f"""
insert into arrears.accounts as kept (account_id, next_check_on)
select distinct account_id, $2::date from unnest($1::text[]) as told(account_id) order by account_id
on conflict (account_id) do update set {LOOK_AGAIN}
"""  # noqa: S608 - ours
_ANNOUNCE = """
insert into arrears.collections as kept (account_id, collection_id, amount_pence, collect_on, settled_by)
select * from unnest($1::text[], $2::text[], $3::bigint[], $4::date[], $5::date[]) order by 1, 2
on conflict (account_id, collection_id) do update set amount_pence = excluded.amount_pence,
  collect_on = excluded.collect_on, settled_by = excluded.settled_by
"""
_END = """
insert into arrears.collections as kept (account_id, collection_id, is_over)
select account_id, collection_id, true from unnest($1::text[], $2::text[]) as told(account_id, collection_id)
order by 1, 2
on conflict (account_id, collection_id) do update set is_over = true
"""
_COLLECTED = """
update arrears.collections as kept set is_over = true
from unnest($1::text[], $2::date[]) as told(account_id, received_on)
where kept.account_id = told.account_id and kept.collect_on <= told.received_on and not kept.is_over
"""


async def announce(connection: asyncpg.Connection, told: Sequence[CollectionAnnounced], book: date) -> None:
    """Keep what owners were told; their accounts are looked at in the day's work of the book."""
    await connection.execute(
        _ANNOUNCE,
        [one.account_id for one in told],
        [one.collection_id for one in told],
        [one.amount_pence for one in told],
        [one.collect_on for one in told],
        [one.settled_by for one in told],
    )
    await connection.execute(_LOOK_AGAIN, [one.account_id for one in told], book)


async def end(connection: asyncpg.Connection, told: Sequence[CollectionEnded], book: date) -> None:
    """Keep that nothing is taken; the accounts are looked at in the day's work of the book."""
    await connection.execute(_END, [one.account_id for one in told], [one.collection_id for one in told])
    await connection.execute(_LOOK_AGAIN, [one.account_id for one in told], book)


async def collected(connection: asyncpg.Connection, account_ids: Sequence[str], days: Sequence[date]) -> None:
    """Keep that direct debits came to accounts on their days: what was to be taken by then is on its way no more."""
    await connection.execute(_COLLECTED, account_ids, days)
