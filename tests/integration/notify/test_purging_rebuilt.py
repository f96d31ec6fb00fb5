"""What has come of age and was blanked is no difference of a rebuild, and comes with it blanked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import asyncpg

from services.notify.db.likeness import CARRIED, COMPARED
from services.notify.db.messages import PURGE
from shared.bus.purging import read_retention
from shared.embedded.databases import drop_database, make_database
from shared.embedded.stack import PostgresServer
from shared.rebuild.adoption import adopt
from shared.rebuild.comparison import compare
from tests.integration.notify.conftest import DAY, Office

_KEPT = "select count(*), count(body), count(mailbox) from notify.messages join notify.contents using (message_id)"


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


async def _differ(live: asyncpg.Connection, fresh: asyncpg.Connection) -> list[str]:
    async with live.transaction(), fresh.transaction():
        found = [await compare(live, fresh, one, {}) for one in COMPARED]
    return [one.first for one in found if one.differ]


async def test_blanked_letters_are_no_difference_and_are_taken_over_blanked(
    office: Office, postgres: PostgresServer
) -> None:
    keep = timedelta(days=min(version.keep_days["letters"] for version in read_retention()))
    await office.close_of(2)
    await office.work()
    await office.send()
    async with both(postgres, office) as (live, fresh):
        for connection in (live, fresh):
            await connection.execute("update msg.gate set last_closed = $1", DAY + keep - timedelta(days=1))
        await fresh.execute("update notify.messages set mailbox = 'else@example.org' where mailbox is not null")
        assert any("mailbox" in first for first in await _differ(live, fresh)), "young letters are compared whole"
        for connection in (live, fresh):
            await connection.execute("update msg.gate set last_closed = $1", DAY + keep)
        await live.execute(PURGE, DAY)
        assert await _differ(live, fresh) == []
        await adopt(live, fresh, CARRIED)
        kept = await fresh.fetchrow(_KEPT)
        assert kept is not None
        assert (kept[0] > 0, *kept[1:]) == (True, 0, 0)
