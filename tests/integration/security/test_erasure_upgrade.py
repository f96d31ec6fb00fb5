"""The migration that lets people be erased can be taken back and made again."""

import asyncpg

from services.owners.db import tables
from shared.db import migrate, msg
from tests.support.servers import Databases

_FUNCTION = "select count(*) from pg_proc where proname = 'blank_contact'"


async def test_the_function_comes_and_goes_with_its_table(databases: Databases) -> None:
    urls = await databases("owners")
    connection = await asyncpg.connect(urls.owner_url)
    for revision, there in (("0002", 0), ("base", 0), ("head", 1)):
        move = migrate.upgrade if there else migrate.downgrade
        await move(urls.owner_url, "owners", revision)
        assert await connection.fetchval(_FUNCTION) == there
        assert bool(await connection.fetchval("select to_regclass('owners.erasures')")) == bool(there)
    await connection.close()
    assert await migrate.differences(urls.owner_url, tables.metadata, msg.metadata) == []
