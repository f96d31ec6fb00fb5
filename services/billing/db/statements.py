"""Queries about statements: whose turn it is, what their lines say, and issuing them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import asyncpg

from services.billing.domain.attribution import OwnedDays
from services.billing.domain.items import StatementHead
from services.billing.domain.statements import Draft, struck_for
from shared.events.housing import ChargeKind

_COLUMNS = (
    "account_id", "quarter", "statement_no", "issued_on", "due_on", "brought_forward_pence", "total_pence",
    "balance_pence", "line_count", "known_at",
)  # fmt: skip
_PAGE = """
select account_id::text, account_ref, unit_id, ownership_id from billing.accounts
where ownership_id <> '' and account_id > $1::uuid order by account_id limit $2
"""
# One comparison that the index answers under any plan: with "or" a prepared statement reads every account again.
BEFORE_ALL = UUID(int=0)
"""Before the first account."""
_SHARES = """
select distinct account_id::text, charge_id, share from billing.charge_parts
where account_id = any($1::uuid[]) and charge_id = any($2::text[]) and share is not null
"""
_LIST = """
select account_id::text, statement_no, quarter, issued_on, due_on, brought_forward_pence, total_pence, balance_pence,
  known_at
from billing.statements where account_id = any($1::uuid[]) order by account_id, issued_on
"""


@dataclass(frozen=True, slots=True)
class Payer:
    """An account that gets statements."""

    account_id: str
    account_ref: str
    unit_id: str
    ownership_id: str


@dataclass(frozen=True, slots=True)
class ChargeNote:
    """What a document says about a charge; it is owed for the days from ``liable_from`` to ``liable_to``."""

    kind: ChargeKind
    description: str
    gross_pence: int
    liable_from: date
    liable_to: date


@dataclass(frozen=True, slots=True)
class CreditNote:
    """What a document says about a credit: all of its pence, and why it was given."""

    amount_pence: int
    reason: str


@dataclass(frozen=True, slots=True)
class Notes:
    """What documents say about the facts behind their lines: charges, credits, accounts' shares and days."""

    charges: dict[str, ChargeNote]
    credits: dict[str, CreditNote]
    shares: dict[tuple[str, str], str]
    days: dict[tuple[str, str], OwnedDays] = field(default_factory=dict)


async def list_payers(connection: asyncpg.Connection, after: str, most: int) -> list[Payer]:
    """Return the next accounts that get statements, in order of account_id; ``after`` is empty at first."""
    return [Payer(*row) for row in await connection.fetch(_PAGE, after or BEFORE_ALL, most)]


async def load_notes(
    connection: asyncpg.Connection, account_ids: Iterable[str], charge_ids: Iterable[str], credit_ids: Iterable[str]
) -> Notes:
    """Return what documents say about the charges and credits named; nothing is asked for where none is."""
    wanted, credited = list(charge_ids), list(credit_ids)
    charges = await connection.fetch(
        "select charge_id, kind, description, net_pence + tax_pence, liable_from, liable_to from billing.charges"
        " where charge_id = any($1::text[])",
        wanted,
    )
    credits_ = (
        await connection.fetch(
            "select credit_id, amount_pence, reason from billing.credits where credit_id = any($1::text[])", credited
        )
        if credited
        else []
    )
    shares = await connection.fetch(_SHARES, list(account_ids), wanted)
    return Notes(
        {charge_id: ChargeNote(ChargeKind(kind), *rest) for charge_id, kind, *rest in charges},
        {row[0]: CreditNote(row[1], row[2]) for row in credits_},
        {(row[0], row[1]): row[2] for row in shares},
    )


async def add_statements(connection: asyncpg.Connection, drafts: Sequence[tuple[str, Draft]]) -> None:
    """Note statements as issued; the database refuses a second one for an account's quarter."""
    rows = [
        (
            account_id, draft.quarter, draft.statement_no, draft.issued_on, draft.due_on, draft.brought_forward_pence,
            draft.total_pence, draft.balance_pence, len(draft.lines),
            draft.struck.known_at if draft.struck is not None else None,
        )
        for account_id, draft in drafts
    ]  # fmt: skip
    await connection.copy_records_to_table("statements", schema_name="billing", columns=_COLUMNS, records=rows)


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A statement as issued; ``known_at`` is the last book of which a reviewed one carries lines."""

    account_id: str
    statement_no: str
    quarter: str
    issued_on: date
    due_on: date
    brought_forward_pence: int
    total_pence: int
    balance_pence: int
    known_at: date | None

    @property
    def head(self) -> StatementHead:
        """The statement as items see it."""
        return StatementHead(self.statement_no, self.issued_on, self.due_on, struck_for(self.issued_on, self.known_at))


async def list_statements(connection: asyncpg.Connection, account_ids: Iterable[str]) -> list[StatementRow]:
    """Return the accounts' statements, oldest first."""
    rows = await connection.fetch(_LIST, list(account_ids))
    return [StatementRow(*row) for row in rows]


async def count_statements(connection: asyncpg.Connection) -> int:
    """Return how many statements were issued."""
    return int(await connection.fetchval("select count(*) from billing.statements"))
