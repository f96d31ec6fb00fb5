"""Queries about direct debits: mandates, returns that end them, collections, and who was told of what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.billing.db.sets import columns
from services.billing.domain.direct_debits import Announced, Coming, Mandate, Return
from shared.events.billing import NotTaken

_MANDATES = """
select it.mandate_id, it.account_id::text, it.set_on, over.ended_on, over.bank_code
from billing.mandates as it left join billing.mandate_ends as over using (mandate_id)
"""
_MANDATE = f"{_MANDATES}where it.mandate_id = $1"
_MANDATES_OF = f"{_MANDATES}where it.account_id = any($1::uuid[]) order by it.mandate_id"
_RETURNS = """
select entry.account_id::text, payment.received_on, reversal.reason
from billing.entries as entry
join billing.reversals as reversal on reversal.reversal_id = entry.fact_id
join billing.payments as payment on payment.payment_id = reversal.payment_id and payment.method = 'direct-debit'
where entry.account_id = any($1::uuid[]) and entry.fact_kind = 'reversal'
group by entry.account_id, payment.received_on, reversal.reversal_id having sum(entry.amount_pence) > 0
"""
_SET = """
insert into billing.mandates (command_uid, book, mandate_id, account_id, set_on) values ($1, $2, $3, $4::uuid, $2)
"""
_CANCEL = """
insert into billing.mandate_ends (command_uid, book, mandate_id, ended_on, bank_code) values ($1, $2, $3, $2, $4)
"""
_REFS = "select account_id::text, account_ref from billing.accounts where account_id = any($1::uuid[])"
_COUNT = "select count(*) from billing.collections where collect_on = $1"
_ADD = """
insert into billing.collections (command_uid, book, collection_id, collect_on, policy_version, says_end, by_days)
values ($1, $2, $3, $4, $5, $6, $7)
"""
_NOTIFY = """
insert into billing.collection_notices (collection_id, account_id, mandate_id, amount_pence)
select $1, * from unnest($2::uuid[], $3::text[], $4::bigint[])
"""
_NOTICES = """
select notice.account_id::text, account.account_ref, notice.mandate_id, notice.amount_pence, skip.why
from billing.collection_notices as notice join billing.accounts as account using (account_id)
left join billing.collection_skips as skip using (collection_id, account_id)
where notice.collection_id = $1 order by account.account_ref
"""
_ANNOUNCED = """
select it.collection_id, notice.amount_pence
from billing.collection_notices as notice join billing.collections as it using (collection_id)
left join billing.collection_releases as over using (collection_id)
left join billing.collection_skips as skip using (collection_id, account_id)
where notice.account_id = $1::uuid and notice.mandate_id = $2 and it.says_end and it.collect_on > $3
  and over.book is null and skip.why is null
order by it.collection_id
"""
_NOT_COME = """
from billing.collection_notices as notice join billing.collections as it using (collection_id)
left join billing.collection_skips as skip using (collection_id, account_id)
where it.collection_id = any($1) and skip.why is null and not exists (
  select from billing.entries as entry join billing.payments as payment on payment.payment_id = entry.payment_id
  where entry.account_id = notice.account_id and entry.fact_kind = 'payment' and payment.method = 'direct-debit'
    and payment.received_on >= it.collect_on)
"""
_IN_FLIGHT = f"select notice.account_id::text, sum(notice.amount_pence)::bigint as pence {_NOT_COME} group by 1"
_ON_ITS_WAY = f"select collection_id, notice.amount_pence {_NOT_COME} and notice.account_id = $2::uuid"
_COMING = f"""
select notice.account_id::text, notice.mandate_id, notice.amount_pence, it.collect_on {_NOT_COME}
and notice.account_id = any($2::uuid[]) order by it.collect_on, it.collection_id
"""
_COLLECTIONS = """
select it.collection_id, it.book, it.collect_on, it.policy_version, it.says_end, it.by_days, over.book,
  over.sha256
from billing.collections as it left join billing.collection_releases as over using (collection_id)
"""
_FIND = f"{_COLLECTIONS}where it.collection_id = $1"
_RELEASE = "insert into billing.collection_releases (command_uid, book, collection_id, sha256) values ($1, $2, $3, $4)"
_SKIP = """
insert into billing.collection_skips (collection_id, account_id, why) select $1, * from unnest($2::uuid[], $3::text[])
"""
_LIST = """
select it.collection_id, it.book as announced_on, it.collect_on, it.policy_version, over.book as released_on,
  encode(over.sha256, 'hex') as sha256, count(notice.account_id) as announced,
  coalesce(sum(notice.amount_pence), 0)::bigint as announced_pence, count(skip.why) as skipped,
  coalesce(sum(notice.amount_pence) filter (where skip.why is not null), 0)::bigint as skipped_pence
from billing.collections as it left join billing.collection_releases as over using (collection_id)
left join billing.collection_notices as notice using (collection_id)
left join billing.collection_skips as skip using (collection_id, account_id)
group by 1, 2, 3, 4, 5, 6 order by it.collect_on desc, it.collection_id
"""


@dataclass(frozen=True, slots=True)
class Collection:
    """A day of collection that owners were told of; ``released_on`` when its file went out, with its hash.

    ``says_end``: arrears heard until when money may be on its way, and hears of whom nothing is taken.
    ``by_days``: it leaves room for others by their days (``domain.direct_debits.free``), else for all of them.
    """

    collection_id: str
    announced_on: date
    collect_on: date
    policy_version: str
    says_end: bool
    by_days: bool
    released_on: date | None
    sha256: bytes | None


async def load_mandates(connection: asyncpg.Connection) -> list[Mandate]:
    """Return every mandate, cancelled ones too."""
    return [Mandate(*row) for row in await connection.fetch(f"{_MANDATES}order by it.mandate_id")]


async def find_mandate(connection: asyncpg.Connection, mandate_id: str) -> Mandate | None:
    """Return one mandate, cancelled or not."""
    row = await connection.fetchrow(_MANDATE, mandate_id)
    return Mandate(*row) if row is not None else None


async def load_mandates_of(connection: asyncpg.Connection, account_ids: Iterable[str]) -> list[Mandate]:
    """Return the mandates that accounts have or had."""
    return [Mandate(*row) for row in await connection.fetch(_MANDATES_OF, list(account_ids))]


async def load_returns(connection: asyncpg.Connection, account_ids: Iterable[str]) -> list[Return]:
    """Return the direct debits that were taken back from accounts."""
    return [Return(*row) for row in await connection.fetch(_RETURNS, list(account_ids))]


async def add_mandate(connection: asyncpg.Connection, command_uid: UUID, mandate: Mandate) -> None:
    """Add a mandate."""
    await connection.execute(_SET, command_uid, mandate.set_on, mandate.mandate_id, mandate.account_id)


async def end_mandate(
    connection: asyncpg.Connection, command_uid: UUID, mandate_id: str, on: date, bank_code: str | None
) -> None:
    """Cancel a mandate in the book of a day, with the bank's code if it told so."""
    await connection.execute(_CANCEL, command_uid, on, mandate_id, bank_code)


async def refs_of(connection: asyncpg.Connection, account_ids: Iterable[str]) -> dict[str, str]:
    """Return the references of accounts."""
    return {row[0]: row[1] for row in await connection.fetch(_REFS, list(account_ids))}


async def count_on(connection: asyncpg.Connection, collect_on: date) -> int:
    """Return how many collections a day has."""
    return int(await connection.fetchval(_COUNT, collect_on))


async def add_collection(
    connection: asyncpg.Connection, command_uid: UUID, collection: Collection, notices: Sequence[Announced]
) -> None:
    """Add a collection, and what each owner is told."""
    await connection.execute(
        _ADD, command_uid, collection.announced_on, collection.collection_id, collection.collect_on,
        collection.policy_version, collection.says_end, collection.by_days,
    )  # fmt: skip
    rows = [(one.account_id, one.mandate_id, one.amount_pence) for one in notices]
    await connection.execute(_NOTIFY, collection.collection_id, *columns(rows))


async def find_collection(connection: asyncpg.Connection, collection_id: str) -> Collection | None:
    """Return one collection."""
    row = await connection.fetchrow(_FIND, collection_id)
    return Collection(*row) if row is not None else None


async def load_notices(connection: asyncpg.Connection, collection_id: str) -> list[tuple[Announced, NotTaken | None]]:
    """Return what owners were told of a collection, in order of account_ref, and who was passed over why."""
    return [
        (Announced(*tuple(row)[:4]), NotTaken(row["why"]) if row["why"] else None)
        for row in await connection.fetch(_NOTICES, collection_id)
    ]


async def load_announced(
    connection: asyncpg.Connection, account_id: str, mandate_id: str, book: date
) -> dict[str, int]:
    """Return by collection what is announced under a mandate, for a day after a book, and not released yet."""
    return {row[0]: row[1] for row in await connection.fetch(_ANNOUNCED, account_id, mandate_id, book)}


async def load_collections(connection: asyncpg.Connection) -> list[Collection]:
    """Return every collection: a few a month."""
    return [Collection(*row) for row in await connection.fetch(_COLLECTIONS)]


async def in_flight(connection: asyncpg.Connection, collection_ids: Iterable[str]) -> dict[str, int]:
    """Return the pence that collections take from each account and that have not come yet."""
    return {row[0]: row[1] for row in await connection.fetch(_IN_FLIGHT, list(collection_ids))}


async def on_its_way(connection: asyncpg.Connection, collection_ids: Iterable[str], account_id: str) -> dict[str, int]:
    """Return the pence that each collection takes from one account, where they have not come yet."""
    return {row[0]: row[1] for row in await connection.fetch(_ON_ITS_WAY, list(collection_ids), account_id)}


async def load_coming(
    connection: asyncpg.Connection, collection_ids: Iterable[str], account_ids: Iterable[str]
) -> list[Coming]:
    """Return what each collection takes from each of the accounts, where it has not come yet, by its day."""
    return [Coming(*row) for row in await connection.fetch(_COMING, list(collection_ids), list(account_ids))]


async def release(
    connection: asyncpg.Connection, command_uid: UUID, book: date, collection_id: str, sha256: bytes
) -> None:
    """Note that the file of a collection went out."""
    await connection.execute(_RELEASE, command_uid, book, collection_id, sha256)


async def skip(connection: asyncpg.Connection, collection_id: str, skipped: Mapping[str, NotTaken]) -> None:
    """Note whom a collection passes over; ``skipped`` by account_id."""
    if skipped:
        await connection.execute(_SKIP, collection_id, list(skipped), [str(why) for why in skipped.values()])


async def list_collections(connection: asyncpg.Connection) -> list[dict[str, Any]]:
    """Return every collection, the newest first."""
    return [dict(row) for row in await connection.fetch(_LIST)]
