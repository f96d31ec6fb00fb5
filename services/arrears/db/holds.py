"""Holds: set, lifted, listed; each with who and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg

from shared.events.arrears import HoldKind

_SET = """
insert into arrears.holds
  (hold_id, account_id, kind, charge_id, reason, started_on, review_on, set_by, set_book)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_LIFT = """
update arrears.holds set ended_on = $2, ended_reason = $3, ended_by = $4, ended_book = $2
where hold_id = $1 and ended_on is null
"""
_LOCK = """
select hold_id, account_id, kind, charge_id, reason, started_on, review_on, ended_on
from arrears.holds where hold_id = $1 for update
"""
_LIST = """
select h.hold_id, a.account_ref, h.account_id, h.kind, h.charge_id, h.reason, h.set_by as by, h.started_on, h.review_on,
  h.ended_on is null and coalesce(h.review_on < $1, false) as late, h.ended_on, h.ended_by, h.ended_reason
from arrears.holds h left join arrears.accounts a using (account_id)
order by h.ended_on is not null, h.review_on nulls last, h.started_on, h.hold_id
"""
_IS_OF = "select exists (select from arrears.holds where hold_id = $1 and set_by = $2 and ended_on is null)"
_STANDING_OF = """
select hold_id from arrears.holds where account_id = $1 and set_by = $2 and ended_on is null order by hold_id
"""
_ACCOUNT = "select account_id from arrears.accounts where account_ref = $1"
_LOOK = """
update arrears.accounts set next_check_on = least(next_check_on, $2), grace_until = greatest(grace_until, $3)
where account_id = $1
"""


@dataclass(frozen=True, slots=True)
class KeptHold:
    """One hold as it is kept."""

    hold_id: str
    account_id: str
    kind: HoldKind
    charge_id: str | None
    reason: str
    started_on: date
    review_on: date | None = None
    ended_on: date | None = None


async def list_holds(connection: asyncpg.Connection, today: date) -> list[dict[str, Any]]:
    """Return every hold with who and why: those that stand first, by their review day; ``late`` once that is past."""
    return [dict(row) for row in await connection.fetch(_LIST, today)]


async def find_account_id(connection: asyncpg.Connection, account_ref: str) -> str | None:
    """Return the account that owners quote by ``account_ref``."""
    found: str | None = await connection.fetchval(_ACCOUNT, account_ref)
    return found


async def add(connection: asyncpg.Connection, hold: KeptHold, by: str, book: date) -> None:
    """Keep a new hold; its account is looked at in the book's day."""
    await connection.execute(
        _SET, hold.hold_id, hold.account_id, hold.kind.value, hold.charge_id, hold.reason, hold.started_on,
        hold.review_on, by, book,
    )  # fmt: skip
    await connection.execute(_LOOK, hold.account_id, book, None)


async def lock_hold(connection: asyncpg.Connection, hold_id: str) -> KeptHold | None:
    """Return one hold and keep everybody else from changing it until the transaction ends."""
    row = await connection.fetchrow(_LOCK, hold_id)
    return KeptHold(**{**dict(row), "kind": HoldKind(row["kind"])}) if row else None


async def end(
    connection: asyncpg.Connection, hold: KeptHold, *, on: date, reason: str, by: str, grace_until: date | None
) -> None:
    """Lift a hold on a day, with the days of grace that follow; its account is looked at in that day's work."""
    await connection.execute(_LIFT, hold.hold_id, on, reason, by)
    await connection.execute(_LOOK, hold.account_id, on, grace_until)


async def is_of(connection: asyncpg.Connection, hold_id: str, by: str) -> bool:
    """Say whether a hold that stands was set by ``by``."""
    found: bool = await connection.fetchval(_IS_OF, hold_id, by)
    return found


async def standing_of(connection: asyncpg.Connection, account_id: str, by: str) -> list[str]:
    """Return the holds on an account that stand and were set by ``by``."""
    return [row["hold_id"] for row in await connection.fetch(_STANDING_OF, account_id, by)]


async def standing_by_account(connection: asyncpg.Connection, account_ids: Sequence[str]) -> dict[str, list[KeptHold]]:
    """Return the holds that stand on each of the accounts."""
    rows = await connection.fetch(
        "select hold_id, account_id, kind, charge_id, reason, started_on, review_on, ended_on from arrears.holds "
        "where account_id = any($1) and ended_on is null order by hold_id",
        list(account_ids),
    )
    found: dict[str, list[KeptHold]] = {}
    for row in rows:
        found.setdefault(row["account_id"], []).append(KeptHold(**{**dict(row), "kind": HoldKind(row["kind"])}))
    return found
