"""The simulated housing system as a whole: what it says each day, and what it learns from billing's answers."""

from collections.abc import Iterable
from datetime import date, timedelta

from shared.events.base import Event, EventData
from shared.events.billing import AccountOpened, StatementIssued
from shared.events.topics import UNIT_REGISTERED
from shared.simulation import mishaps, payers, running_costs, sales, share_sets, works
from shared.simulation.diary import Diary, Remark
from shared.simulation.office import add_months, working_day
from shared.simulation.portfolio import Development, build
from shared.simulation.sales import Story

FIRST_DAY = date(2025, 1, 1)
_REGISTERED_LATE = timedelta(days=52)


def story_of(seed: int, quarters: int, first: date = FIRST_DAY) -> Story:
    """Return the days of a story: it opens the day before its first quarter and ends when the last one is billed."""
    return Story(seed, first - timedelta(days=1), first, add_months(first, 3 * quarters))


class HousingSystem:
    """Says what happened day by day; pure: the same seed and the same answers give the same bytes."""

    def __init__(self, story: Story, units: int) -> None:
        self.story = story
        self.source = f"housing-system/{story.seed}"
        self.diary = Diary(self.source, story.opened_on)
        self.developments = build(story.seed, units, story.opened_on)
        _write(story, self.diary, self.developments)
        self.planted = mishaps.plant(story, self.diary)

    def say(self, day: date) -> list[Remark]:
        """Return what is said on ``day``; days are asked for in order, each once."""
        said = self.diary.take(day)
        mishaps.repeat_some(self.story.seed, self.diary, day, said)
        return said

    def stretch(self, day: date) -> list[date]:
        """Return the days that end together: ``day`` and those after it on which nothing is said."""
        last = min(self.diary.quiet_until(day), self.story.last)
        return [day + timedelta(days=number) for number in range((last - day).days + 1)]

    def hear(self, events: Iterable[Event[EventData]], today: date) -> None:
        """Let owners act on what billing said up to the end of ``today``; the order of the events does not matter."""
        self.diary.opened_on = max(self.diary.opened_on, today + timedelta(days=1))
        for event in events:
            if isinstance(event.data, StatementIssued):
                payers.answer(self.story.seed, self.diary, event.data)
            elif isinstance(event.data, AccountOpened):
                payers.welcome(self.story.seed, self.diary, event.data, today)


def _write(story: Story, diary: Diary, developments: tuple[Development, ...]) -> None:
    """Fill the diary with everything that does not depend on answers."""
    units = [unit for development in developments for unit in development.units]
    late = developments[0].houses[-1] if len(units) > 1 else None
    for unit in units:
        day = working_day(story.opened_on + _REGISTERED_LATE) if unit is late else story.opened_on
        diary.note(day, UNIT_REGISTERED, unit, f"unit/{unit.unit_id}")
    share_sets.publish(story.seed, diary, developments, story.opened_on)
    sales.first_owners(story, diary, units)
    sales.sales(story, diary, units)
    sales.contacts(story, diary, units)
    works.opening_balances(story, diary, units)
    for development in developments:
        running_costs.note_all(story, diary, development)
        works.note_all(story, diary, development)
    mishaps.unknown_money(story, diary)
