"""Ownership lines: drawn anew whenever a unit's facts or changes did, and said when they came out different."""

from collections.abc import Mapping
from typing import Any

from services.owners.db import changes, lines, units
from services.owners.domain.changes import change_of
from services.owners.domain.line import Line, UnitFacts, line_of
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.housing import OwnershipChanged, UnitRegistered
from shared.events.owners import OwnershipLineChanged
from shared.events.topics import OWNERS_LINE


async def draw_lines(work: Work, causes: Mapping[str, Event[Any]], history: changes.History) -> None:
    """Draw the line of each unit (the caller holds its lock) and say those that differ from what was said last.

    ``causes`` gives the event that led to it, ``history`` its changes; ``version`` counts 1, 2, 3 … per unit.
    """
    connection = await driver(work.session)
    facts = await units.load_units(connection, causes)
    before = await lines.load_lines(connection, causes)
    said: list[OwnershipLineChanged] = []
    for unit_id in sorted(causes):
        line = drawn(facts[unit_id].data, history[unit_id])
        if line != as_line(before.get(unit_id)):
            said.append(_next_version(unit_id, before.get(unit_id), line))
    await lines.add_lines(connection, said, work.book)
    for one in said:
        work.stage(OWNERS_LINE, one, cause=causes[one.unit_id])


def drawn(unit: UnitRegistered, history: list[OwnershipChanged]) -> Line:
    """Return the line that follows from a unit's registration and its changes."""
    return line_of(facts_of(unit), [change_of(change) for change in history])


def facts_of(unit: UnitRegistered) -> UnitFacts:
    """Return what of a registration its line depends on."""
    return UnitFacts(unit.tenure, unit.managed_from, unit.managed_to)


def as_line(said: OwnershipLineChanged | None) -> Line:
    """Return a line as it was said; one that was never said is empty."""
    return Line(said.line, said.without_period) if said is not None else Line()


def _next_version(unit_id: str, before: OwnershipLineChanged | None, line: Line) -> OwnershipLineChanged:
    version = before.version + 1 if before is not None else 1
    return OwnershipLineChanged(unit_id=unit_id, version=version, line=line.periods, without_period=line.without_period)
