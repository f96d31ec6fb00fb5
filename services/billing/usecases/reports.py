"""Figures of debt: aged, moved, collected; each says as of when, as known when, and from which ledger accounts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from enum import StrEnum

import asyncpg

from services.billing.db import questions, reports
from services.billing.db.reports import MovedRow
from services.billing.domain.chart import RECEIVABLE
from services.billing.domain.position import Ageing
from services.billing.domain.reports import Rate, collected, together, year_to
from services.billing.usecases.questions import Answer, Folder, each_account, overdue_day
from shared.calendar import quarter_days

ASSOCIATION = "association"
NOBODY = "no owner"
NO_BLOCK = "no block"
UNREGISTERED = "unregistered unit"
_SIDES = (("owners", False), (ASSOCIATION, True))


class Grouping(StrEnum):
    """What aged debt is summed up by."""

    BLOCK = "block"
    OWNER = "owner"
    DEVELOPMENT = "development"


def source(as_of: date | None, known_at: date | None, *ledger: str) -> Answer:
    """Return where a figure comes from; no day: everything, or everything known."""
    return {"as_of": as_of, "known_at": known_at, "ledger": list(ledger)}


async def aged_debt(connection: asyncpg.Connection, by: Grouping, as_of: date | None, known_at: date | None) -> Answer:
    """Return open pence by days past due and group, tied to what the ledger says accounts owe (domain.md 3.9)."""
    day = await overdue_day(connection, as_of, known_at)
    places = await reports.load_places(connection)
    groups: defaultdict[str, list[Ageing]] = defaultdict(list)
    async for folder in each_account(connection, as_of, known_at):
        groups[group_of(folder, by, places)].append(folder.position(day).ageing)
    rows = {name: together(ageings) for name, ageings in sorted(groups.items())}
    total = together(rows.values())
    owed = await sum_owed(connection, as_of, known_at)
    return {
        "source": source(as_of, known_at, RECEIVABLE) | {"aged_to": day},
        "by": by,
        "rows": [{"name": name, "accounts": len(groups[name]), **_columns(ageing)} for name, ageing in rows.items()],
        "total": {"accounts": sum(map(len, groups.values())), **_columns(total)},
        "ledger_pence": owed,
        "ties": total.total_pence == owed,
    }


def group_of(folder: Folder, by: Grouping, places: Mapping[str, tuple[str, str | None]]) -> str:
    """Return the row of a report that an account belongs to."""
    if by is Grouping.OWNER:
        return " ".join(folder.party_ids) or (NOBODY if folder.row.ownership_id else ASSOCIATION)
    if folder.row.unit_id not in places:
        return UNREGISTERED
    development_id, block_id = places[folder.row.unit_id]
    return development_id if by is Grouping.DEVELOPMENT else block_id or NO_BLOCK


def _columns(ageing: Ageing) -> Answer:
    return {**asdict(ageing), "balance_pence": ageing.total_pence}


async def sum_owed(connection: asyncpg.Connection, as_of: date | None, known_at: date | None) -> int:
    """Return what the trial balance says accounts owe."""
    return dict(await questions.trial_balance(connection, as_of, known_at)).get(RECEIVABLE, 0)


async def movement(connection: asyncpg.Connection, first: date, last: date, known_at: date | None) -> Answer:
    """Return how receivables came from their opening to their closing balance, owners' and internal ones apart.

    Signed as owed: credits and payments are negative.  What moves out of suspense counts on the fact's own day.
    """
    moved = await reports.list_moved(connection, first, last, known_at)
    rows = [_moved(name, [row for row in moved if row.internal is internal]) for name, internal in _SIDES]
    owed = await sum_owed(connection, last, known_at)
    return {
        "source": source(last, known_at, RECEIVABLE),
        "from": first,
        "to": last,
        "rows": rows,
        "ledger_pence": owed,
        "ties": sum(int(row["closing_pence"]) for row in rows) == owed,
    }


def _moved(name: str, moved: Iterable[MovedRow]) -> Answer:
    kinds = {row.fact_kind: (row.before_pence, row.within_pence) for row in moved}
    opening = sum(before for before, _ in kinds.values())
    within = {kind: pence for kind, (_, pence) in kinds.items()}
    closing = opening + sum(within.values())
    return {"name": name, "opening_pence": opening, "moved": within, "closing_pence": closing}


async def collection_rate(
    connection: asyncpg.Connection, quarter: str, as_of: date | None, known_at: date | None
) -> Answer:
    """Return how much of what fell due from owners in a quarter was paid by a day, and the rate of twelve months.

    The association's internal accounts are left out.  The twelve months end with the quarter and are counted to
    ``as_of`` at most; balances and credits that were taken over count for the quarter alone.  Source: domain.md 6.
    """
    first, last = quarter_days(quarter)
    paid = whole = 0
    async for folder in each_account(connection, as_of, known_at):
        if folder.row.ownership_id:
            rate = collected(folder.lines, folder.issued, first, last, folder.rules)
            paid, whole = paid + rate.part_pence, whole + rate.whole_pence
    from_on, to_on = year_to(last)
    counted_to = to_on if as_of is None else min(to_on, as_of)
    charges, receipts = await reports.sum_traded(connection, from_on, counted_to, known_at)
    return {
        "source": source(as_of, known_at, RECEIVABLE),
        "period": {"from": first, "to": last, **_rate("received", "due", Rate(paid, whole))},
        "rolling": {"from": from_on, "to": counted_to, **_rate("receipts", "charges", Rate(receipts, charges))},
    }


def _rate(part: str, whole: str, rate: Rate) -> Answer:
    return {
        f"{part}_pence": rate.part_pence,
        f"{whole}_pence": rate.whole_pence,
        "fraction": rate.fraction,
        "percent": rate.percent,
    }
