"""What each service's own role may do in its database: one table, compared with the catalogue."""

from collections import defaultdict

import asyncpg
import pytest

from shared.db import msg, msg_people
from shared.events.topics import LINE_OF_SERVICES
from tests.support.servers import Databases

READ_AND_ADD, KEPT = "select, insert", "select, insert, update"
OWN = {
    "owners": {
        READ_AND_ADD: "changes contact_statements erasures lines",
        KEPT: "contacts share_versions units",
    },
    "billing": {
        READ_AND_ADD: (
            "annual_funds annual_statements"
            " causes charges collection_notices collection_releases collection_skips collections credits dispute_ends"
            " disputes entries fee_letters fee_notices fee_relief_ends fee_reliefs float_terms fund_spendings"
            " interruption_withdrawals interruptions lines mandate_ends mandates matches payment_refs release_policies"
            " reversals schedules share_notices"
            " statement_checks statement_releases statement_restrikes statement_runs statement_samples statements"
            " struck_statements tracked_costs write_offs"
        ),
        KEPT: "share_versions units",
        "select, insert, update, delete": "charge_parts",
        "select, insert, update (account_id)": "payments",
        "select, insert, update (issued_on)": "annual_requests",
        "select, insert, update (closed_on), update (items_said), update (open_since)": "accounts",
    },
    "arrears": {
        READ_AND_ADD: "decisions notice_changes plan_changes",
        KEPT: "accounts charge_kinds collections holds notices payments plans unit_lines",
    },
    "notify": {
        READ_AND_ADD: "content_reads disputes receipts",
        KEPT: "accounts contacts contents holds letters messages open_items ownerships units",
    },
}
_DECISION = ("status", "decided_by", "decided_at", "decision_note", "book")
PEOPLE = {"proposal": {"select", "insert", *(f"update ({column})" for column in _DECISION)}}
_TABLES = """
select table_schema || '.' || table_name as name, lower(privilege_type) as may
from information_schema.table_privileges where grantee = $1
"""
_COLUMNS = """
select distinct column_.table_schema || '.' || column_.table_name as name,
  lower(column_.privilege_type) || ' (' || column_.column_name || ')' as may
from information_schema.column_privileges as column_ where grantee = $1 and not exists (
  select from information_schema.table_privileges as whole where whole.grantee = $1
  and whole.table_schema = column_.table_schema and whole.table_name = column_.table_name
  and whole.privilege_type = column_.privilege_type)
"""


@pytest.mark.parametrize("service", LINE_OF_SERVICES)
async def test_a_service_may_do_what_is_declared_and_nothing_else(databases: Databases, service: str) -> None:
    urls = await databases(service)
    connection = await asyncpg.connect(urls.owner_url)
    actual: defaultdict[str, set[str]] = defaultdict(set)
    for query in (_TABLES, _COLUMNS):
        for row in await connection.fetch(query, f"{service}_app"):
            actual[row["name"]].add(row["may"])
    await connection.close()
    assert actual == declared(service)
    assert set(PEOPLE) == {table.name for table in msg_people.GRANTS}


def declared(service: str) -> dict[str, set[str]]:
    """Return the whole matrix of a service: its own tables and the bus's."""
    own = {f"{service}.{name}": set(may.split(", ")) for may, names in OWN[service].items() for name in names.split()}
    bus = {table.name: set(may.split(", ")) for table, may in msg.GRANTS.items()}
    return own | {f"msg.{name}": may for name, may in (bus | PEOPLE | {"schema_version": {"select"}}).items()}
