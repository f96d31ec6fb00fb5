"""The books of a period: what a quarter posted to each ledger account, and what a month earned and passed on."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date

import asyncpg

from services.billing.db import cost_model, reports
from services.billing.db.reports import KindRow
from services.billing.domain.chart import (
    BAD_DEBT,
    BY_CODE,
    CHART,
    RECEIVABLE,
    SUSPENSE_CHARGES,
    TAX,
    AccountType,
    income_ledger,
)
from services.billing.domain.cost_model import by_kind
from services.billing.usecases.questions import Answer
from services.billing.usecases.reports import NO_BLOCK, source
from shared.bus import gate
from shared.calendar import month_days, quarter_days


async def period(connection: asyncpg.Connection, quarter: str) -> Answer:
    """Return a quarter by its books: opening, debits, credits and closing of each ledger account, and late facts.

    Only what was learnt on the quarter's days counts, so the report of a closed quarter never changes: a fact of it
    that is learnt later stands in the quarter then open, with its true date.
    """
    first, last = quarter_days(quarter)
    last_closed = (await gate.read(connection)).last_closed
    rows = [
        {**asdict(row), "closing_pence": row.opening_pence + row.debit_pence - row.credit_pence}
        for row in await reports.list_books(connection, first, last)
    ]
    return {
        "source": {"books_from": first, "books_to": last, "ledger": [row["ledger"] for row in rows]},
        "quarter": f"{first.year:04d}-Q{(first.month + 2) // 3}",
        "closed": last_closed is not None and last_closed >= last,
        "rows": rows,
        "debit_pence": sum(row["debit_pence"] for row in rows),
        "credit_pence": sum(row["credit_pence"] for row in rows),
        "late": [asdict(row) for row in await reports.list_late(connection, first, last)],
    }


async def profit_and_loss(connection: asyncpg.Connection, month: str, known_at: date | None) -> Answer:
    """Return what a month earned by kind of charge, what it passed on, its bad debts and costs; net of tax, by date.

    ``difference_pence`` of what is passed on is what was billed less what stands on accounts or waits: nothing is
    earned or lost by it.  ``result_pence`` is income less recorded costs and less the bad debts that no other owner
    carries: twelve of them are the surplus of the cost model's year.  Source: domain.md 6, P&L by month.
    """
    first, last = month_days(month)
    kinds: defaultdict[str, list[KindRow]] = defaultdict(list)
    for row in await reports.list_by_kind(connection, first, last, known_at):
        kinds[income_ledger(row.charge_kind)].append(row)
    income = [_income(code, kinds[code]) for code in _posted(kinds, AccountType.INCOME)]
    recovery = [_recovery(code, kinds[code]) for code in _posted(kinds, AccountType.RECOVERY)]
    income_pence = sum(row["net_pence"] for row in income)
    recorded = await cost_model.list_costs(connection, first, last, known_at)
    costs = by_kind((cost.kind, cost.amount_pence) for cost in recorded)
    _, carried = await cost_model.sum_bad_debt(connection, first, last, known_at)
    bad_debt = _bad_debt(*await reports.sum_bad_debt(connection, first, last, known_at), carried)
    return {
        "source": source(last, known_at, *(row["account"] for row in (*income, *recovery))),
        "month": month,
        "from": first,
        "to": last,
        "income": income,
        "income_pence": income_pence,
        "recovery": recovery,
        "recovery_pence": sum(row["net_pence"] for row in recovery),
        "difference_pence": sum(row["difference_pence"] for row in recovery),
        "bad_debt": bad_debt,
        "costs": [{"kind": kind, "amount_pence": pence} for kind, pence in costs.items()],
        "cost_pence": sum(costs.values()),
        "result_pence": income_pence - sum(costs.values()) - (bad_debt["net_pence"] - carried),
    }


def _bad_debt(given_up_pence: int, written_back_pence: int, carried_pence: int) -> Answer:
    """Return what a month gave up, what was paid after all, what is left, and what of that other owners carry."""
    return {
        "account": BAD_DEBT,
        "written_off_pence": given_up_pence,
        "written_back_pence": written_back_pence,
        "net_pence": given_up_pence - written_back_pence,
        "carried_pence": carried_pence,
    }


def _posted(kinds: Iterable[str], wanted: AccountType) -> list[str]:
    known = set(kinds)
    return [account.code for account in CHART if account.type is wanted and account.code in known]


def _income(code: str, rows: Iterable[KindRow]) -> Answer:
    earned = {"charge": 0, "credit": 0}
    for row in rows:
        if row.ledger == code:
            earned[row.fact_kind] -= row.amount_pence
    return {
        "account": code,
        "name": BY_CODE[code].name,
        "charged_pence": earned["charge"],
        "credited_pence": -earned["credit"],
        "net_pence": sum(earned.values()),
    }


def _recovery(code: str, rows: list[KindRow]) -> Answer:
    """Return an account of what is passed on, with where it stands: by block of the units charged, or waiting."""
    answer = _income(code, rows)
    tax = -sum(row.amount_pence for row in rows if row.ledger == TAX)
    waiting = sum(row.amount_pence for row in rows if row.ledger == SUSPENSE_CHARGES)
    blocks: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        if row.ledger == RECEIVABLE:
            blocks[row.block_id or NO_BLOCK] += row.amount_pence
    return answer | {
        "tax_pence": tax,
        "blocks": [{"block_id": name, "amount_pence": pence} for name, pence in sorted(blocks.items())],
        "waiting_pence": waiting,
        "difference_pence": answer["net_pence"] + tax - sum(blocks.values()) - waiting,
    }
