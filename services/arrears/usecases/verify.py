"""The proof of arrears: its records against themselves, and the sums that billing's must equal."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from services.arrears.db import verify as rows
from services.arrears.settings import read_ladder_policies


async def checks(connection: asyncpg.Connection) -> dict[str, str]:
    """Return what differs of all that holds at every commit."""
    return await _differences(connection, rows.AT_EVERY_COMMIT)


async def verify(connection: asyncpg.Connection) -> dict[str, Any]:
    """Return the checks of the records against themselves, and each account's sums for the comparison with billing.

    Both are of the moment of a snapshot.
    """
    found = await _differences(connection, rows.AT_EVERY_COMMIT | rows.AT_REST)
    told = [{"name": f"arrears: {name}", "ok": not detail, "detail": detail} for name, detail in found.items()]
    return {"checks": told, "sums": await rows.sums(connection)}


async def _differences(connection: asyncpg.Connection, queries: Mapping[str, str]) -> dict[str, str]:
    policies = read_ladder_policies()
    return {name: ", ".join(await rows.list_wrong(connection, query, policies)) for name, query in queries.items()}
