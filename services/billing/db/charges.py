"""Queries about charges, their credits, and where they stand now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from services.billing.db.ours import OUR_OWN
from services.billing.db.sets import columns
from services.billing.domain.facts import Charge, Credit, FactKind, Part, is_waiting
from shared.events.base import Event
from shared.events.housing import ChargeCredited, ChargeKind, ChargeRaised

_CHARGE_COLUMNS = (
    "charge_id", "event_uid", "source", "event_id", "sha", "book", "kind", "share_set_id", "unit_id", "net_pence",
    "tax_pence", "description", "instructed_on", "completed_on", "invoiced_on", "liable_from", "liable_to", "due_on",
    "raised_on", "supplier", "invoice_number", "decided_on",
)  # fmt: skip
_PART_COLUMNS = (
    "charge_id", "part_no", "credit_id", "unit_id", "account_id", "waiting_for", "net_pence", "tax_pence", "share",
)  # fmt: skip
_ADD_CREDITS = """
insert into billing.credits (credit_id, event_uid, source, event_id, sha, book, charge_id, accepted_no, amount_pence,
  reason, credited_on)
select credit_id, event_uid, source, event_id, sha, $1, charge_id, accepted_no, amount_pence, reason, credited_on
from unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::int[], $9::bigint[],
  $10::text[], $11::date[]) as accepted(credit_id, event_uid, source, event_id, sha, charge_id, accepted_no,
  amount_pence, reason, credited_on)
"""
_OF_UNITS = """
select distinct part.charge_id
from unnest($1::text[], $2::date[]) as changed(unit_id, since)
join billing.charge_parts as part using (unit_id)
join billing.charges as charge on charge.charge_id = part.charge_id and charge.liable_to >= changed.since
"""
_OF_SETS = """
select charge.charge_id
from unnest($1::text[], $2::date[]) as changed(share_set_id, since)
join billing.charges as charge
  on charge.share_set_id = changed.share_set_id and charge.liable_from >= changed.since
"""

_WORKS = """
select charge_id, instructed_on, completed_on, invoiced_on,
  case when liable_from < liable_to then liable_from end as period_from,
  case when liable_from < liable_to then liable_to end as period_to
from billing.charges where charge_id = any($1::text[])
"""

Parts = Mapping[str, Sequence[Part]]
"""Where charges and their credits stand, by charge."""

Shares = Mapping[str, Mapping[str, str]]
"""By charge: each unit's share as published."""
_KNOWN_NAMES = f"""
select charge_id, {OUR_OWN} as ours from billing.charges as fact where charge_id = any($1::text[])
"""  # noqa: S608 - ours


@dataclass(frozen=True, slots=True)
class StoredCredit:
    """A credit and its place in the order of acceptance."""

    credit: Credit
    accepted_no: int


async def charge_shas(connection: asyncpg.Connection, charge_ids: Iterable[str]) -> dict[str, bytes]:
    """Return the content hash of each charge known."""
    rows = await connection.fetch(
        "select charge_id, sha from billing.charges where charge_id = any($1::text[])", list(charge_ids)
    )
    return {row["charge_id"]: row["sha"] for row in rows}


async def known_names(connection: asyncpg.Connection, charge_ids: Iterable[str]) -> dict[str, bool]:
    """Return which of the names charges have, and whether it is one that we made ourselves."""
    rows = await connection.fetch(_KNOWN_NAMES, list(charge_ids))
    return {row["charge_id"]: row["ours"] for row in rows}


async def credit_shas(connection: asyncpg.Connection, credit_ids: Iterable[str]) -> dict[str, bytes]:
    """Return the content hash of each credit known."""
    rows = await connection.fetch(
        "select credit_id, sha from billing.credits where credit_id = any($1::text[])", list(credit_ids)
    )
    return {row["credit_id"]: row["sha"] for row in rows}


async def load_charges(connection: asyncpg.Connection, charge_ids: Iterable[str]) -> dict[str, Charge]:
    """Return the charges known, by id."""
    rows = await connection.fetch(
        "select charge_id, kind, share_set_id, unit_id, net_pence, tax_pence, liable_from, liable_to, raised_on, due_on"
        " from billing.charges where charge_id = any($1::text[])",
        list(charge_ids),
    )
    return {row[0]: Charge(row[0], ChargeKind(row[1]), *row[2:]) for row in map(tuple, rows)}


async def load_days(connection: asyncpg.Connection, charge_ids: Iterable[str]) -> dict[str, dict[str, date | None]]:
    """Return the days that each charge came with, by the names of its event."""
    rows = await connection.fetch(
        "select charge_id, decided_on, instructed_on, completed_on, invoiced_on, raised_on from billing.charges"
        " where charge_id = any($1::text[])",
        list(charge_ids),
    )
    return {row["charge_id"]: {name: day for name, day in row.items() if name != "charge_id"} for row in rows}


async def load_works(connection: asyncpg.Connection, charge_ids: Iterable[str]) -> dict[str, dict[str, date | None]]:
    """Return by charge the days of the work it is for; ``period_from`` and ``period_to`` of a cost over days."""
    rows = await connection.fetch(_WORKS, list(charge_ids))
    return {row["charge_id"]: {name: day for name, day in row.items() if name != "charge_id"} for row in rows}


async def load_credits(connection: asyncpg.Connection, charge_ids: Iterable[str]) -> dict[str, list[Credit]]:
    """Return each charge's credits in order of acceptance; a charge without any is left out."""
    rows = await connection.fetch(
        "select credit_id, charge_id, amount_pence, credited_on from billing.credits where charge_id = any($1::text[])"
        " order by charge_id, accepted_no",
        list(charge_ids),
    )
    credits_: dict[str, list[Credit]] = {}
    for row in rows:
        credits_.setdefault(row["charge_id"], []).append(Credit(*row))
    return credits_


async def load_parts(
    connection: asyncpg.Connection, charge_ids: Iterable[str], only: Iterable[str] | None = None
) -> dict[str, list[Part]]:
    """Return where each charge and its credits stand now; ``only``: with these units."""
    rows = await connection.fetch(
        "select charge_id, credit_id, unit_id, coalesce(account_id::text, waiting_for) as holder, net_pence, tax_pence"
        " from billing.charge_parts where charge_id = any($1::text[]) and ($2::text[] is null or unit_id = any($2))"
        " order by charge_id, part_no",
        list(charge_ids),
        None if only is None else list(only),
    )
    parts: dict[str, list[Part]] = {}
    for charge_id, credit_id, unit_id, holder, net, tax in map(tuple, rows):
        kind = FactKind.CREDIT if credit_id is not None else FactKind.CHARGE
        part = Part(kind, credit_id or charge_id, unit_id, holder, net, tax)
        parts.setdefault(charge_id, []).append(part)
    return parts


async def charges_of_units(connection: asyncpg.Connection, since: Mapping[str, date]) -> set[str]:
    """Return the charges that have a part of one of the units and are owed for a day from ``since[unit]`` on."""
    rows = await connection.fetch(_OF_UNITS, list(since), list(since.values()))
    return {row["charge_id"] for row in rows}


async def charges_of_sets(connection: asyncpg.Connection, since: Mapping[str, date]) -> set[str]:
    """Return the charges divided by one of the share sets and owed for days that begin at ``since[set]`` or later."""
    rows = await connection.fetch(_OF_SETS, list(since), list(since.values()))
    return {row["charge_id"] for row in rows}


async def add_charges(
    connection: asyncpg.Connection, book: date, charges: Sequence[tuple[Event[ChargeRaised], Charge]]
) -> None:
    """Add new charges with the events they came with."""
    rows = [
        (
            charge.charge_id, event.uid, event.source, event.id, event.sha, book, charge.kind, charge.share_set_id,
            charge.unit_id, charge.net_pence, charge.tax_pence, event.data.description, event.data.instructed_on,
            event.data.completed_on, event.data.invoiced_on, charge.liable_from, charge.liable_to, charge.due_on,
            charge.raised_on, event.data.supplier, event.data.invoice_number, event.data.decided_on,
        )
        for event, charge in charges
    ]  # fmt: skip
    await connection.copy_records_to_table("charges", schema_name="billing", columns=_CHARGE_COLUMNS, records=rows)


async def add_credits(
    connection: asyncpg.Connection, book: date, credits_: Sequence[tuple[Event[ChargeCredited], StoredCredit]]
) -> None:
    """Add accepted credits with the events they came with."""
    rows = [
        (
            stored.credit.credit_id, event.uid, event.source, event.id, event.sha, stored.credit.charge_id,
            stored.accepted_no, stored.credit.amount_pence, event.data.reason, stored.credit.credited_on,
        )
        for event, stored in credits_
    ]  # fmt: skip
    await connection.execute(_ADD_CREDITS, book, *columns(rows))


async def replace_parts(
    connection: asyncpg.Connection, parts: Parts, shares: Shares, only: Iterable[str] | None = None
) -> None:
    """Note where charges and their credits stand from now on, in place of before; ``only``: with these units."""
    await connection.execute(
        "delete from billing.charge_parts"
        " where charge_id = any($1::text[]) and ($2::text[] is null or unit_id = any($2))",
        list(parts),
        None if only is None else list(only),
    )
    await append_parts(connection, parts, shares)


async def append_parts(connection: asyncpg.Connection, parts: Parts, shares: Shares) -> None:
    """Note further parts of charges that have some."""
    rows = await connection.fetch(
        "select charge_id, max(part_no) + 1 as next from billing.charge_parts"
        " where charge_id = any($1::text[]) group by charge_id",
        list(parts),
    )
    await add_parts(connection, parts, shares, {row["charge_id"]: row["next"] for row in rows})


async def add_parts(
    connection: asyncpg.Connection, parts: Parts, shares: Shares, following: Mapping[str, int] | None = None
) -> None:
    """Note where charges stand, numbered from ``following``, else from 0."""
    first = following or {}
    rows = [
        _part_row(charge_id, number, part, shares.get(charge_id))
        for charge_id, own in parts.items()
        for number, part in enumerate(own, first.get(charge_id, 0))
    ]
    await connection.copy_records_to_table("charge_parts", schema_name="billing", columns=_PART_COLUMNS, records=rows)


def _part_row(charge_id: str, number: int, part: Part, shares: Mapping[str, str] | None) -> tuple[object, ...]:
    credit_id = part.fact_id if part.kind is FactKind.CREDIT else None
    account_id, waiting = (None, part.holder) if is_waiting(part.holder) else (part.holder, None)
    share = shares.get(part.unit_id) if shares and part.unit_id is not None else None
    return (charge_id, number, credit_id, part.unit_id, account_id, waiting, part.net_pence, part.tax_pence, share)
