"""Queries about what people said of whose money a payment is."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

import asyncpg

from services.billing.domain import refs
from services.billing.domain.facts import Match

SUSPENDED = """
select payment.payment_id, payment.received_on, payment.book, payment.method, payment.reference,
  match.match_no is not null as by_person, greatest(
    payment.amount_pence - coalesce((select sum(given) from unnest(match.pence) as given), 0)
    - coalesce((select sum(amount_pence) from billing.reversals where payment_id = payment.payment_id), 0), 0
  )::bigint as pence
from (
  select payment_id from billing.payments where account_id is null union select payment_id from billing.matches
) as looked_at
join billing.payments as payment using (payment_id)
left join lateral (
  select match_no, pence from billing.matches where payment_id = payment.payment_id order by match_no desc limit 1
) as match on true
where match.match_no is not null or payment.account_id is null
"""
"""Payments that may have money in suspense, and how much: a reversal takes what nobody was given first."""
_ADD = """
insert into billing.matches (payment_id, match_no, command_uid, book, account_ids, pence)
values ($1, $2, $3, $4, $5::uuid[], $6::bigint[])
"""


_LEARNT = """
select word.text, account.account_ref, count(*) as times
from (
  select distinct on (match.payment_id) match.account_ids, upper(translate(payment.reference, $2, '')) as text
  from billing.matches as match join billing.payments as payment using (payment_id)
  order by match.payment_id, match.match_no desc
) as word join billing.accounts as account on account.account_id = word.account_ids[1]
where word.text = any($1::text[]) and cardinality(word.account_ids) = 1
group by 1, 2 order by 1, 2
"""
_WORDS = """
select match.match_no, match.book, match.account_ids::text[], match.pence, log.body
from billing.matches as match left join msg.event_log as log on log.event_uid = match.command_uid
where match.payment_id = $1 order by match.match_no
"""


async def load_learnt(connection: asyncpg.Connection, texts: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return for each normalised text the accounts that people matched payments with these words to, and how many.

    Only the last word about a payment counts, and only one that names one account.
    """
    learnt: dict[str, dict[str, int]] = {}
    for row in await connection.fetch(_LEARNT, list(texts), refs.IGNORED):
        learnt.setdefault(row["text"], {})[row["account_ref"]] = row["times"]
    return learnt


async def load_words(connection: asyncpg.Connection, payment_id: str) -> list[asyncpg.Record]:
    """Return all that people said about a payment, each with the record of its command."""
    return await connection.fetch(_WORDS, payment_id)


async def add(connection: asyncpg.Connection, match: Match, command_uid: UUID, book: date) -> None:
    """Keep a person's word; the number after the last one of the payment makes it the one that holds."""
    account_ids, pence = [share[0] for share in match.shares], [share[1] for share in match.shares]
    await connection.execute(_ADD, match.payment_id, match.match_no, command_uid, book, account_ids, pence)
