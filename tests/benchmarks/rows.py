"""What the real path wrote for a round of charges, table by table, charge by charge: the baselines write it again."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import asyncpg

from shared.events.topics import ACCOUNT_CHARGED
from tests.benchmarks.facts import charge_id

Row = tuple[Any, ...]

_SAID = (
    "select *, convert_from(body, 'UTF8')::jsonb #>> '{data,charge_id}' as part_of from msg.event_log"
    f" where topic = '{ACCOUNT_CHARGED.topic}'"
)
_SOURCES = {
    "msg.inbox": (
        "event_uid, sha, topic, disposition, book, pence, partition_no, kafka_offset, own_book",
        "select inbox.*, charge_id as part_of from msg.inbox join billing.charges using (event_uid)",
        "part_of",
    ),
    "billing.charges": (
        (
            "charge_id, event_uid, source, event_id, sha, book, kind, share_set_id, unit_id, net_pence, tax_pence,"
            " description, instructed_on, completed_on, invoiced_on, liable_from, liable_to, due_on, raised_on,"
            " supplier, invoice_number, decided_on"
        ),
        "select *, charge_id as part_of from billing.charges",
        "part_of",
    ),
    "billing.charge_parts": (
        "charge_id, part_no, credit_id, unit_id, account_id, waiting_for, net_pence, tax_pence, share",
        "select *, charge_id as part_of from billing.charge_parts",
        "part_of, part_no",
    ),
    "billing.entries": (
        (
            "cause_uid, posting_no, ledger, account_id, amount_pence, tax_pence, value_on, book, fact_kind, fact_id,"
            " charge_id, payment_id"
        ),
        "select *, charge_id as part_of from billing.entries",
        "part_of, posting_no",
    ),
    "msg.event_log": (
        "seq, event_uid, topic, msg_key, type, aggver, book, pence, body",
        _SAID,
        "part_of, seq",
    ),
    "msg.outbox_pending": ("seq", _SAID, "part_of, seq"),
}


@dataclass(frozen=True, slots=True)
class Rows:
    """By table: its columns, and for every charge the rows it led to, in the order of charges."""

    columns: dict[str, tuple[str, ...]]
    by_charge: dict[str, list[list[Row]]]

    def of(self, table: str, first: int, last: int) -> list[Row]:
        """Return a table's rows of the charges ``first`` to ``last`` (not included)."""
        return list(chain.from_iterable(self.by_charge[table][first:last]))

    def tables(self) -> Iterable[str]:
        return self.columns

    async def copy(self, writer: asyncpg.Connection, first: int, last: int) -> None:
        """COPY the rows of these charges into tables that have none of them, in one transaction."""
        async with writer.transaction():
            for table in self.tables():
                schema, _, name = table.partition(".")
                await writer.copy_records_to_table(
                    name, schema_name=schema, columns=self.columns[table], records=self.of(table, first, last)
                )


async def rows_of(sql: asyncpg.Connection, first: int, last: int) -> Rows:
    """Return what the charges numbered ``first`` to ``last`` (not included) wrote, in their order."""
    columns = {table: tuple(names.split(", ")) for table, (names, _, _) in _SOURCES.items()}
    by_charge = {}
    for table, (_, query, order) in _SOURCES.items():
        groups: dict[Any, list[Row]] = {}
        own = f"select * from ({query}) as it where part_of >= $1 and part_of < $2 order by {order}"
        for row in await sql.fetch(own, charge_id(first), charge_id(last)):
            groups.setdefault(row["part_of"], []).append(tuple(row[name] for name in columns[table]))
        assert len(groups) == last - first, f"{table} has rows of {len(groups)} charges, not of {last - first}"
        by_charge[table] = list(groups.values())
    return Rows(columns, by_charge)
