"""The newest statement holds, whatever order they arrive in (contract.md 2)."""

from datetime import datetime

from services.owners.domain.newest import Stamp, Told, sort_out
from shared.events.base import Event
from shared.events.housing import UnitRegistered
from shared.events.topics import UNIT_REGISTERED
from tests.support.ownership import a_unit, an_event


def told(locality: str, after: int, event_id: str = "") -> Event[UnitRegistered]:
    """Return a registration told some minutes after the start."""
    return an_event(UNIT_REGISTERED, a_unit("U1", locality=locality), after=after, event_id=event_id)


def after_arrivals(*arrivals: Event[UnitRegistered], known: Event[UnitRegistered] | None = None) -> str | None:
    """Return the locality that is newest after the arrivals; nothing when nothing newer came."""
    before = {"U1": Told(Stamp.of(known), known.data)} if known else {}
    newest = sort_out(before, [("U1", one) for one in arrivals]).newest
    return newest["U1"].data.locality if newest else None


def test_the_first_statement_is_the_newest() -> None:
    assert after_arrivals(told("East", 1)) == "East"


def test_a_newer_statement_takes_the_place_of_an_older_one() -> None:
    assert after_arrivals(told("West", 2), known=told("East", 1)) == "West"


def test_an_older_statement_changes_nothing() -> None:
    assert after_arrivals(told("West", 1), known=told("East", 2)) is None


def test_the_newest_of_a_batch_holds_in_any_order() -> None:
    batch = told("East", 1), told("West", 3), told("North", 2)
    assert after_arrivals(*batch) == after_arrivals(*reversed(batch)) == "West"


def test_at_one_instant_the_greater_event_id_is_newer() -> None:
    assert after_arrivals(told("West", 1, "b"), told("East", 1, "a")) == "West"


def test_a_repeat_moves_on_when_it_was_said_last() -> None:
    arrived = sort_out({}, [("U1", told("East", 1)), ("U1", told("East", 3)), ("U1", told("West", 2))])
    assert [one.data.locality for one in arrived.repeats] == ["East"]
    assert arrived.newest["U1"].data.locality == "East"


def test_case_52_in_the_hour_that_occurs_twice_the_second_time_is_newer() -> None:
    """On 25 October 2026 clocks go back: half past one in summer time is an hour before that in winter time."""
    summer, winter = (
        told(locality, 0, event_id)._replace(time=datetime.fromisoformat(f"2026-10-25T01:30:00+0{offset}:00"))
        for locality, event_id, offset in (("East", "b", 1), ("West", "a", 0))
    )
    assert after_arrivals(winter, summer) == after_arrivals(summer, winter) == "West"
