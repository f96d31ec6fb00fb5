"""Queries about annual statements: which years were asked for, whose turn it is, and issuing them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from services.billing.db.statements import BEFORE_ALL, Payer
from services.billing.domain.annual_statements import quarters

_COLUMNS = ("account_id", "year", "issued_on", "brought_forward_pence", "total_pence", "balance_pence")
_ADD = "insert into billing.annual_requests (command_uid, book, year, account_id) values ($1, $2, $3, $4::uuid)"
_ASKED = """
select year, array_agg(account_id::text) as account_ids from billing.annual_requests where issued_on is null
group by year order by year
"""
_DONE = "update billing.annual_requests set issued_on = $2 where year = $1 and issued_on is null"
_WITHOUT = """
from billing.accounts as account
where account.ownership_id <> '' and ($1::uuid[] is null or account.account_id = any($1))
  and exists (
    select from billing.statements as own where own.account_id = account.account_id and own.quarter between $2 and $3)
  and not exists (
    select from billing.annual_statements as had where had.account_id = account.account_id and had.year = $4)
"""
_DUE = f"""
select account.account_id::text, account.account_ref, account.unit_id, account.ownership_id {_WITHOUT}
  and account.account_id > $5::uuid order by account.account_id limit $6
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A year whose annual statements were asked for and are not out; ``account_ids`` None: of all accounts."""

    year: int
    account_ids: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class AnnualRow:
    """The figures of an annual statement, in pence."""

    account_id: str
    year: int
    issued_on: date
    brought_forward_pence: int
    total_pence: int
    balance_pence: int


async def add_request(
    connection: asyncpg.Connection, command_uid: UUID, book: date, year: int, account_id: str | None
) -> None:
    """Note that a year's annual statements are to be issued, to one account or to all."""
    await connection.execute(_ADD, command_uid, book, year, account_id)


async def list_asked(connection: asyncpg.Connection) -> list[Asked]:
    """Return the years that were asked for and are not done, in order."""
    return [Asked(row["year"], _narrowed(row["account_ids"])) for row in await connection.fetch(_ASKED)]


def _narrowed(account_ids: Iterable[str | None]) -> tuple[str, ...] | None:
    """Return the accounts named; a request that names none is for all."""
    named = {one or "" for one in account_ids}
    return None if "" in named else tuple(sorted(named))


async def count_without(connection: asyncpg.Connection, asked: Asked) -> int:
    """Return how many of the accounts asked for have statements of the year and no annual one."""
    return int(await connection.fetchval(f"select count(*) {_WITHOUT}", *_scope(asked)))


async def list_due(connection: asyncpg.Connection, asked: Asked, after: str, most: int) -> list[Payer]:
    """Return the next of them, in order of account_id; ``after`` is empty at first."""
    return [Payer(*row) for row in await connection.fetch(_DUE, *_scope(asked), after or BEFORE_ALL, most)]


def _scope(asked: Asked) -> tuple[tuple[str, ...] | None, str, str, int]:
    own = quarters(asked.year)
    return asked.account_ids, own[0], own[-1], asked.year


async def find_issued_on(connection: asyncpg.Connection, account_id: str, year: int) -> date | None:
    """Return the day of an account's annual statement of a year; None: it has none."""
    found: date | None = await connection.fetchval(
        "select issued_on from billing.annual_statements where account_id = $1::uuid and year = $2", account_id, year
    )
    return found


async def add_annual_statements(connection: asyncpg.Connection, rows: Sequence[AnnualRow]) -> None:
    """Note annual statements as issued; the database refuses a second one for an account's year."""
    records = [tuple(getattr(row, name) for name in _COLUMNS) for row in rows]
    await connection.copy_records_to_table(
        "annual_statements", schema_name="billing", columns=_COLUMNS, records=records
    )


async def mark_done(connection: asyncpg.Connection, year: int, day: date) -> None:
    """Note that all that was asked of a year is issued."""
    await connection.execute(_DONE, year, day)
