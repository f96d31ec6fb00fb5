"""The statement run: in the work of a quarter's first day, every account with news or a balance gets its statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

import asyncpg

from services.billing.db import ledger
from services.billing.db import statements as stored
from services.billing.db.statements import Notes, Payer
from services.billing.domain import statements
from services.billing.domain.facts import FactKind
from services.billing.domain.items import StatementHead
from services.billing.domain.lines import Cut, Line
from services.billing.domain.statements import Draft
from services.billing.settings import read_statement_policies
from services.billing.usecases.debits_on_statements import debits_of
from services.billing.usecases.documents import fitted, statement_line
from services.billing.usecases.floats_held import floats_held
from services.billing.usecases.items import say_positions
from services.billing.usecases.owned_days import load_owned_days
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.billing import StatementIssued, StatementLine
from shared.events.topics import STATEMENT_ISSUED


class DrawnUp(NamedTuple):
    """The documents of a slice of accounts, and what they were drafted from."""

    drafts: list[tuple[Payer, Draft]]
    lines: dict[str, list[Line]]
    heads: dict[str, list[StatementHead]]


class Drafted(NamedTuple):
    """The same, with what the documents say of the facts behind their lines."""

    drafts: list[tuple[Payer, Draft]]
    lines: dict[str, list[Line]]
    heads: dict[str, list[StatementHead]]
    notes: Notes


async def issue(work: Work, day: date, payers: Sequence[Payer], struck: Cut | None = None) -> None:
    """Issue the statements of ``day``, as they were ``struck``, to a slice of accounts; say what is due with them."""
    connection = await driver(work.session)
    drafted = await draft_for(connection, payers, day, struck)
    if not drafted.drafts:
        return
    await stored.add_statements(connection, [(payer.account_id, draft) for payer, draft in drafted.drafts])
    issued = {
        payer.account_id: [*drafted.heads.get(payer.account_id, []), draft.head] for payer, draft in drafted.drafts
    }
    held = await floats_held(connection, {name: drafted.lines.get(name, []) for name in issued}, issued, day)
    debits = await debits_of(connection, issued, day)
    for payer, draft in drafted.drafts:
        fields = statement_fields(payer, draft, drafted)
        float_held, debit = held.get(payer.account_id), debits.get(payer.account_id)
        work.stage(STATEMENT_ISSUED, StatementIssued(**fields, float_held_pence=float_held, direct_debit=debit))
    await say_positions(work, connection, dict.fromkeys(sorted(issued), work.cause), drafted.lines, issued)


async def draft_for(
    connection: asyncpg.Connection, payers: Sequence[Payer], day: date, struck: Cut | None = None
) -> Drafted:
    """Draft the document that each account would get on ``day``; an account with nothing to say gets none."""
    drawn = await draw_up(connection, payers, day, struck)
    facts = _facts_of(draft for _, draft in drawn.drafts)
    notes = await stored.load_notes(connection, [payer.account_id for payer, _ in drawn.drafts], *facts)
    days = await load_owned_days(connection, drawn.drafts, notes.charges, struck.known_at if struck else None)
    return Drafted(*drawn, replace(notes, days=days))


async def draw_up(
    connection: asyncpg.Connection,
    payers: Sequence[Payer],
    day: date,
    struck: Cut | None = None,
    coming: Mapping[str, StatementHead] = MappingProxyType({}),
) -> DrawnUp:
    """Do the same for the figures alone; ``coming`` are statements that count as issued already, by account."""
    account_ids = [payer.account_id for payer in payers]
    lines = await ledger.load_lines(connection, account_ids)
    heads = await ledger.load_heads(connection, account_ids)
    for account_id in coming.keys() & account_ids:
        heads.setdefault(account_id, []).append(coming[account_id])
    due_on, drafts = statements.due_day(read_statement_policies(), day), list[tuple[Payer, Draft]]()
    for payer in payers:
        earlier = heads.get(payer.account_id, [])
        previous = earlier[-1] if earlier else None
        draft = statements.draft(lines.get(payer.account_id, ()), payer.account_ref, previous, day, due_on, struck)
        if draft is not None:
            drafts.append((payer, draft))
    return DrawnUp(drafts, lines, heads)


def _facts_of(drafts: Iterable[Draft]) -> tuple[set[str], set[str]]:
    """Return the charges and credits that the drafts' lines go back to."""
    charge_ids: set[str] = set()
    credit_ids: set[str] = set()
    for draft in drafts:
        charge_ids.update(line.charge_id for line in draft.lines if line.charge_id is not None)
        credit_ids.update(line.fact_id for line in draft.lines if line.kind is FactKind.CREDIT)
    return charge_ids, credit_ids


def statement_fields(payer: Payer, draft: Draft, drafted: Drafted) -> dict[str, Any]:
    """Return what a statement and a final account have in common: whose it is, its figures, its lines."""
    return {
        "account_id": payer.account_id,
        "account_ref": payer.account_ref,
        "unit_id": payer.unit_id,
        "ownership_id": payer.ownership_id,
        "statement_no": draft.statement_no,
        "quarter": draft.quarter,
        "issued_on": draft.issued_on,
        "due_on": draft.due_on,
        "known_at": draft.struck.known_at if draft.struck is not None else None,
        "brought_forward_pence": draft.brought_forward_pence,
        "total_pence": draft.total_pence,
        "balance_pence": draft.balance_pence,
        "lines": fitted(_shown(payer.account_id, draft, drafted)),
    }


def _shown(account_id: str, draft: Draft, drafted: Drafted) -> list[StatementLine]:
    """Return a draft's lines as it shows them."""
    origins = statements.origins(drafted.lines.get(account_id, ()), drafted.heads.get(account_id, ()))
    return [statement_line(line, account_id, drafted.notes, origins) for line in draft.lines]
