"""A database from before the audit was sealed is sealed as it stands."""

import asyncpg

from shared.bus import audit
from shared.db import migrate
from tests.support.servers import Databases

_DEED = "insert into msg.audit (who, action, subject, reason) values ($1, 'release', '*', 'mended')"


async def test_what_was_written_before_is_sealed_and_the_chain_goes_on(databases: Databases) -> None:
    urls = await databases("arrears")
    await migrate.downgrade(urls.owner_url, "arrears", "0001")
    connection = await asyncpg.connect(urls.owner_url)
    await connection.execute("alter table msg.audit drop column hash")
    for who in ("a", "b"):
        await connection.execute(_DEED, who)
    await migrate.upgrade(urls.owner_url, "arrears")
    await connection.execute(_DEED, "c")
    async with connection.transaction():
        found = await audit.check(connection, "arrears.command-given")
    await connection.close()
    assert (found["ok"], found["rows"]) == (True, 3)
