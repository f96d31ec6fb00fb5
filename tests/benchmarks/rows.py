"""What the real path wrote for a round of charges, table by table, event by event: the ceiling writes it again."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import asyncpg

from shared.events.topics import ACCOUNT_CHARGED

Row = tuple[Any, ...]

_SOURCES = {
    "msg.inbox": (
        "event_uid, sha, topic, disposition, book, pence, partition_no, kafka_offset, own_book",
        "select inbox.*, charge_id as part_of from msg.inbox join billing.charges using (event_uid) order by charge_id",
    ),
    "billing.charges": (
        (
            "charge_id, event_uid, source, event_id, sha, book, kind, share_set_id, unit_id, net_pence, tax_pence,"
            " description, instructed_on, completed_on, invoiced_on, liable_from, liable_to, due_on, raised_on"
        ),
        "select *, charge_id as part_of from billing.charges order by charge_id",
    ),
    "billing.charge_parts": (
        "charge_id, part_no, credit_id, unit_id, account_id, waiting_for, net_pence, tax_pence, share",
        "select *, charge_id as part_of from billing.charge_parts order by charge_id, part_no",
    ),
    "billing.entries": (
        (
            "cause_uid, posting_no, ledger, account_id, amount_pence, tax_pence, value_on, book, fact_kind, fact_id,"
            " charge_id, payment_id"
        ),
        "select *, charge_id as part_of from billing.entries order by charge_id, posting_no",
    ),
    "msg.event_log": (
        "seq, event_uid, topic, msg_key, type, aggver, book, pence, body",
        f"select *, seq as part_of from msg.event_log where topic = '{ACCOUNT_CHARGED.topic}' order by seq",
    ),
    "msg.outbox_pending": (
        "seq",
        f"select *, seq as part_of from msg.event_log where topic = '{ACCOUNT_CHARGED.topic}' order by seq",
    ),
}


@dataclass(frozen=True, slots=True)
class Rows:
    """By table: its columns, and for every event the rows it led to, in the order of charges."""

    columns: dict[str, tuple[str, ...]]
    by_event: dict[str, list[list[Row]]]

    def of(self, table: str, first: int, last: int) -> list[Row]:
        """Return a table's rows of the events ``first`` to ``last`` (not included)."""
        return list(chain.from_iterable(self.by_event[table][first:last]))

    def tables(self) -> Iterable[str]:
        return self.columns


async def rows_of(sql: asyncpg.Connection, first: int, last: int) -> Rows:
    """Return what the charges ``first`` to ``last`` wrote, counted in their order."""
    columns = {table: tuple(names.split(", ")) for table, (names, _) in _SOURCES.items()}
    by_event = {}
    for table, (_, query) in _SOURCES.items():
        groups: dict[Any, list[Row]] = {}
        for row in await sql.fetch(query):
            groups.setdefault(row["part_of"], []).append(tuple(row[name] for name in columns[table]))
        assert len(groups) == last, f"{table} has rows of {len(groups)} events, not of {last}"
        by_event[table] = list(groups.values())[first:last]
    return Rows(columns, by_event)
