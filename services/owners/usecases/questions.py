"""Questions about units: what is registered, who owned it when, and why the line is what it is."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.owners.db import changes, lines, shares, units
from services.owners.domain.changes import change_of
from services.owners.domain.line import Line
from services.owners.domain.reasons import Reasons, reasons_of
from services.owners.usecases.lines import as_line, facts_of
from shared.db.engine import driver
from shared.events.housing import UnitRegistered


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """A unit's line as it was known; version 0 when none was said: nobody is known to own the unit."""

    version: int
    line: Line


@dataclass(frozen=True, slots=True)
class UnitAnswer:
    """A unit's newest registration, its share in every set that names it, and its line."""

    unit: UnitRegistered
    shares: list[dict[str, Any]]
    line: LineAnswer


async def find_unit(session: AsyncSession, unit_id: str) -> UnitAnswer | None:
    """Return what is known of a unit, nothing when it is not registered."""
    connection = await driver(session)
    registered = await units.load_units(connection, [unit_id])
    if unit_id not in registered:
        return None
    named_in = await shares.list_shares_of_unit(connection, unit_id)
    line = await _line(connection, unit_id, date.max)
    return UnitAnswer(registered[unit_id].data, [dict(row) for row in named_in], line)


async def find_line(session: AsyncSession, unit_id: str, known_at: date) -> tuple[LineAnswer, Reasons] | None:
    """Return a unit's line and its reasons as known at the end of a book; the registration is always the newest."""
    connection = await driver(session)
    registered = await units.load_units(connection, [unit_id])
    if unit_id not in registered:
        return None
    history = await changes.load_history(connection, [unit_id], known_at)
    reasons = reasons_of(facts_of(registered[unit_id].data), [change_of(change) for change in history[unit_id]])
    return await _line(connection, unit_id, known_at), reasons


async def _line(connection: asyncpg.Connection, unit_id: str, known_at: date) -> LineAnswer:
    said = (await lines.load_lines(connection, [unit_id], known_at)).get(unit_id)
    return LineAnswer(said.version if said is not None else 0, as_line(said))
