"""What annual statements say: drawn up from the ledger, many accounts at a time, as the year's statements carry it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, NamedTuple

import asyncpg

from services.billing.db import annual_funds, ledger
from services.billing.db import charges as stored_charges
from services.billing.db import statements as stored
from services.billing.db.statements import Notes, Payer, StatementRow
from services.billing.domain import annual_statements, statements
from services.billing.domain.facts import FactKind
from services.billing.domain.items import StatementHead
from services.billing.domain.lines import Line
from services.billing.usecases.documents import fitted, statement_line
from services.billing.usecases.floats_held import floats_held
from shared.events.billing import AnnualFund, AnnualHead, AnnualLine, AnnualStatementIssued

_WORK_DAYS = ("completed_on", "period_from", "period_to")


class Year(NamedTuple):
    """An account's statements of a year, the lines they carry, and where the charges of its credits were billed."""

    payer: Payer
    statements: list[StatementRow]
    lines: list[Line]
    origins: Mapping[Line, str]


class Words(NamedTuple):
    """What documents say of the facts behind lines: notes, and the days of each charge's work."""

    notes: Notes
    works: Mapping[str, Mapping[str, date | None]]


class Held(NamedTuple):
    """Owners' own money, in no balance: what is held as the owner's float, and what their building's fund holds."""

    float_pence: int | None = None
    fund: AnnualFund | None = None


async def draw_up(
    connection: asyncpg.Connection, payers: Sequence[Payer], year: int, day: date
) -> list[AnnualStatementIssued]:
    """Return the annual statement of each account, issued on ``day``; each has statements of the year."""
    account_ids = [payer.account_id for payer in payers]
    issued: dict[str, list[StatementRow]] = {}
    for row in await stored.list_statements(connection, account_ids):
        issued.setdefault(row.account_id, []).append(row)
    lines = await ledger.load_lines(connection, account_ids)
    heads = {name: [row.head for row in rows] for name, rows in issued.items()}
    held = await _held(connection, lines, heads, year, day)
    years = [_year(payer, issued[payer.account_id], lines.get(payer.account_id, ()), year) for payer in payers]
    words = await read_words(connection, account_ids, [line for one in years for line in one.lines])
    return [document(one, words, year, day, held[one.payer.account_id]) for one in years]


async def _held(
    connection: asyncpg.Connection,
    lines: Mapping[str, Sequence[Line]],
    heads: Mapping[str, Sequence[StatementHead]],
    year: int,
    day: date,
) -> dict[str, Held]:
    """Return what the statement of each account that has ``heads`` says of floats and funds."""
    floats = await floats_held(connection, lines, heads, day)
    funds = await annual_funds.load_of_accounts(connection, list(heads), year, day)
    said = {name: AnnualFund(fund_id=fund_id, left_pence=pence) for name, (fund_id, pence) in funds.items()}
    return {name: Held(floats.get(name), said.get(name)) for name in heads}


def _year(payer: Payer, issued: Sequence[StatementRow], lines: Sequence[Line], year: int) -> Year:
    own = [row for row in issued if row.quarter in annual_statements.quarters(year)]
    heads = [row.head for row in issued]
    pairs = annual_statements.carried(lines, heads, {row.statement_no for row in own})
    return Year(payer, own, [line for line, _ in pairs], statements.origins(lines, heads))


async def read_words(connection: asyncpg.Connection, account_ids: Sequence[str], lines: Sequence[Line]) -> Words:
    """Read what is said of the facts behind lines of some accounts."""
    charge_ids = {line.charge_id for line in lines if line.charge_id is not None}
    credit_ids = {line.fact_id for line in lines if line.kind is FactKind.CREDIT}
    notes = await stored.load_notes(connection, account_ids, charge_ids, credit_ids)
    return Words(notes, await stored_charges.load_works(connection, charge_ids))


def document(told: Year, words: Words, year: int, day: date, held: Held) -> AnnualStatementIssued:
    """Return an account's annual statement; its figures are sums of the lines its statements carry."""
    payer, lines = told.payer, told.lines
    made, brought_forward = annual_statements.summary(lines), told.statements[0].brought_forward_pence
    return AnnualStatementIssued(
        account_id=payer.account_id,
        account_ref=payer.account_ref,
        unit_id=payer.unit_id,
        ownership_id=payer.ownership_id,
        year=year,
        issued_on=day,
        statement_nos=tuple(row.statement_no for row in told.statements),
        brought_forward_pence=brought_forward,
        total_pence=made.total_pence,
        balance_pence=brought_forward + made.total_pence,
        float_held_pence=held.float_pence,
        reserve_fund=held.fund,
        heads=tuple(AnnualHead(**asdict(head)) for head in made.heads),
        lines=fitted([_line(line, told, words) for line in lines]),
    )


def _line(line: Line, told: Year, words: Words) -> AnnualLine:
    shown: dict[str, Any] = dict(statement_line(line, told.payer.account_id, words.notes, told.origins))
    days = words.works.get(line.charge_id or "", {})
    return AnnualLine(**shown | {name: days.get(name) for name in _WORK_DAYS})
