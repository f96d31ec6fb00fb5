"""Keeping what billing and owners tell, set-wise; every change of an account puts it on the list of the book's day.

Rows may come in any order of topics: whoever comes first makes the account's row.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import asyncpg

from shared.events.base import Event
from shared.events.billing import AccountClosed, AccountOpened, ItemsChanged, OpenItem, StatementIssued
from shared.events.owners import OwnershipLineChanged

_OF_DISPUTES = frozenset({"disputed_pence", "dispute_ended_on"})
LOOK_AGAIN = "next_check_on = least(kept.next_check_on, excluded.next_check_on)"
"""Puts an account that is ``kept`` on the list of a day, unless it is on that of an earlier one."""
_OPEN = f"""
insert into arrears.accounts as kept (account_id, account_ref, unit_id, ownership_id, internal, next_check_on)
select account_id, account_ref, unit_id, ownership_id, internal, $6
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bool[])
  as told(account_id, account_ref, unit_id, ownership_id, internal)
order by account_id
on conflict (account_id) do update set account_ref = excluded.account_ref, unit_id = excluded.unit_id,
  ownership_id = excluded.ownership_id, internal = excluded.internal, {LOOK_AGAIN}
"""  # noqa: S608 - no input in it
_CLOSE = """
insert into arrears.accounts as kept (account_id, closed_on)
select account_id, closed_on from unnest($1::text[], $2::date[]) as told(account_id, closed_on) order by account_id
on conflict (account_id) do update set closed_on = excluded.closed_on
"""
_CHARGE = """
insert into arrears.accounts as kept (account_id, charges_pence)
select account_id, pence from unnest($1::text[], $2::bigint[]) as told(account_id, pence) order by account_id
on conflict (account_id) do update set charges_pence = kept.charges_pence + excluded.charges_pence
"""
_ITEMS = f"""
insert into arrears.accounts as kept
  (account_id, items, oldest_due_on, credit_pence, balance_pence, written_off_pence, next_check_on)
select account_id, items::jsonb, oldest_due_on, credit_pence, balance_pence, written_off_pence, $7
from unnest($1::text[], $2::text[], $3::date[], $4::bigint[], $5::bigint[], $6::bigint[])
  as told(account_id, items, oldest_due_on, credit_pence, balance_pence, written_off_pence)
order by account_id
on conflict (account_id) do update set items = excluded.items, oldest_due_on = excluded.oldest_due_on,
  credit_pence = excluded.credit_pence, balance_pence = excluded.balance_pence,
  written_off_pence = excluded.written_off_pence, {LOOK_AGAIN}
"""  # noqa: S608 - no input in it
_STATEMENT = """
insert into arrears.accounts as kept (account_id, statement_no, statement_on)
select account_id, statement_no, issued_on
from unnest($1::text[], $2::text[], $3::date[]) as told(account_id, statement_no, issued_on) order by account_id
on conflict (account_id) do update set statement_no = excluded.statement_no, statement_on = excluded.statement_on
  where kept.statement_on is null or kept.statement_on <= excluded.statement_on
"""
_LINE = """
insert into arrears.unit_lines as kept (unit_id, version, event_uid, line)
select unit_id, version, event_uid, line::jsonb
from unnest($1::text[], $2::int[], $3::uuid[], $4::text[]) as told(unit_id, version, event_uid, line) order by unit_id
on conflict (unit_id) do update set version = excluded.version, event_uid = excluded.event_uid, line = excluded.line
  where kept.version < excluded.version
"""


async def store_opened(connection: asyncpg.Connection, opened: Sequence[AccountOpened], book: date) -> None:
    """Keep who an account belongs to and what its owner quotes."""
    last = list({one.account_id: one for one in opened}.values())
    await connection.execute(
        _OPEN,
        [one.account_id for one in last],
        [one.account_ref for one in last],
        [one.unit_id for one in last],
        [one.ownership_id for one in last],
        [one.internal for one in last],
        book,
    )


async def store_closed(connection: asyncpg.Connection, closed: Sequence[AccountClosed]) -> None:
    """Keep the end of an account's ownership (or that it has none again); a former owner's debt stays a debt."""
    last = list({one.account_id: one for one in closed}.values())
    await connection.execute(_CLOSE, [one.account_id for one in last], [one.closed_on for one in last])


async def add_charges(connection: asyncpg.Connection, pence: Mapping[str, int]) -> None:
    """Add to what each account was charged, credits negative."""
    await connection.execute(_CHARGE, list(pence), list(pence.values()))


async def store_items(connection: asyncpg.Connection, changed: Sequence[ItemsChanged], book: date) -> None:
    """Keep the open items that billing told last."""
    last = list({one.account_id: one for one in changed}.values())
    await connection.execute(
        _ITEMS,
        [one.account_id for one in last],
        [_items_text(one) for one in last],
        [min((item.due_on for item in one.items), default=None) for one in last],
        [one.credit_pence for one in last],
        [one.balance_pence for one in last],
        [one.written_off_pence or 0 for one in last],
        book,
    )


def _items_text(changed: ItemsChanged) -> str:
    return json.dumps([_item(item) for item in changed.items])


def _item(item: OpenItem) -> dict[str, Any]:
    """Return an item as it is kept; one that was never disputed as it always was."""
    kept = item.model_dump(mode="json")
    return {name: value for name, value in kept.items() if value is not None or name not in _OF_DISPUTES}


async def store_statements(connection: asyncpg.Connection, issued: Sequence[StatementIssued]) -> None:
    """Keep the newest statement of each account."""
    newest = {one.account_id: one for one in sorted(issued, key=lambda one: one.issued_on)}.values()
    await connection.execute(
        _STATEMENT,
        [one.account_id for one in newest],
        [one.statement_no for one in newest],
        [one.issued_on for one in newest],
    )


async def store_lines(connection: asyncpg.Connection, changed: Sequence[Event[OwnershipLineChanged]]) -> None:
    """Keep each unit's newest ownership line."""
    newest = {one.data.unit_id: one for one in sorted(changed, key=lambda one: one.data.version)}.values()
    await connection.execute(
        _LINE,
        [one.data.unit_id for one in newest],
        [one.data.version for one in newest],
        [one.uid for one in newest],
        [json.dumps([period.model_dump(mode="json", by_alias=True) for period in one.data.line]) for one in newest],
    )
