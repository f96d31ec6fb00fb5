"""The whole ledger as text for other programs: hledger's journal, or CSV."""

import json
from collections.abc import AsyncIterator, Iterable
from enum import StrEnum
from itertools import groupby

import asyncpg

from services.billing.db import questions, reports
from services.billing.db.questions import ExportRow
from shared.csv_text import csv_line

_PAGE = 500


class LedgerFormat(StrEnum):
    """What a ledger is written as."""

    HLEDGER = "hledger"
    CSV = "csv"


async def ledger(connection: asyncpg.Connection, form: LedgerFormat) -> AsyncIterator[str]:
    """Yield the whole ledger in pieces, in order of value date."""
    yield await _journal_head(connection) if form is LedgerFormat.HLEDGER else csv_line(_HEADINGS)
    async for rows in _pages(connection):
        yield _journal(rows) if form is LedgerFormat.HLEDGER else "".join(csv_line(_fields(row)) for row in rows)


async def facts(connection: asyncpg.Connection) -> AsyncIterator[str]:
    """Yield every charge, credit, payment and reversal that was told, in pieces of JSON lines."""
    piece: list[str] = []
    async for kind, fact_id, pence, on in reports.each_fact(connection):
        piece.append(json.dumps({"kind": kind, "id": fact_id, "amount_pence": pence, "on": on.isoformat()}) + "\n")
        if len(piece) == _PAGE:
            yield "".join(piece)
            piece = []
    yield "".join(piece)


async def _pages(connection: asyncpg.Connection) -> AsyncIterator[list[ExportRow]]:
    """Yield postings in pages that never part the postings of one fact under one cause."""
    page: list[ExportRow] = []
    async for row in questions.each_posting(connection):
        if len(page) >= _PAGE and _transaction(row) != _transaction(page[-1]):
            yield page
            page = []
        page.append(row)
    if page:
        yield page


def _transaction(row: ExportRow) -> tuple[object, ...]:
    # A payment learnt late changes what a write-off took on several days: each is a transaction of its own.
    return (row.transaction, row.fact_kind, row.fact_id, row.value_on)


async def _journal_head(connection: asyncpg.Connection) -> str:
    """Return what hledger wants to know first: how money is written, and every account."""
    names = "".join(f"account {name}\n" for name in await questions.list_ledger_names(connection))
    return f"; The ledger of billing. Owed is positive.\ncommodity GBP 1000.00\n\n{names}\n"


def _journal(rows: Iterable[ExportRow]) -> str:
    """Return postings as hledger transactions: one for each fact and cause, dated when it counts."""
    return "".join(_entry(list(postings)) for _, postings in groupby(rows, _transaction))


def _entry(postings: list[ExportRow]) -> str:
    first = postings[0]
    tags = f"book:{first.book}, cause:{first.cause_id}, type:{first.cause_type}"
    head = f"{first.value_on} * {first.fact_kind} {first.fact_id}  ; {tags}\n"
    return head + "".join(f"    {row.account}  {_amount(row.amount_pence)}\n" for row in postings) + "\n"


def _amount(pence: int) -> str:
    pounds, rest = divmod(abs(pence), 100)
    return f"GBP {'-' if pence < 0 else ''}{pounds}.{rest:02d}"


_HEADINGS = (
    "value_on", "book", "fact_kind", "fact_id", "charge_id", "payment_id", "posting_no", "account", "amount_pence",
    "tax_pence", "transaction", "cause_source", "cause_id", "cause_type",
)  # fmt: skip


def _fields(row: ExportRow) -> tuple[object, ...]:
    words = (row.fact_kind, row.fact_id, row.charge_id, row.payment_id)
    return (
        row.value_on, row.book, *words, row.posting_no, row.account, row.amount_pence, row.tax_pence,
        row.transaction, row.cause_source, row.cause_id, row.cause_type,
    )  # fmt: skip
