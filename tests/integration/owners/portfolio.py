"""A small portfolio whose story is told in an order nobody chose, and the lines it must come to."""

from collections.abc import Iterable
from random import Random

from services.owners.domain.line import Line
from services.owners.usecases.lines import drawn
from shared.events.base import EventData
from shared.events.housing import OwnershipChanged, UnitRegistered
from tests.support.ownership import a_cancellation, a_change, a_contact, a_share_set, a_unit, day

LATE = day("2026-06-01")


def a_portfolio(units: int, random: Random) -> list[EventData]:
    """Return registrations, sales late and corrected and cancelled, shares and contacts, in an order nobody chose."""
    story: list[EventData] = []
    for number in range(units):
        unit_id, seller, buyer = f"U{number}", f"A{number}", f"B{number}"
        story.append(a_unit(unit_id, tenure="association" if number % 5 == 0 else "owned"))
        story.append(a_change(seller, "2025-03-01", unit_id=unit_id))
        story.append(a_contact(f"P-{seller}", email=f"seller{number}@x.scot"))
        if number % 2:
            story.append(a_change(buyer, "2026-02-10", unit_id=unit_id))
            story.append(a_change(f"C{number}", "2026-02-20", unit_id=unit_id, corrects=buyer, notified_on=LATE))
        if number % 4 == 3:
            story.append(a_cancellation(f"X{number}", cancels=f"C{number}", unit_id=unit_id))
        story.append(a_share_set((unit_id, 1, 1), share_set_id=f"S{number}"))
    random.shuffle(story)
    return story


def expected_lines(story: Iterable[EventData]) -> dict[str, Line]:
    """Return the line of each unit as the rules draw it from the whole story."""
    changes = [one for one in story if isinstance(one, OwnershipChanged)]
    return {
        unit.unit_id: drawn(unit, [one for one in changes if one.unit_id == unit.unit_id])
        for unit in story
        if isinstance(unit, UnitRegistered)
    }
