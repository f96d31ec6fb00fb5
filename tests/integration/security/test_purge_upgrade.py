"""A database of the release before gets what late purges and the order of commits need, and can go back."""

import importlib

import asyncpg
import pytest

from shared.db import migrate, msg
from tests.support.servers import Databases

_BEFORE = {"owners": "0003", "billing": "0009", "arrears": "0002", "notify": "0003"}
_HAS = """
select (select count(*) from pg_indexes where indexname in ('ix_dead_letter_whole', 'ix_messages_whole')),
  (select count(*) from information_schema.columns where column_name in ('settled_at', 'blanked'))
"""


@pytest.mark.parametrize("service", _BEFORE)
async def test_the_schema_of_before_is_brought_to_what_the_code_declares(databases: Databases, service: str) -> None:
    urls = await databases(service)
    tables = importlib.import_module(f"services.{service}.db.tables")
    own = 2 if service == "notify" else 1
    found = []
    for step in (migrate.downgrade, migrate.upgrade):
        await step(urls.owner_url, service, _BEFORE[service] if step is migrate.downgrade else "head")
        connection = await asyncpg.connect(urls.owner_url)
        found.append(tuple(await connection.fetchrow(_HAS) or ()))
        await connection.close()
    assert found == [(0, 0), (own, own)]
    assert await migrate.differences(urls.owner_url, msg.metadata, tables.metadata) == []
