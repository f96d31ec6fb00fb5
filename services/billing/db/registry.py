"""Queries about the registry: units, their ownership lines, share sets, accounts."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg
from pydantic_core import from_json

from services.billing.db.sets import columns
from services.billing.domain import attribution, division, final_accounts
from services.billing.domain.facts import ShareVersion, Stay, Unit
from shared.events.housing import Tenure
from shared.events.owners import OwnershipLineChanged, SharesChanged, UnitChanged

Versions = dict[date, ShareVersion]
"""The versions of one share set, by the day each is effective from."""

_STORE_UNITS = """
insert into billing.units (unit_id, development_id, block_id, tenure, managed_from, managed_to, book)
select *, $7 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::date[])
on conflict (unit_id) do update set development_id = excluded.development_id, block_id = excluded.block_id,
  tenure = excluded.tenure, managed_from = excluded.managed_from, managed_to = excluded.managed_to, book = excluded.book
"""
_STORE_VERSIONS = """
insert into billing.share_versions (share_set_id, effective_from, complete, members)
select share_set_id, effective_from, complete, members::jsonb
from unnest($1::text[], $2::date[], $3::bool[], $4::text[]) as said(share_set_id, effective_from, complete, members)
on conflict (share_set_id, effective_from) do update set complete = excluded.complete, members = excluded.members
"""
_LOAD = """
select wanted.unit_id, unit.tenure, unit.managed_from, unit.managed_to, newest.body::text as line, unit.book
from unnest($1::text[]) as wanted(unit_id)
left join billing.units as unit using (unit_id)
left join lateral (
  select body from billing.lines where unit_id = wanted.unit_id and ($2::date is null or book <= $2)
  order by version desc limit 1) as newest on true
"""
_LOAD_UNITS = """
select unit.unit_id, unit.managed_from, unit.managed_to, unit.tenure, newest.stays
from unnest($1::text[]) as wanted(unit_id)
join billing.units as unit using (unit_id)
left join lateral (
  select stays from billing.lines where unit_id = wanted.unit_id and ($2::date is null or book <= $2)
  order by version desc limit 1) as newest on true
"""
_LINE_COLUMNS = ("unit_id", "version", "book", "body", "stays", "last_from")
_ADD_ACCOUNTS = """
insert into billing.accounts (account_id, account_ref, unit_id, ownership_id, book)
select *, $5 from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
on conflict do nothing returning account_id::text
"""
_VOIDED = """
select account.account_id::text, min(line.book) as book
from billing.accounts as account join billing.lines as line using (unit_id)
where account.account_id = any($1::uuid[]) and line.version > coalesce((
  select max(other.version) from billing.lines as other where other.unit_id = account.unit_id
    and not coalesce(other.body->'without_period', '[]')
      @> jsonb_build_array(jsonb_build_object('ownership_id', account.ownership_id, 'reason', 'void'))), -1)
group by account.account_id
"""
_CLOSED = "select account_id::text, closed_on from billing.accounts where account_id = any($1::uuid[])"
_STORE_CLOSED = """
update billing.accounts as account set closed_on = told.closed_on
from unnest($1::uuid[], $2::date[]) as told(account_id, closed_on) where account.account_id = told.account_id
"""


@dataclass(frozen=True, slots=True)
class Registered:
    """What the registry knows of a unit: its registration and its newest line, either of which may be missing.

    ``registered_in`` is the book in which the registration was learnt.
    """

    unit_id: str
    tenure: Tenure | None
    managed_from: date | None
    managed_to: date | None
    line: OwnershipLineChanged | None
    registered_in: date | None = None

    def unit(self) -> Unit | None:
        """Return the unit as the rules see it; nothing while it is not registered."""
        if self.tenure is None or self.managed_from is None:
            return None
        return attribution.unit_with_line(self.unit_id, self.managed_from, self.managed_to, self.tenure, self.line)

    def accounts(self) -> tuple[attribution.Account, ...]:
        """Return every account the unit implies."""
        return attribution.accounts_of(self.unit_id, self.tenure, self.line)

    def served(self) -> tuple[attribution.Account, ...]:
        """Return the same with the end of the days on which owners are served: a sale, or the end of management."""
        return tuple(final_accounts.within_management(one, self.managed_to) for one in self.accounts())


async def store_units(connection: asyncpg.Connection, book: date, units: Sequence[UnitChanged]) -> None:
    """Keep the newest registration of each unit, and in which book it was learnt; ``units`` names none twice."""
    rows = [(u.unit_id, u.development_id, u.block_id, str(u.tenure), u.managed_from, u.managed_to) for u in units]
    await connection.execute(_STORE_UNITS, *columns(rows), book)


async def add_lines(connection: asyncpg.Connection, book: date, lines: Sequence[OwnershipLineChanged]) -> None:
    """Add versions of ownership lines, with the stays they amount to: charges look up whose a day is."""
    rows = [
        (
            line.unit_id, line.version, book, line.model_dump_json(by_alias=True, exclude_none=True),
            json.dumps(attribution.stays_of(line), default=str),
            max((period.from_ for period in line.line), default=None),
        )
        for line in lines
    ]  # fmt: skip
    await connection.copy_records_to_table("lines", schema_name="billing", columns=_LINE_COLUMNS, records=rows)


async def store_versions(connection: asyncpg.Connection, shares: Sequence[SharesChanged]) -> None:
    """Keep the newest publication of each share set and effective day; ``shares`` names none twice."""
    rows = [
        (
            set_.share_set_id, set_.effective_from, set_.complete,
            json.dumps([(member.unit_id, member.numerator, member.denominator) for member in set_.members]),
        )
        for set_ in shares
    ]  # fmt: skip
    await connection.execute(_STORE_VERSIONS, *columns(rows))


async def load_registered(
    connection: asyncpg.Connection, unit_ids: Iterable[str], known_at: date | None = None
) -> dict[str, Registered]:
    """Return what is known of each unit named, whether it is registered or not; its line as known at a book."""
    rows = await connection.fetch(_LOAD, list(unit_ids), known_at)
    return {row["unit_id"]: _registered(row) for row in rows}


async def load_units(
    connection: asyncpg.Connection, unit_ids: Iterable[str], known_at: date | None = None
) -> dict[str, Unit]:
    """Return those of the units that are registered, as the rules see them; their lines as known at a book."""
    rows = await connection.fetch(_LOAD_UNITS, list(unit_ids), known_at)
    units: dict[str, Unit] = {}
    for unit_id, managed_from, managed_to, tenure, stays in map(tuple, rows):
        first = attribution.first_account_id(unit_id, tenure)
        units[unit_id] = Unit(unit_id, managed_from, managed_to, _stays(stays) if stays else (), first)
    return units


async def sets_naming(connection: asyncpg.Connection, unit_id: str) -> set[str]:
    """Return the share sets of which some version names a unit."""
    rows = await connection.fetch(
        "select distinct share_set_id from billing.share_versions"
        " where members @> jsonb_build_array(jsonb_build_array($1::text))",
        unit_id,
    )
    return {row["share_set_id"] for row in rows}


async def load_versions(connection: asyncpg.Connection, share_set_ids: Iterable[str]) -> dict[str, Versions]:
    """Return all versions of the share sets named; a set that is not known is left out."""
    wanted = list(share_set_ids)
    if not wanted:
        return {}
    rows = await connection.fetch(
        "select share_set_id, effective_from, complete, members::text as members from billing.share_versions"
        " where share_set_id = any($1::text[])",
        wanted,
    )
    found: dict[str, Versions] = {}
    for row in rows:
        version = division.share_version(
            row["share_set_id"], row["effective_from"], is_complete=row["complete"], members=json.loads(row["members"])
        )
        found.setdefault(version.share_set_id, {})[version.effective_from] = version
    return found


async def add_accounts(connection: asyncpg.Connection, book: date, accounts: Iterable[attribution.Account]) -> set[str]:
    """Add the accounts that do not exist yet; return the ids of those."""
    rows = [(a.account_id, a.account_ref, a.unit_id, a.ownership_id or "") for a in accounts]
    if not rows:
        return set()
    added = await connection.fetch(_ADD_ACCOUNTS, *columns(rows), book)
    return {row["account_id"] for row in added}


async def load_voided(connection: asyncpg.Connection, account_ids: Iterable[str]) -> dict[str, date]:
    """Return in which book it was learnt of each account that its owner's purchase fell through, if that stands."""
    rows = await connection.fetch(_VOIDED, list(account_ids))
    return {row["account_id"]: row["book"] for row in rows}


async def load_closed(connection: asyncpg.Connection, account_ids: Iterable[str]) -> dict[str, date | None]:
    """Return when each account was last said to close."""
    rows = await connection.fetch(_CLOSED, list(account_ids))
    return {row["account_id"]: row["closed_on"] for row in rows}


async def store_closed(connection: asyncpg.Connection, closed: Iterable[tuple[str, date | None]]) -> None:
    """Note when each account was said to close."""
    rows = list(closed)
    if rows:
        await connection.execute(_STORE_CLOSED, *columns(rows))


async def accounts_by_ref(connection: asyncpg.Connection, refs: Iterable[str]) -> dict[str, str]:
    """Return the account_id of each account_ref that exists."""
    wanted = list(refs)
    if not wanted:
        return {}
    rows = await connection.fetch(
        "select account_ref, account_id::text from billing.accounts where account_ref = any($1::text[])", wanted
    )
    return {row["account_ref"]: row["account_id"] for row in rows}


async def refs_of(connection: asyncpg.Connection, account_ids: Iterable[str]) -> dict[str, str]:
    """Return the account_ref of each account."""
    rows = await connection.fetch(
        "select account_id::text, account_ref from billing.accounts where account_id = any($1::uuid[])",
        list(account_ids),
    )
    return {row["account_id"]: row["account_ref"] for row in rows}


def _registered(row: asyncpg.Record) -> Registered:
    line = OwnershipLineChanged.model_validate_json(row["line"]) if row["line"] is not None else None
    tenure = Tenure(row["tenure"]) if row["tenure"] is not None else None
    return Registered(row["unit_id"], tenure, row["managed_from"], row["managed_to"], line, row["book"])


def _stays(text: str) -> tuple[Stay, ...]:
    return tuple(
        Stay(account_id, date.fromisoformat(from_on), date.fromisoformat(to_on) if to_on else None)
        for account_id, from_on, to_on in from_json(text)
    )
