"""Two databases laid side by side, row by row: how many rows differ, and the first of them in words."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg

from shared.rebuild.likeness import Compared

_PAGE = 1000
_ACCOUNTS = "select account_id::text as account_id, account_ref from {service}.accounts"

Row = tuple[str, str]
Pair = tuple[str, str | None, str | None]
"""A key, and its row in the live and in the rebuilt database."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How one set of rows compares; ``first`` is empty when all are equal."""

    what: str
    live: int
    rebuilt: int
    differ: int
    first: str

    def as_json(self) -> dict[str, Any]:
        """Return it as the command prints it."""
        return asdict(self)


async def compare(
    live: asyncpg.Connection, fresh: asyncpg.Connection, compared: Compared, references: Mapping[str, str]
) -> Difference:
    """Compare one set of rows; both connections must be inside transactions."""
    counts, differ, first = [0, 0], 0, ""
    async for key, ours, theirs in _pairs(_rows(live, compared), _rows(fresh, compared)):
        counts[0] += ours is not None
        counts[1] += theirs is not None
        if ours != theirs:
            differ += 1
            first = first or _in_words(key, ours, theirs, references)
    return Difference(compared.what, counts[0], counts[1], differ, first)


async def references(live: asyncpg.Connection, service: str) -> dict[str, str]:
    """Return the reference of each account, by which people know it."""
    rows = await live.fetch(_ACCOUNTS.format(service=service))
    return {row["account_id"]: row["account_ref"] or "" for row in rows}


async def _rows(connection: asyncpg.Connection, compared: Compared) -> AsyncIterator[Row]:
    """Yield keys and rows in the byte order of the keys."""
    query = f'select key, row::text as row from ({compared.query}) as it order by key collate "C"'  # noqa: S608 - ours
    async for row in connection.cursor(query, prefetch=_PAGE):
        yield row["key"], row["row"]


async def _pairs(left: AsyncIterator[Row], right: AsyncIterator[Row]) -> AsyncIterator[Pair]:
    """Yield every key of either side once, with both rows."""
    mine, other = await anext(left, None), await anext(right, None)
    while mine is not None or other is not None:
        key = min(row[0] for row in (mine, other) if row is not None)
        ours = mine[1] if mine is not None and mine[0] == key else None
        theirs = other[1] if other is not None and other[0] == key else None
        yield key, ours, theirs
        mine = await anext(left, None) if ours is not None else mine
        other = await anext(right, None) if theirs is not None else other


def _in_words(key: str, ours: str | None, theirs: str | None, references: Mapping[str, str]) -> str:
    """Return the account and the first field that differs."""
    live, rebuilt = (json.loads(row) if row is not None else {} for row in (ours, theirs))
    account = _account(live or rebuilt, references)
    where = f"account {account}, {key}" if account and account != key else f"account {key}" if account else key
    if ours is None or theirs is None:
        return f"{where}: only in the {'rebuilt' if ours is None else 'live'} database"
    name = next(name for name in sorted({*live, *rebuilt}) if live.get(name) != rebuilt.get(name))
    return f"{where}: {name} is {_short(live.get(name))} in the live database, {_short(rebuilt.get(name))} rebuilt"


def _account(row: Mapping[str, Any], references: Mapping[str, str]) -> str:
    """Return the reference of the account that a row, or the event in it, is about."""
    data = row.get("data")
    named = {**(data if isinstance(data, dict) else {}), **row}
    return str(named.get("account_ref") or references.get(str(named.get("account_id")), ""))


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
