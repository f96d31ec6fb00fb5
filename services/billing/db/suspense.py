"""Queries about what is in suspense: money nobody matches, and charges, credits and reversals that wait."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import asyncpg

from services.billing.db.matches import SUSPENDED
from shared.bus.letters import record_of
from shared.events import topics
from shared.events.base import Event, EventData
from shared.events.decode import decode

_SUSPENDED = f"""
select payment_id, received_on, method, reference, by_person, pence from ({SUSPENDED}) as suspended
where pence > 0 order by received_on, payment_id
"""  # noqa: S608 - ours

_WAITING = """
select part.charge_id, part.credit_id, coalesce(part.unit_id, charge.unit_id) as unit_id, part.waiting_for,
  part.net_pence + part.tax_pence as pence, charge.liable_from, charge.book
from billing.charge_parts as part join billing.charges as charge using (charge_id)
where part.waiting_for is not null order by part.charge_id, part.part_no
"""

# What waits for an owner is of days on which nobody is known to own the unit: never of one whose account is known.
_WAITING_FOR_UNIT = """
select charge.charge_id, charge.kind, charge.description, charge.instructed_on, charge.liable_from, charge.share_set_id,
  part.waiting_for, sum(part.net_pence + part.tax_pence)::bigint as pence
from billing.charge_parts as part join billing.charges as charge using (charge_id)
where part.waiting_for is not null and part.waiting_for not like 'owner:%'
  and (part.unit_id = $1 or (part.unit_id is null and charge.share_set_id = any($2::text[])))
  and charge.liable_from < $4 and charge.liable_to >= $3
group by charge.charge_id, part.waiting_for having sum(part.net_pence + part.tax_pence) <> 0
order by charge.charge_id, part.waiting_for
"""

_WAITING_SINCE = """
select count(distinct part.charge_id) from billing.charge_parts as part join billing.charges as charge using (charge_id)
where part.waiting_for is not null and charge.book <= $1
"""

_SUSPENSE_FIGURES = f"""
with items as (
  select 'payments' as kind, book, pence from ({SUSPENDED}) as suspended
  union all
  select 'charges', charge.book, part.net_pence + part.tax_pence
  from billing.charge_parts as part join billing.charges as charge using (charge_id) where part.waiting_for is not null
)
select name.kind, count(pence) as items, coalesce(sum(pence), 0)::bigint as pence,
  coalesce(max(coalesce(gate.last_closed, items.book) - items.book), 0) as oldest_days
from (values ('payments'), ('charges')) as name (kind) cross join msg.gate as gate
left join items on items.kind = name.kind and items.pence <> 0
group by name.kind order by name.kind
"""  # noqa: S608 - ours


@dataclass(frozen=True, slots=True)
class WaitingPart:
    """A part of a charge (owed from ``liable_from``, learnt in ``book``), or of its credit, and what it waits for."""

    charge_id: str
    credit_id: str | None
    unit_id: str | None
    waiting_for: str
    pence: int
    liable_from: date
    book: date


@dataclass(frozen=True, slots=True)
class WaitingCharge:
    """What of a charge, less its credits, waits: of one unit, or (with ``share_set_id``) the whole cost of a set."""

    charge_id: str
    kind: str
    description: str
    instructed_on: date | None
    liable_from: date
    share_set_id: str | None
    waiting_for: str
    pence: int


@dataclass(frozen=True, slots=True)
class SuspendedRow:
    """What of a payment is in suspense; ``by_person``: an officer left it there, or took it back there."""

    payment_id: str
    received_on: date
    method: str
    reference: str | None
    by_person: bool
    pence: int


@dataclass(frozen=True, slots=True)
class SuspenseFigure:
    """One kind of thing in suspense: how many, how much, and for how many closed days the oldest."""

    kind: str
    items: int
    pence: int
    oldest_days: int


async def suspense_figures(connection: asyncpg.Connection) -> list[SuspenseFigure]:
    """Return the figures of suspense, ``charges`` and ``payments``, from the indexes of what waits."""
    return [SuspenseFigure(*row) for row in await connection.fetch(_SUSPENSE_FIGURES)]


async def list_suspended(connection: asyncpg.Connection) -> list[SuspendedRow]:
    """Return the payments with money in suspense, oldest first."""
    return [SuspendedRow(*row) for row in await connection.fetch(_SUSPENDED)]


async def list_waiting_parts(connection: asyncpg.Connection) -> list[WaitingPart]:
    """Return the parts of charges and credits that wait."""
    return [WaitingPart(*row) for row in await connection.fetch(_WAITING)]


async def list_waiting_charges(
    connection: asyncpg.Connection, unit_id: str, share_set_ids: Iterable[str], from_on: date, to_on: date
) -> list[WaitingCharge]:
    """Return the charges of a unit, or of share sets, that wait and are owed for days from one to before another."""
    rows = await connection.fetch(_WAITING_FOR_UNIT, unit_id, list(share_set_ids), from_on, to_on)
    return [WaitingCharge(*row) for row in rows]


async def count_waiting_charges(connection: asyncpg.Connection, learnt_by: date) -> int:
    """Return how many charges learnt by a book wait for an owner, a unit or a share set."""
    return int(await connection.fetchval(_WAITING_SINCE, learnt_by))


async def list_held(connection: asyncpg.Connection) -> list[tuple[Event[EventData], str]]:
    """Return the credits and reversals that are held for what they are about, and what that is."""
    rows = await connection.fetch(
        "select * from msg.held where topic = any($1::text[]) order by topic, partition_no, kafka_offset",
        [topics.CHARGE_CREDITED.topic, topics.PAYMENT_REVERSED.topic],
    )
    found = ((decode(record_of(row)), str(row["needs"])) for row in rows)
    return [(event, needs) for event, needs in found if isinstance(event, Event)]
