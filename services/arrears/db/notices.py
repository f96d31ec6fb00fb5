"""Notices of potential liability: what their rules look at, each as it stands, and what happened to it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.arrears.domain.notice_corrections import Past, facts_of
from services.arrears.domain.notices import Changed, Notice
from shared.events.arrears import NoticeChange, NoticeForm, NoticeState
from shared.events.housing import ChargeKind

_COLUMNS = tuple(field.name for field in fields(Notice))
_PLACES = ", ".join(f"${number}" for number in range(1, len(_COLUMNS) + 1))
_NEWEST = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in {"notice_id", "account_id"})
_STORE = f"""
insert into arrears.notices ({", ".join(_COLUMNS)}) values ({_PLACES})
on conflict (notice_id) do update set {_NEWEST}
"""  # noqa: S608 - ours
_OF_ACCOUNTS = f"""
select {", ".join(_COLUMNS)} from arrears.notices
where account_id = any($1) order by account_id, raised_on, length(notice_id), notice_id
"""  # noqa: S608 - ours
_ADD_CHANGE = """
insert into arrears.notice_changes
  (notice_id, number, change, state, book, command_uid, eligible_pence, policy_version, reason, before)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::jsonb)
"""
_ADD_KINDS = """
insert into arrears.charge_kinds (account_id, charge_id, kind)
select * from unnest($1::text[], $2::text[], $3::text[]) order by 1, 2 on conflict do nothing
"""
_KINDS = """
select account_id, charge_id, kind from arrears.charge_kinds
join unnest($1::text[], $2::text[]) as asked(account_id, charge_id) using (account_id, charge_id)
"""
_ASIDES = """
select account.account_id, account.written_off_pence, own.entry_on, (
    select max((period ->> 'from')::date) from jsonb_array_elements(unit.line) as period
    where (period ->> 'from')::date > own.entry_on) as resale_on
from arrears.accounts as account left join arrears.unit_lines as unit using (unit_id) left join lateral (
    select (period ->> 'to')::date as entry_on from jsonb_array_elements(unit.line) as period
    where period ->> 'ownership_id' = account.ownership_id order by period ->> 'from' desc limit 1) as own on true
where account.account_id = any($1)
"""
_LOOK_ON = """
update arrears.accounts as kept set next_check_on = least(kept.next_check_on, told.day)
from unnest($1::text[], $2::date[]) as told(account_id, day) where kept.account_id = told.account_id
"""
_LOOK_AT_UNITS = """
update arrears.accounts as kept set next_check_on = least(kept.next_check_on, $2::date)
from (select account_id from arrears.accounts where unit_id = any($1) order by account_id for update) as sold
where kept.account_id = sold.account_id
"""
_ACCOUNT = "select account_id, account_ref, internal, cycle from arrears.accounts where account_ref = $1"
_ACCOUNT_OF = """
select account_id, account_ref, internal, cycle from arrears.accounts
where account_id = (select account_id from arrears.notices where notice_id = $1)
"""
_EVERY = f"""
select account.account_ref, account.unit_id, {", ".join(f"it.{name}" for name in _COLUMNS)}
from arrears.notices as it join arrears.accounts as account using (account_id)
where $1::text is null or it.notice_id = $1
"""  # noqa: S608 - ours
_HISTORY = """
select it.number, it.change, it.state, it.book, it.eligible_pence, it.policy_version, it.reason,
  case when it.change = 'taken-back' then told.command -> 'content' ->> 'step' end as taken_back,
  told.command ->> 'who' as by, told.command ->> 'approved_by' as approved_by
from arrears.notice_changes as it
left join lateral (
  select convert_from(body, 'UTF8')::jsonb as command from msg.event_log where event_uid = it.command_uid
) as told on true
where it.notice_id = $1 order by it.number
"""


_PAST = """
select change, command_uid is not null as by_people, before::text as before from arrears.notice_changes
where notice_id = $1 order by number
"""


class Aside(NamedTuple):
    """When the next owner of an account's unit takes over, if a sale was told; what stands written off; when the newest
    owner after that one takes over.
    """

    entry_on: date | None
    written_off_pence: int
    resale_on: date | None


class Owing(NamedTuple):
    """An account as commands about notices name it."""

    account_id: str
    account_ref: str
    internal: bool
    cycle: int


async def add_kinds(connection: asyncpg.Connection, told: Mapping[tuple[str, str], str]) -> None:
    """Keep what charges of accounts are for; what was told first stands, for a charge's kind never changes."""
    await connection.execute(
        _ADD_KINDS, [account for account, _ in told], [charge for _, charge in told], list(told.values())
    )


async def kinds_of(
    connection: asyncpg.Connection, charges: Sequence[tuple[str, str]]
) -> dict[str, dict[str, ChargeKind]]:
    """Return what charges (account, charge) are for, by account; one that was not told is left out."""
    rows = await connection.fetch(_KINDS, [account for account, _ in charges], [charge for _, charge in charges])
    found: dict[str, dict[str, ChargeKind]] = {}
    for row in rows:
        found.setdefault(row["account_id"], {})[row["charge_id"]] = ChargeKind(row["kind"])
    return found


async def asides_of(connection: asyncpg.Connection, account_ids: Sequence[str]) -> dict[str, Aside]:
    """Return what only notices ask of accounts."""
    rows = await connection.fetch(_ASIDES, account_ids)
    return {row["account_id"]: Aside(row["entry_on"], row["written_off_pence"], row["resale_on"]) for row in rows}


async def of_accounts(connection: asyncpg.Connection, account_ids: Sequence[str]) -> dict[str, tuple[Notice, ...]]:
    """Return every notice that accounts ever had, the oldest first."""
    found: dict[str, tuple[Notice, ...]] = {}
    for row in await connection.fetch(_OF_ACCOUNTS, account_ids):
        found[row["account_id"]] = (*found.get(row["account_id"], ()), _notice(row))
    return found


def _notice(row: asyncpg.Record) -> Notice:
    values = {name: row[name] for name in _COLUMNS}
    form = NoticeForm(row["form"]) if row["form"] else None
    return Notice(**values | {"state": NoticeState(row["state"]), "form": form, "headings": tuple(row["headings"])})


async def store(
    connection: asyncpg.Connection, changes: Sequence[Changed], book: date, command_uid: UUID | None = None
) -> None:
    """Keep notices as they stand after changes, and add those that are said to the record."""
    await connection.executemany(_STORE, [_values(one.notice) for one in changes])
    said = [_recorded(one, one.change, book, command_uid) for one in changes if one.change is not None]
    await connection.executemany(_ADD_CHANGE, said)


def _recorded(changed: Changed, change: NoticeChange, book: date, command_uid: UUID | None) -> tuple[object, ...]:
    notice, before = changed.notice, None
    if command_uid is not None and changed.before is not None:
        before = json.dumps(facts_of(changed.before))
    return (
        notice.notice_id, notice.number, change.value, notice.state.value, book, command_uid, notice.eligible_pence,
        notice.policy_version, notice.reason, before,
    )  # fmt: skip


def _values(notice: Notice) -> tuple[object, ...]:
    return tuple(getattr(notice, name) for name in _COLUMNS)


async def look_on(connection: asyncpg.Connection, days: Mapping[str, date]) -> None:
    """Put accounts on the list of a day, unless they are on that of an earlier one."""
    await connection.execute(_LOOK_ON, list(days), list(days.values()))


async def look_at_units(connection: asyncpg.Connection, unit_ids: Sequence[str], book: date) -> None:
    """Put the accounts of units on the list of a book's day."""
    await connection.execute(_LOOK_AT_UNITS, unit_ids, book)


async def find_owing(connection: asyncpg.Connection, account_ref: str) -> Owing | None:
    """Return the account that owners quote by ``account_ref``."""
    row = await connection.fetchrow(_ACCOUNT, account_ref)
    return Owing(*row) if row else None


async def find_owing_of_notice(connection: asyncpg.Connection, notice_id: str) -> Owing | None:
    """Return the account that a notice is of."""
    row = await connection.fetchrow(_ACCOUNT_OF, notice_id)
    return Owing(*row) if row else None


async def list_notices(
    connection: asyncpg.Connection, notice_id: str | None = None
) -> list[tuple[dict[str, Any], Notice]]:
    """Return every notice, or the one of an id, with its account's reference and unit."""
    rows = await connection.fetch(_EVERY, notice_id)
    return [({"account_ref": row["account_ref"], "unit_id": row["unit_id"]}, _notice(row)) for row in rows]


async def history_of(connection: asyncpg.Connection, notice_id: str) -> list[Past]:
    """Return what happened to a notice, in order, and how it stood before what people did."""
    found = await connection.fetch(_PAST, notice_id)
    return [
        Past(NoticeChange(row["change"]), row["by_people"], json.loads(row["before"]) if row["before"] else None)
        for row in found
    ]


async def list_changes(connection: asyncpg.Connection, notice_id: str) -> list[dict[str, Any]]:
    """Return what happened to a notice, in order, with who and why."""
    return [dict(row) for row in await connection.fetch(_HISTORY, notice_id)]
