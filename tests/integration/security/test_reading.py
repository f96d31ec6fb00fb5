"""The role that people read through: it sees every table, changes none, and sees nobody's name or address."""

import re
from urllib.parse import urlsplit

import asyncpg
import pytest

from shared.db import roles
from shared.db.reading import PRIVATE, PRIVATE_OF_OWNERS, private_columns
from shared.embedded.stack import PostgresServer
from shared.events.topics import LINE_OF_SERVICES
from tests.architecture.source import ROOT
from tests.support.servers import Databases

_COLUMNS = """
select table_schema || '.' || table_name as name, column_name as column,
  has_column_privilege($1, format('%I.%I', table_schema, table_name), column_name, 'select') as sees,
  has_table_privilege($1, format('%I.%I', table_schema, table_name), 'insert, update, delete, truncate, trigger')
    or has_any_column_privilege($1, format('%I.%I', table_schema, table_name), 'insert, update') as changes
from information_schema.columns where table_schema in ('msg', $2)
"""
_REFUSED = (
    "select raw_value from msg.dead_letter",
    "select * from msg.held",
    "delete from billing.entries",
    "insert into billing.units (unit_id) values ('U')",
    "update msg.gate set working = null",
    "create table msg.mine (n int)",
)
_ROW = re.compile(r"^\| `([a-z]+\.[a-z_]+)` \| ((?:`[a-z_]+`(?:, )?)+)", re.MULTILINE)


@pytest.mark.parametrize("service", LINE_OF_SERVICES)
async def test_it_sees_all_but_what_says_who_somebody_is_and_changes_nothing(
    databases: Databases, service: str
) -> None:
    connection = await asyncpg.connect((await databases(service)).owner_url)
    rows = await connection.fetch(_COLUMNS, f"{service}_read", service)
    hidden = {(row["name"], row["column"]) for row in rows if not row["sees"]}
    changed = {row["name"] for row in rows if row["changes"]}
    assert len({row["name"] for row in rows}) > 15
    assert changed == set()
    names = {row["name"] for row in rows}
    assert hidden == {(name, column) for name in names for column in private_columns(service, name)}
    assert hidden
    await connection.close()


async def test_a_person_who_was_lent_the_role_reads_and_can_do_nothing_else(
    databases: Databases, postgres: PostgresServer
) -> None:
    url = (await databases("billing")).owner_url
    name = urlsplit(url).path.lstrip("/")
    other = urlsplit((await databases("notify")).owner_url).path.lstrip("/")
    admin = await asyncpg.connect(postgres.admin_url)
    try:
        await admin.execute("create role ann login password 'hers'; grant billing_read to ann")
        ann = await asyncpg.connect(roles.url_for(postgres.admin_url, "ann", "hers", name))
        assert await ann.fetchval("select count(*) from billing.accounts") == 0
        assert await ann.fetch("select event_id, reason_code from msg.dead_letter") == []
        for refused in _REFUSED:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await ann.execute(refused)
        await ann.close()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(roles.url_for(postgres.admin_url, "ann", "hers", other))
    finally:
        await admin.execute("drop role ann")
        await admin.close()


def test_what_is_hidden_is_what_the_page_of_personal_data_names() -> None:
    page = (ROOT / "docs" / "personal-data.md").read_text(encoding="utf-8")
    tables = {
        name: set(re.findall(r"`([a-z_]+)`", fields))
        for name, fields in _ROW.findall(page)
        if name.partition(".")[0] in {"msg", *LINE_OF_SERVICES}
    }
    assert tables == {name: set(columns) for name, columns in (PRIVATE | PRIVATE_OF_OWNERS).items()}
