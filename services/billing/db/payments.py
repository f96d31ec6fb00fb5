"""Queries about payments and their reversals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from services.billing.db.ours import OUR_OWN
from services.billing.db.sets import columns
from services.billing.domain import payments, refs
from services.billing.domain.facts import Match, Part, Payment, Reversal
from shared.bus.commands import Command
from shared.events.base import Event, content_sha
from shared.events.housing import PaymentMethod, PaymentReceived, PaymentReversed

_ADD = """
insert into billing.payments (payment_id, event_uid, source, event_id, sha, book, amount_pence, received_on, method,
  reference, account_ref, unit_id, for_statement, account_id)
select payment_id, event_uid, source, event_id, sha, $1, amount_pence, received_on, method, reference, account_ref,
  unit_id, for_statement, account_id
from unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::bigint[], $8::date[], $9::text[],
  $10::text[], $11::text[], $12::text[], $13::text[], $14::uuid[]) as arrived(payment_id, event_uid, source, event_id,
  sha, amount_pence, received_on, method, reference, account_ref, unit_id, for_statement, account_id)
"""
_ADD_REFS = "insert into billing.payment_refs (account_ref, payment_id) select * from unnest($1::text[], $2::text[])"
_ADD_REVERSALS = """
insert into billing.reversals (reversal_id, event_uid, source, event_id, sha, book, payment_id, amount_pence,
  reversed_on, reason)
select reversal_id, event_uid, source, event_id, sha, $1, payment_id, amount_pence, reversed_on, reason
from unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::bigint[], $9::date[],
  $10::text[]) as arrived(reversal_id, event_uid, source, event_id, sha, payment_id, amount_pence, reversed_on, reason)
"""
_REFUNDS = f"""
select reversal_id as refund_id, payment_id, amount_pence, reversed_on as refunded_on
from billing.reversals as fact where {OUR_OWN} order by reversed_on desc, reversal_id
"""  # noqa: S608 - ours
_TAKEN_BACK = """
select reversal_id, payment_id, amount_pence, reversed_on, reason from billing.reversals
where reversed_on between $1 and $2 order by reversed_on, reversal_id
"""
_LOAD = """
select payment.payment_id, amount_pence, received_on, method, account_ref, reference, unit_id, for_statement,
  account_id::text as account_id, match.match_no, match.account_ids, match.pence
from billing.payments as payment
left join lateral (
  select match_no, account_ids::text[], pence from billing.matches where payment_id = payment.payment_id
  order by match_no desc limit 1) as match on true
where payment.payment_id = any($1::text[])
"""
_TOUCHED = """
select payment_id from billing.payment_refs where account_ref = any($1::text[])
union
select payment_id from unnest($2::text[], $3::date[]) as changed(unit_id, since)
join billing.payments as payment using (unit_id) where payment.received_on >= changed.since
"""
_MOVE = """
update billing.payments as payment set account_id = moved.account_id
from unnest($1::text[], $2::uuid[]) as moved(payment_id, account_id) where payment.payment_id = moved.payment_id
"""


@dataclass(frozen=True, slots=True)
class Placed:
    """A payment, the account its references place it on (none: suspense), and what a person said instead, if any."""

    payment: Payment
    account_id: str | None
    match: Match | None = None

    def target(self, reversals: Iterable[Reversal]) -> tuple[Part, ...]:
        """Return where it stands with these reversals."""
        return payments.target(self.payment, reversals, self.account_id, self.match)


async def payment_shas(connection: asyncpg.Connection, payment_ids: Iterable[str]) -> dict[str, bytes]:
    """Return the content hash of each payment known."""
    rows = await connection.fetch(
        "select payment_id, sha from billing.payments where payment_id = any($1::text[])", list(payment_ids)
    )
    return {row["payment_id"]: row["sha"] for row in rows}


async def reversal_shas(connection: asyncpg.Connection, reversal_ids: Iterable[str]) -> dict[str, bytes]:
    """Return the content hash of each reversal known."""
    rows = await connection.fetch(
        "select reversal_id, sha from billing.reversals where reversal_id = any($1::text[])", list(reversal_ids)
    )
    return {row["reversal_id"]: row["sha"] for row in rows}


async def load_payments(connection: asyncpg.Connection, payment_ids: Iterable[str]) -> dict[str, Placed]:
    """Return the payments known, by id, and where they stand."""
    rows = await connection.fetch(_LOAD, list(payment_ids))
    return {row["payment_id"]: Placed(_payment(row), row["account_id"], _match(row)) for row in rows}


async def load_reversals(connection: asyncpg.Connection, payment_ids: Iterable[str]) -> dict[str, list[Reversal]]:
    """Return each payment's reversals, in order of their ids; a payment without any is left out."""
    rows = await connection.fetch(
        "select reversal_id, payment_id, amount_pence, reversed_on, reason from billing.reversals"
        " where payment_id = any($1::text[]) order by payment_id, reversal_id",
        list(payment_ids),
    )
    reversals: dict[str, list[Reversal]] = {}
    for row in rows:
        reversals.setdefault(row["payment_id"], []).append(Reversal(*row))
    return reversals


async def list_taken_back(connection: asyncpg.Connection, first: date, last: date) -> list[Reversal]:
    """Return the reversals dated from one day to another, in order of day and id."""
    return [Reversal(*row) for row in await connection.fetch(_TAKEN_BACK, first, last)]


async def payments_touched(
    connection: asyncpg.Connection, account_refs: Iterable[str], since: dict[str, date]
) -> set[str]:
    """Return the payments that may mean one of the accounts, or name a unit and a day from ``since[unit]`` on."""
    rows = await connection.fetch(_TOUCHED, list(account_refs), list(since), list(since.values()))
    return {row["payment_id"] for row in rows}


async def add_payments(
    connection: asyncpg.Connection, book: date, new: Sequence[tuple[Event[PaymentReceived], Placed]]
) -> None:
    """Add new payments with the events they came with, and the references they may mean."""
    rows = [
        (
            placed.payment.payment_id, event.uid, event.source, event.id, event.sha, placed.payment.amount_pence,
            placed.payment.received_on, str(placed.payment.method), event.data.reference, event.data.account_ref,
            placed.payment.unit_id, placed.payment.for_statement, placed.account_id,
        )
        for event, placed in new
    ]  # fmt: skip
    await connection.execute(_ADD, book, *columns(rows))
    candidates = [
        (ref, placed.payment.payment_id) for _, placed in new for ref in payments.candidate_refs(placed.payment)
    ]
    if candidates:
        await connection.execute(_ADD_REFS, *columns(candidates))


async def add_reversals(
    connection: asyncpg.Connection, book: date, reversals: Sequence[tuple[Event[PaymentReversed], Reversal]]
) -> None:
    """Add accepted reversals with the events they came with."""
    rows = [
        (
            reversal.reversal_id, event.uid, event.source, event.id, event.sha, reversal.payment_id,
            reversal.amount_pence, reversal.reversed_on, event.data.reason,
        )
        for event, reversal in reversals
    ]  # fmt: skip
    await connection.execute(_ADD_REVERSALS, book, *columns(rows))


async def add_refund(connection: asyncpg.Connection, book: date, cause: Command, refund: Reversal) -> None:
    """Add a refund among the reversals, with the command it came with."""
    sha = content_sha(cause.type, [refund.payment_id, refund.amount_pence, refund.reversed_on])
    row = (
        refund.reversal_id, cause.uid, cause.source, cause.id, sha, refund.payment_id, refund.amount_pence,
        refund.reversed_on, refund.reason,
    )  # fmt: skip
    await connection.execute(_ADD_REVERSALS, book, *columns([row]))


async def list_refunds(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    """Return the refunds given, newest first."""
    return await connection.fetch(_REFUNDS)


async def move_payments(connection: asyncpg.Connection, moved: Iterable[tuple[str, str | None]]) -> None:
    """Note where payments stand from now on."""
    rows = list(moved)
    if rows:
        await connection.execute(_MOVE, *columns(rows))


def _payment(row: asyncpg.Record) -> Payment:
    return Payment(
        row["payment_id"], row["amount_pence"], row["received_on"], PaymentMethod(row["method"]),
        refs.stated_ref(row["account_ref"]), refs.found_refs(row["reference"]), row["unit_id"], row["for_statement"],
    )  # fmt: skip


def _match(row: asyncpg.Record) -> Match | None:
    if row["match_no"] is None:
        return None
    return Match(row["payment_id"], row["match_no"], tuple(zip(row["account_ids"], row["pence"], strict=True)))
