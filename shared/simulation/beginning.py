"""Where a story may begin: only where no day has ended yet.

Told a second time its events would have ids that are used already, with other content: dead letters, until the
partition of the calendar stops and the days with it.
"""

from shared.cli.days import read_calendar
from shared.cli.kafka import Broker, reading
from shared.events.topics import DAY_ENDED
from shared.simulation.sales import Story


class NotNewError(Exception):
    """Days have ended here that are not this story's, or only some that are: it cannot be told any more."""


async def is_told(story: Story, broker: Broker) -> bool:
    """Say whether this story was told here before, to its last day.

    Raises ``NotNewError`` where it was not, and cannot be.
    """
    async with reading(broker, [DAY_ENDED.topic]) as reader:
        calendar = await read_calendar(reader)
    if calendar is None:
        return False
    if calendar.first == story.opened_on and calendar.last >= story.last:
        return True
    raise NotNewError(
        f"days from {calendar.first} to {calendar.last} have ended here, and the story is that of {story.opened_on} to"
        f" {story.last}: it is told to an installation that has ended none"
    )
