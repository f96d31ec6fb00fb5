"""From when the five years of open debts count, and which a day brought nearer to their end."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import asyncpg

from services.billing.db import ledger
from services.billing.db import prescription as stored
from services.billing.domain import prescription
from services.billing.domain.position import as_known, position
from services.billing.domain.prescription import Band, Debt, Interruption
from services.billing.usecases.allocation import rules_of
from services.billing.usecases.items import NOTHING_OPEN
from shared.bus.transaction import Sessions
from shared.bus.work import Work
from shared.db.engine import question
from shared.log_events import LogEvent

Interruptions = Mapping[str, Sequence[Interruption]]

_AT_ONCE = 200
"""Accounts worked out at a time; between them the process does its other work."""


async def open_debts(
    connection: asyncpg.Connection,
    interruptions: Interruptions,
    day: date,
    as_of: date | None = None,
    known_at: date | None = None,
) -> dict[str, list[Debt]]:
    """Return the open debts of the accounts that ``interruptions`` names, counting what is of value by ``as_of``.

    As known at a book; None: of any date, known now.
    """
    lines = await ledger.load_lines(connection, interruptions)
    heads = await ledger.load_heads(connection, interruptions)
    rules = await rules_of(connection, interruptions, None, known_at)
    found = {}
    for account_id, own in interruptions.items():
        known = as_known(lines.get(account_id, ()), heads.get(account_id, ()), as_of, known_at)
        items = position(*known, day, rules[account_id]).items
        found[account_id] = [prescription.debt_of(one, own) for one in items]
    return found


async def debts_of(connection: asyncpg.Connection, account_id: str, day: date) -> list[Debt]:
    """Return the open debts of one account on a day, by all that is known now; money of a later day does not count."""
    known = await stored.load_of_accounts(connection, [account_id])
    return (await open_debts(connection, {account_id: _counted(known, account_id, None)}, day, day))[account_id]


@dataclass(frozen=True, slots=True)
class Aged:
    """What came into nearer bands: how many debts, and how many pence of them."""

    debts: Counter[Band] = field(default_factory=Counter)
    pence: Counter[Band] = field(default_factory=Counter)


async def come_of_age(sessions: Sessions, closed: date, day: date) -> Aged:
    """Return what came into a nearer band since the day last closed.

    Cheap on a day on which nothing can have: what may have is found by indexes.  Read while the gate is shut, so that
    no figure moves meanwhile.
    """
    aged = Aged()
    async with question(sessions) as connection:
        windows, begun_by = prescription.windows(closed, day), prescription.begun_within_bands(day)
        touched = await stored.list_touched(connection, windows, begun_by, closed, NOTHING_OPEN)
        for start in range(0, len(touched), _AT_ONCE):
            for band, debt in await _entered(connection, touched[start : start + _AT_ONCE], closed, day):
                aged.debts[band] += 1
                aged.pence[band] += debt.open.open_pence
            await asyncio.sleep(0)
    return aged


def tell(work: Work, aged: Aged) -> None:
    """Let the log say what came into nearer bands in a day's work; nothing is said of nothing."""
    if not aged.debts:
        return
    debts, pence = aged.debts, aged.pence
    work.tell(
        LogEvent.DEBT_AGED, day=work.book.isoformat(),
        past=debts[Band.PAST], past_pence=pence[Band.PAST],
        months_3=debts[Band.MONTHS_3], months_3_pence=pence[Band.MONTHS_3],
        months_6=debts[Band.MONTHS_6], months_6_pence=pence[Band.MONTHS_6],
        months_12=debts[Band.MONTHS_12], months_12_pence=pence[Band.MONTHS_12],
    )  # fmt: skip


async def _entered(
    connection: asyncpg.Connection, account_ids: Sequence[str], closed: date, day: date
) -> list[tuple[Band, Debt]]:
    """Return what is in a nearer band than before; what was before is looked at only where something is in one."""
    known = await stored.load_of_accounts(connection, account_ids)
    now = await open_debts(connection, {name: _counted(known, name, None) for name in account_ids}, day)
    old = {name: debts for name, debts in now.items() if any(_is_near(debt, day) for debt in debts)}
    before = await open_debts(connection, {name: _counted(known, name, closed) for name in old}, closed, None, closed)
    return [one for name, debts in old.items() for one in prescription.entered(before[name], closed, debts, day)]


def _is_near(debt: Debt, day: date) -> bool:
    return prescription.band_of(debt.prescribes_on, day) is not Band.LATER


def _counted(known: Interruptions, account_id: str, known_at: date | None) -> tuple[Interruption, ...]:
    return prescription.counted(known.get(account_id, ()), None, known_at)
