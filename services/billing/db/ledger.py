"""Queries about the ledger, and about what stands on accounts."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

import asyncpg

from services.billing.db.sets import columns
from services.billing.domain.facts import FactKind
from services.billing.domain.items import StatementHead
from services.billing.domain.lines import Line
from services.billing.domain.statements import struck_for
from shared.events.housing import ChargeKind

EntryRow = tuple[object, ...]
"""One posting in the order of ``ENTRY_COLUMNS``."""

ENTRY_COLUMNS = (
    "cause_uid", "posting_no", "ledger", "account_id", "amount_pence", "tax_pence", "value_on", "fact_kind",
    "fact_id", "charge_id", "payment_id", "book",
)  # fmt: skip
_FACT_KINDS = {kind.value: kind for kind in FactKind}
_CHARGE_KINDS: dict[str | None, ChargeKind | None] = {None: None, **{kind.value: kind for kind in ChargeKind}}
_LINES = """
select entry.account_id::text, entry.fact_kind, entry.fact_id, entry.amount_pence, entry.value_on, entry.book,
  entry.charge_id, entry.payment_id, entry.tax_pence, charge.kind, charge.due_on, payment.for_statement
from billing.entries as entry
left join billing.charges as charge on charge.charge_id = entry.charge_id
left join billing.payments as payment on payment.payment_id = entry.payment_id
where entry.account_id = any($1::uuid[])
"""
_HEADS = """
select account_id::text, statement_no, issued_on, due_on, known_at from billing.statements
where account_id = any($1::uuid[]) order by account_id, issued_on
"""
_SAY = """
update billing.accounts as account set items_said = said.sha, open_since = said.since
from unnest($1::uuid[], $2::bytea[], $3::date[]) as said(account_id, sha, since)
where account.account_id = said.account_id
"""


async def add_entries(connection: asyncpg.Connection, rows: Sequence[EntryRow]) -> None:
    """Post to the ledger; all postings of a cause go together, and the database refuses those that do not balance."""
    await connection.copy_records_to_table("entries", schema_name="billing", columns=ENTRY_COLUMNS, records=rows)


async def add_causes(connection: asyncpg.Connection, rows: Iterable[tuple[UUID, str, str, str]]) -> None:
    """Keep the names of events that moved money and are no fact of the ledger themselves."""
    named = list(rows)
    if named:
        await connection.execute(
            "insert into billing.causes (cause_uid, source, event_id, type)"
            " select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) on conflict do nothing",
            *columns(named),
        )


async def load_lines(connection: asyncpg.Connection, account_ids: Iterable[str]) -> dict[str, list[Line]]:
    """Return everything that was posted to each account; an account without postings is left out."""
    rows = await connection.fetch(_LINES, list(account_ids))
    lines: dict[str, list[Line]] = {}
    for row in rows:
        account_id, kind, fact_id, pence, value_on, book, charge_id, payment_id, tax, charge_kind, due_on, aimed = row
        line = Line(
            _FACT_KINDS[kind], fact_id, pence, value_on, book, charge_id, payment_id, tax, _CHARGE_KINDS[charge_kind],
            due_on, aimed,
        )  # fmt: skip
        lines.setdefault(account_id, []).append(line)
    return lines


async def load_heads(connection: asyncpg.Connection, account_ids: Iterable[str]) -> dict[str, list[StatementHead]]:
    """Return each account's statements, oldest first; an account without any is left out."""
    rows = await connection.fetch(_HEADS, list(account_ids))
    heads: dict[str, list[StatementHead]] = {}
    for row in rows:
        account_id, statement_no, issued_on, due_on, known_at = row
        head = StatementHead(statement_no, issued_on, due_on, struck_for(issued_on, known_at))
        heads.setdefault(account_id, []).append(head)
    return heads


async def load_said(connection: asyncpg.Connection, account_ids: Iterable[str]) -> dict[str, bytes | None]:
    """Return the hash of the open items last said about each account; nothing was said yet: None."""
    rows = await connection.fetch(
        "select account_id::text, items_said from billing.accounts where account_id = any($1::uuid[])",
        list(account_ids),
    )
    return {row["account_id"]: row["items_said"] for row in rows}


async def load_open_since(connection: asyncpg.Connection, account_ids: Iterable[str]) -> dict[str, date]:
    """Return the oldest due day of the items last said of each account; one of which it is not known is left out."""
    rows = await connection.fetch(
        "select account_id::text, open_since from billing.accounts"
        " where account_id = any($1::uuid[]) and open_since is not null",
        list(account_ids),
    )
    return {row["account_id"]: row["open_since"] for row in rows}


async def store_said(connection: asyncpg.Connection, said: Sequence[tuple[str, bytes, date]]) -> None:
    """Note what was said about the open items of accounts, and the oldest due day among them."""
    if said:
        await connection.execute(_SAY, *columns(said))
