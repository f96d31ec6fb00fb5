"""The answers to what people ask of billing, in the JSON shapes of the command line (design.md 6)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import asyncpg

from services.billing.db import ledger, questions, registry
from services.billing.db import statements as stored_statements
from services.billing.db.questions import AccountRow, CauseName
from services.billing.db.registry import Registered
from services.billing.db.statements import StatementRow
from services.billing.domain import explanation, refs
from services.billing.domain import position as positions
from services.billing.domain import statements as statement_rules
from services.billing.domain.allocation import Allocated, Rules
from services.billing.domain.facts import FactKind
from services.billing.domain.items import Places, StatementHead
from services.billing.domain.lines import Line, netted
from services.billing.domain.position import Open, Position
from services.billing.usecases import explaining
from services.billing.usecases.allocation import rules_of
from services.billing.usecases.documents import statement_line
from services.billing.usecases.explaining import Fact
from services.billing.usecases.redistribution import CARRIERS
from shared.bus import gate
from shared.events.billing import LineKind
from shared.events.topics import OWNERS_SHARES

Answer = dict[str, Any]

_DIVIDES = frozenset({OWNERS_SHARES.type, CARRIERS})
"""Events that say by which shares a charge is divided."""

CHUNK = 200
"""Accounts worked out at a time; between chunks the process does its other work."""


async def overdue_day(connection: asyncpg.Connection, as_of: date | None, known_at: date | None) -> date:
    """Return the day to which overdue is counted: the day asked for, else the day last closed when ``known_at`` was."""
    if as_of is not None:
        return as_of
    last = (await gate.read(connection)).last_closed or date.min + timedelta(days=1)
    return last if known_at is None else min(last, known_at)


async def accounts(connection: asyncpg.Connection, as_of: date | None, known_at: date | None) -> list[Answer]:
    """Return every account with its days, owners, balance and what is due and overdue of it."""
    day = await overdue_day(connection, as_of, known_at)
    return [
        _head(folder.row, folder.known, folder.position(day))
        async for folder in each_account(connection, as_of, known_at)
    ]


@dataclass(frozen=True, slots=True)
class Folder:
    """An account with everything its figures are derived from, as of a day and as known at a book."""

    row: AccountRow
    known: Registered
    lines: tuple[Line, ...]
    issued: tuple[StatementHead, ...]
    rules: Rules

    def position(self, day: date) -> Position:
        """Return where the account stands, overdue counted to ``day``."""
        return positions.position(self.lines, self.issued, day, self.rules)

    @property
    def party_ids(self) -> list[str]:
        """Who owns the unit by this account; nobody: an internal account, or an ownership that no longer stands."""
        return _parties(self.row, self.known)


async def each_account(
    connection: asyncpg.Connection, as_of: date | None, known_at: date | None
) -> AsyncIterator[Folder]:
    """Yield every account, some at a time, in order of unit and ownership."""
    rows = await questions.list_accounts(connection, known_at)
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        account_ids = [row.account_id for row in chunk]
        lines = await ledger.load_lines(connection, account_ids)
        heads = await ledger.load_heads(connection, account_ids)
        rules = await rules_of(connection, account_ids, as_of, known_at)
        known = await registry.load_registered(connection, {row.unit_id for row in chunk}, known_at)
        for row in chunk:
            own = positions.as_known(lines.get(row.account_id, ()), heads.get(row.account_id, ()), as_of, known_at)
            yield Folder(row, known[row.unit_id], *own, rules[row.account_id])
        await asyncio.sleep(0)


def _parties(row: AccountRow, known: Registered) -> list[str]:
    periods = known.line.line if known.line is not None else ()
    own = [p for p in periods if row.ownership_id and not p.internal and p.ownership_id == row.ownership_id]
    return [party_id for period in own for party_id in period.party_ids]


def _head(row: AccountRow, known: Registered, standing: Position) -> Answer:
    implied = {account.account_id: account for account in known.accounts()}.get(row.account_id)
    return {
        "account_ref": row.account_ref,
        "account_id": row.account_id,
        "unit_id": row.unit_id,
        "ownership_id": row.ownership_id or None,
        "from": implied.from_on if implied is not None else None,
        "to": implied.to_on if implied is not None else None,
        "party_ids": _parties(row, known),
        "internal": not row.ownership_id,
        "void": implied is not None and implied.void,
        "balance_pence": standing.balance_pence,
        "due_pence": standing.due_pence,
        "overdue_pence": standing.overdue_pence,
    }


async def account(
    connection: asyncpg.Connection, reference: str, as_of: date | None, known_at: date | None, *, proof: bool = False
) -> Answer | None:
    """Return one account whole; nothing when no account has the reference.

    With ``proof`` each line of a charge or credit says how what stands of that now came about, whatever was known when.
    """
    row = await questions.find_account(connection, refs.normalised(reference), known_at)
    if row is None:
        return None
    day = await overdue_day(connection, as_of, known_at)
    lines = (await ledger.load_lines(connection, [row.account_id])).get(row.account_id, [])
    statements = await stored_statements.list_statements(connection, [row.account_id])
    counted, issued = positions.as_known(lines, [one.head for one in statements], as_of, known_at)
    known = await registry.load_registered(connection, [row.unit_id], known_at)
    rules = (await rules_of(connection, [row.account_id], as_of, known_at))[row.account_id]
    standing = positions.position(counted, issued, day, rules)
    proofs = await explaining.proofs(connection, row, netted(lines)) if proof else {}
    return {
        **_head(row, known[row.unit_id], standing),
        "as_of": as_of,
        "known_at": known_at,
        "credit_pence": standing.credit_pence,
        "not_yet_billed_pence": standing.not_yet_billed_pence,
        "lines": await _lines(connection, row.account_id, counted, issued, proofs),
        "disputed_pence": standing.disputed_pence,
        "items": [_item(one) for one in standing.items],
        "allocations": [_allocation(one) for one in standing.allocated],
        "ageing": asdict(standing.ageing),
        "statements": [_statement(one) for one in statements if one.head in issued],
    }


def _item(one: Open) -> Answer:
    disputed = {"disputed_pence": one.disputed_pence} if one.disputed_pence else {}
    return {**present(asdict(one.item)), "open_pence": one.open_pence, **disputed}


def _allocation(one: Allocated) -> Answer:
    fields = {"payment_id": one.payment_id, "charge_id": one.charge_id, "statement_no": one.statement_no}
    return {**present(fields), "pence": one.pence}


async def _lines(
    connection: asyncpg.Connection,
    account_id: str,
    lines: Iterable[Line],
    issued: Sequence[StatementHead],
    proofs: Mapping[Fact, Answer],
) -> list[Answer]:
    """Return an account's lines, each with the statement that carries it, its cause, and the proof of its fact.

    A charge that was divided anew by other shares has no one share that made its lines: the proof says which holds now.
    """
    shown = sorted(netted(lines), key=lambda line: (line.value_on, line.book, line.kind, line.fact_id))
    charge_ids = {line.charge_id for line in shown if line.charge_id is not None}
    credit_ids = {line.fact_id for line in shown if line.kind is FactKind.CREDIT}
    notes = await stored_statements.load_notes(connection, [account_id], charge_ids, credit_ids)
    causes = await questions.load_causes(connection, account_id)
    anew, places, origins = _divided_anew(shown, causes), Places(issued), statement_rules.origins(shown, issued)
    answers: list[Answer] = []
    for line in shown:
        head = places.carrying(line)
        no_share = {"share": None, "pool_pence": None} if line.charge_id in anew else {}
        answer = present(vars(statement_line(line, account_id, notes, origins)) | no_share)
        if answer["kind"] in (LineKind.CHARGE, LineKind.FEE):
            answer |= present({"due_on": line.due_on or (head.due_on if head is not None else None)})
        if "share" in answer and "pool_pence" in answer:
            answer["exact"] = explanation.exact_value(answer["pool_pence"], answer["share"])
        answer |= present({"statement_no": head.statement_no if head is not None else None})
        answer["cause"] = _cause_of(causes[line.kind, line.fact_id, line.book])
        answer |= present({"proof": proofs.get((line.kind, line.fact_id))})
        answers.append(answer)
    return answers


def _divided_anew(lines: Sequence[Line], causes: Mapping[tuple[FactKind, str, date], Sequence[CauseName]]) -> set[str]:
    """Return the charges with more than one line, of which other shares made one."""
    charged = [line for line in lines if line.kind is FactKind.CHARGE]
    count = Counter(line.fact_id for line in charged)
    return {
        line.fact_id
        for line in charged
        if count[line.fact_id] > 1 and any(one.type in _DIVIDES for one in causes[line.kind, line.fact_id, line.book])
    }


def _cause_of(named: Iterable[CauseName]) -> Answer:
    """Return a line's cause: the fact's own event, else the one with the smallest source and id."""
    first = min(named, key=lambda cause: (not cause.own, cause.source, cause.event_id))
    return {"id": first.event_id, "source": first.source, "type": first.type}


def _statement(row: StatementRow) -> Answer:
    return {
        "statement_no": row.statement_no, "quarter": row.quarter, "issued_on": row.issued_on, "due_on": row.due_on,
        "brought_forward_pence": row.brought_forward_pence, "total_pence": row.total_pence,
        "balance_pence": row.balance_pence,
    }  # fmt: skip


async def trial_balance(connection: asyncpg.Connection, as_of: date | None, known_at: date | None) -> Answer:
    """Return the books: what stands on each ledger account, and both totals, which are equal; whose receivables are."""
    owners, association = await questions.sum_receivable(connection, as_of, known_at)
    rows = [
        {"account": name, "debit_pence": max(pence, 0), "credit_pence": max(-pence, 0)}
        for name, pence in await questions.trial_balance(connection, as_of, known_at)
    ]
    return {
        "as_of": as_of,
        "known_at": known_at,
        "rows": rows,
        "debit_pence": sum(row["debit_pence"] for row in rows),
        "credit_pence": sum(row["credit_pence"] for row in rows),
        "receivable": {"owners_pence": owners, "association_pence": association},
    }


async def summary(connection: asyncpg.Connection) -> Answer:
    """Return the figures of the whole: billed, collected, in suspense."""
    figures = await questions.totals(connection)
    return {
        **asdict(figures),
        "suspense_pence": figures.suspense_payments_pence,
        "statements": await stored_statements.count_statements(connection),
    }


def present(fields: Mapping[str, Any]) -> Answer:
    """Return the fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}
