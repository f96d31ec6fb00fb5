"""A database from before the audit was sealed is sealed as it stands."""

import importlib

import asyncpg
import pytest

from shared.bus import audit
from shared.db import migrate, msg
from tests.support.servers import Databases

_BEFORE = {"owners": "0006", "billing": "0031", "arrears": "0007", "notify": "0011"}
_FROM = """
insert into msg.audit (who, action, subject, reason, from_address) values ('d', 'release', '*', 'x', '10.0.0.9')
"""
_TABLE = """
select attname from pg_attribute where attrelid = 'msg.audit'::regclass and attnum > 0
  and not attisdropped order by attnum
"""
_DEED = "insert into msg.audit (who, action, subject, reason) values ($1, 'release', '*', 'mended')"

_SEAL_OF_BEFORE = """
create or replace function msg.seal_audit() returns trigger language plpgsql as $$
declare
  prior msg.audit;
begin
  perform pg_advisory_xact_lock(hashtextextended('closebook-audit', 0));
  select * into prior from msg.audit order by id desc limit 1;
  new.id := coalesce(prior.id, 0) + 1;
  new.hash := sha256(coalesce(prior.hash, '') || convert_to(
    jsonb_build_array(new.id, (extract(epoch from new.at) * 1000000)::bigint, new.who, new.approved_by,
      new.action, new.subject, new.reason, new.detail)::text, 'UTF8'));
  return new;
end $$
"""


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


@pytest.mark.parametrize("service", _BEFORE)
async def test_what_was_sealed_before_rows_said_from_where_holds_with_those_that_do(
    databases: Databases, service: str
) -> None:
    urls = await databases(service)
    connection = await asyncpg.connect(urls.owner_url)
    columns = await connection.fetch(_TABLE)
    await migrate.downgrade(urls.owner_url, service, _BEFORE[service])
    await connection.execute("alter table msg.audit drop column from_address")
    await connection.execute(_SEAL_OF_BEFORE)
    for who in ("a", "b"):
        await connection.execute(_DEED, who)
    hashes = await connection.fetch("select hash from msg.audit order by id")
    await migrate.upgrade(urls.owner_url, service)
    await connection.execute(_FROM)
    await connection.execute(_DEED, "c")
    async with connection.transaction():
        found = await audit.check(connection, f"{service}.command-given")
    assert (found["ok"], found["rows"]) == (True, 4)
    assert (await connection.fetch("select hash from msg.audit order by id"))[:2] == hashes
    assert await connection.fetch(_TABLE) == columns
    await connection.close()
    tables = importlib.import_module(f"services.{service}.db.tables")
    assert await migrate.differences(urls.owner_url, msg.metadata, tables.metadata) == []
