"""Queries about final accounts: whose exit may be due, who has left, what was said, and what still waits."""

from collections.abc import Sequence
from datetime import date

import asyncpg
from pydantic_core import from_json

from shared.events.topics import FINAL_ACCOUNT

_CANDIDATES = """
select unit_id from billing.accounts where ownership_id <> '' and closed_on = any($1::date[])
union select unit_id from billing.lines where book = $3
union select unit_id from billing.units where managed_to = any($2::date[])
union select unit_id from billing.units where managed_to is not null and book = $3
order by unit_id
"""
_LEFT = """
select unit_id from billing.accounts where ownership_id <> '' and closed_on is not null
union select unit_id from billing.units where managed_to is not null
order by unit_id
"""
_SAID = "select msg_key, body from msg.event_log where topic = $1 and msg_key = any($2::text[]) order by seq"
_WAITING = """
select part.unit_id, part.charge_id, charge.liable_from, part.waiting_for
from billing.charge_parts as part join billing.charges as charge using (charge_id)
where part.waiting_for is not null and part.credit_id is null and part.unit_id = any($1::text[])
order by part.charge_id, part.part_no
"""


async def list_candidates(
    connection: asyncpg.Connection, exits: Sequence[date], last_days: Sequence[date], book: date
) -> list[str]:
    """Return the units with an exit on one of the days, last managed on one, or learnt anew in a book with an end."""
    return [row["unit_id"] for row in await connection.fetch(_CANDIDATES, exits, last_days, book)]


async def list_left(connection: asyncpg.Connection) -> list[str]:
    """Return the units that an owner, or we, have left."""
    return [row["unit_id"] for row in await connection.fetch(_LEFT)]


async def load_issued(connection: asyncpg.Connection, account_ids: Sequence[str]) -> dict[str, dict[str, date]]:
    """Return the final accounts said of each account: the day of issue by number."""
    issued: dict[str, dict[str, date]] = {}
    for row in await connection.fetch(_SAID, FINAL_ACCOUNT.topic, account_ids):
        data = from_json(row["body"])["data"]
        issued.setdefault(row["msg_key"], {})[data["statement_no"]] = date.fromisoformat(data["issued_on"])
    return issued


async def load_waiting(connection: asyncpg.Connection, unit_ids: Sequence[str]) -> dict[str, list[tuple[str, date]]]:
    """Return by unit the charges that wait, each with the first day it is owed for."""
    waiting: dict[str, list[tuple[str, date]]] = {}
    for row in await connection.fetch(_WAITING, unit_ids):
        waiting.setdefault(row["unit_id"], []).append((row["charge_id"], row["liable_from"]))
    return waiting
