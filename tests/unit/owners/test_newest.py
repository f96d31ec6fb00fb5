"""The newest statement holds, whatever order they arrive in (contract.md 2)."""

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
