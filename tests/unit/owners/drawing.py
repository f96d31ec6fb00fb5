"""Short ways to draw a line and to write down what it should be."""

from collections.abc import Sequence
from datetime import date

from services.owners.domain.changes import change_of
from services.owners.domain.line import Line, UnitFacts, line_of
from shared.events.housing import OwnershipChanged, Tenure
from tests.support.ownership import MANAGED_FROM

OWNED = UnitFacts(Tenure.OWNED, MANAGED_FROM)
ASSOCIATION_OWNED = UnitFacts(Tenure.ASSOCIATION, MANAGED_FROM)


def draw(*changes: OwnershipChanged, unit: UnitFacts = OWNED) -> Line:
    """Return the line of a unit with these changes."""
    return line_of(unit, [change_of(change) for change in changes])


def days(line: Line) -> list[tuple[str | None, str, str | None]]:
    """Return the periods as ``(ownership_id, from, to)``."""
    return [(one.ownership_id, _text(one.from_) or "", _text(one.to)) for one in line.periods]


def without(line: Line) -> dict[str, str]:
    """Return the chains without days of their own, with the reason."""
    return {one.ownership_id: str(one.reason) for one in line.without_period}


def owners(line: Line) -> list[Sequence[str]]:
    """Return the parties of each period."""
    return [one.party_ids for one in line.periods]


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
