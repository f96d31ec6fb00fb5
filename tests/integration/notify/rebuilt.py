"""Notify's database beside a copy of it, which stands for one built anew."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from services.notify.db.likeness import COMPARED
from shared.embedded.databases import drop_database, make_database
from shared.embedded.stack import PostgresServer
from shared.rebuild.comparison import compare
from tests.integration.notify.conftest import Office


@asynccontextmanager
async def both(server: PostgresServer, office: Office) -> AsyncIterator[tuple[asyncpg.Connection, asyncpg.Connection]]:
    """Yield the office's database and a copy of it, which stands for one built anew."""
    name = urlsplit(office.urls.app_url).path.lstrip("/")
    await office.sessions.kw["bind"].dispose()
    await make_database(server.admin_url, "notify", f"{name}_fresh", template=name)
    live, fresh = [
        await asyncpg.connect(urlsplit(server.admin_url)._replace(path=f"/{one}").geturl())
        for one in (name, f"{name}_fresh")
    ]
    try:
        yield live, fresh
    finally:
        await live.close()
        await fresh.close()
        await drop_database(server.admin_url, f"{name}_fresh")


async def differ(live: asyncpg.Connection, fresh: asyncpg.Connection) -> list[str]:
    """Return the first difference of each set of rows that must come out equal."""
    async with live.transaction(), fresh.transaction():
        found = [await compare(live, fresh, one, {}) for one in COMPARED]
    return [one.first for one in found if one.differ]
