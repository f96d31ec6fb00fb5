"""What an account still has of each payment; additions commute, so the order of the topics does not matter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from services.arrears.db.facts import LOOK_AGAIN
from services.arrears.domain.account import Receipt

_MOVE = f"""
with moved as (
  insert into arrears.payments as kept (account_id, payment_id, amount_pence, received_on, paid_book, taken_book)
  select account_id, payment_id, sum(pence), max(received_on),
         case when bool_or(pence > 0) then $5::date end, case when bool_or(pence < 0) then $5::date end
  from unnest($1::text[], $2::text[], $3::bigint[], $4::date[]) as told(account_id, payment_id, pence, received_on)
  group by account_id, payment_id order by account_id, payment_id
  on conflict (account_id, payment_id) do update set amount_pence = kept.amount_pence + excluded.amount_pence,
    received_on = coalesce(kept.received_on, excluded.received_on),
    paid_book = coalesce(kept.paid_book, excluded.paid_book),
    taken_book = coalesce(excluded.taken_book, kept.taken_book)
)
insert into arrears.accounts as kept (account_id, next_check_on)
select distinct account_id, $5::date from unnest($1::text[]) as told(account_id) order by account_id
on conflict (account_id) do update set {LOOK_AGAIN}
"""  # noqa: S608 - ours
_RECEIPTS = """
select account_id, received_on, sum(amount_pence)::bigint as pence from arrears.payments
where account_id = any($1) and received_on is not null group by account_id, received_on order by account_id, received_on
"""


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that came to an account (positive) or left it (negative), in pence; a reversal has no value date here."""

    account_id: str
    payment_id: str
    pence: int
    received_on: date | None = None


async def move(connection: asyncpg.Connection, movements: Sequence[Movement], book: date) -> None:
    """Add movements learnt in ``book``; their accounts are looked at in that day's work."""
    await connection.execute(
        _MOVE,
        [one.account_id for one in movements],
        [one.payment_id for one in movements],
        [one.pence for one in movements],
        [one.received_on for one in movements],
        book,
    )


async def load_receipts(connection: asyncpg.Connection, account_ids: Sequence[str]) -> dict[str, tuple[Receipt, ...]]:
    """Return what each account still has of its money, by value date."""
    receipts: dict[str, tuple[Receipt, ...]] = {}
    for row in await connection.fetch(_RECEIPTS, list(account_ids)):
        known = receipts.get(row["account_id"], ())
        receipts[row["account_id"]] = (*known, Receipt(row["received_on"], row["pence"]))
    return receipts
