"""Owners' own money: floats held by block or owner, and each block's reserve fund; both tied to the ledger."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict
from datetime import date

import asyncpg

from services.billing.db import floats, questions, reports
from services.billing.db import owners_money as stored
from services.billing.domain.chart import income_ledger
from services.billing.domain.owners_money import Kept, fund_of, kept, together
from services.billing.usecases.questions import Answer, Folder, each_account, overdue_day
from services.billing.usecases.reports import UNREGISTERED, Grouping, group_of, source
from shared.events.housing import ChargeKind

_FLOAT, _FUND = ChargeKind.FLOAT, ChargeKind.RESERVE_FUND


async def held(connection: asyncpg.Connection, by: Grouping, as_of: date | None, known_at: date | None) -> Answer:
    """Return the floats asked of owners and what of them is paid, by group, and what owners who come are asked.

    A float that was given back is no longer asked; only what is paid is held.  Source: domain.md 2.2 (3.2), 3.8.
    """
    places = await reports.load_places(connection)
    rows = await _kept(connection, _FLOAT, as_of, known_at, lambda one: group_of(one, by, places))
    total = together(own for _, own in rows.values())
    waiting = await stored.sum_waiting(connection, _FLOAT, as_of, known_at)
    owed = await _owed(connection, _FLOAT, as_of, known_at)
    return {
        "source": source(as_of, known_at, income_ledger(_FLOAT)),
        "by": by,
        "rows": [{"name": name, "accounts": count, **_figures(own)} for name, (count, own) in rows.items()],
        "total": {"accounts": sum(count for count, _ in rows.values()), **_figures(total)},
        "waiting_pence": waiting,
        "ledger_pence": owed,
        "ties": total.asked_pence - total.written_off_pence + waiting == owed,
        "terms": [asdict(one) for one in await floats.load_terms(connection, known_at)],
    }


async def funds(connection: asyncpg.Connection, as_of: date | None, known_at: date | None) -> Answer:
    """Return each block's reserve fund: asked, paid in, spent, and what is left of the money; with every spending.

    A fund is its block's, or its development's for units without one.  Owners come and go; it stays.
    """
    places, nowhere = await reports.load_places(connection), (UNREGISTERED, None)
    rows = await _kept(connection, _FUND, as_of, known_at, lambda one: fund_of(*places.get(one.row.unit_id, nowhere)))
    spent: defaultdict[str, int] = defaultdict(int)
    spendings = await stored.list_spendings(connection, as_of, known_at)
    for one in spendings:
        spent[one.fund_id] += one.amount_pence
    blocks = {name: rows.get(name, (0, Kept())) for name in sorted({*rows, *spent})}
    total = together(own for _, own in blocks.values())
    waiting = await stored.sum_waiting(connection, _FUND, as_of, known_at)
    owed = await _owed(connection, _FUND, as_of, known_at)
    return {
        "source": source(as_of, known_at, income_ledger(_FUND)),
        "rows": [{"name": name, "accounts": count, **_fund(own, spent[name])} for name, (count, own) in blocks.items()],
        "total": _fund(total, sum(spent.values())),
        "waiting_pence": waiting,
        "ledger_pence": owed,
        "ties": total.asked_pence - total.written_off_pence + waiting - sum(spent.values()) == owed,
        "spendings": [asdict(one) for one in spendings],
    }


async def _kept(
    connection: asyncpg.Connection,
    kind: ChargeKind,
    as_of: date | None,
    known_at: date | None,
    group: Callable[[Folder], str],
) -> dict[str, tuple[int, Kept]]:
    """Return by group how many accounts were ever asked for the kind, and what they paid of it."""
    day = await overdue_day(connection, as_of, known_at)
    found: defaultdict[str, list[Kept]] = defaultdict(list)
    async for folder in each_account(connection, as_of, known_at):
        if any(line.charge_kind is kind for line in folder.lines):
            found[group(folder)].append(kept(folder.lines, folder.issued, kind, day, folder.rules))
    return {name: (len(own), together(own)) for name, own in sorted(found.items())}


async def _owed(connection: asyncpg.Connection, kind: ChargeKind, as_of: date | None, known_at: date | None) -> int:
    """Return what the trial balance says is owed to owners."""
    return -dict(await questions.trial_balance(connection, as_of, known_at)).get(income_ledger(kind), 0)


def _figures(own: Kept) -> Answer:
    return {**own._asdict(), "unpaid_pence": own.unpaid_pence}


def _fund(own: Kept, spent_pence: int) -> Answer:
    return {**_figures(own), "spent_pence": spent_pence, "left_pence": own.held_pence - spent_pence}
