"""What a day waits for before it is worked: its end, the services before us, their records, and that totals agree."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date

import asyncpg

from shared.bus import days, positions
from shared.bus.cuts import Cuts
from shared.bus.kinds import EVERY_TOPIC
from shared.bus.latecomers import Latecomers
from shared.bus.positions import Lane
from shared.bus.waiting import DIFFERS, Waiting
from shared.events.topics import LINE_OF_SERVICES, heard_by
from shared.log_events import LogEvent
from shared.logs import log

_STALLED_S = 0.1
_ACCEPTED = "select topic from msg.accepted_difference where day = $1"

Stops = Callable[[], Mapping[Lane, LogEvent]]
"""Says which lanes this process does not read on, and what stopped them."""

Wrong = Mapping[str, tuple[object, object]]
"""By topic, what a service before us says it said and what our inbox has of it."""


class Prerequisites:
    """Looks whether all that a service's next day needs is here.

    When totals differ it notes so in ``waiting`` at once and asks ``late`` for what is missing; ``wake`` has it looked
    again when that came; ``stops`` are the lanes whose positions prove nothing.
    """

    def __init__(
        self, service: str, cuts: Cuts, late: Latecomers, waiting: Waiting, wake: asyncio.Event, stops: Stops
    ) -> None:
        self._cuts = cuts
        self._late = late
        self._waiting = waiting
        self._wake = wake
        self._stops = stops
        self._hears = {channel.topic for channel in heard_by(service)}
        self._upstream = [
            name
            for name in LINE_OF_SERVICES[: LINE_OF_SERVICES.index(service)]
            if any(topic.startswith(f"{name}.") for topic in self._hears)
        ]
        self._proven: dict[Lane, int] = {}
        self._moved_at: dict[Lane, tuple[int, float]] = {}

    async def missing(self, connection: asyncpg.Connection, day: date) -> str | None:
        """Return what ``day`` still waits for: its end, the services before us, their records, their totals."""
        cut = await days.cut_of(connection, day)
        if cut is None:
            return ""
        closed = {name: await days.upstream(connection, name, day) for name in self._upstream}
        for name, answer in closed.items():
            if answer is None:
                return f"{name} to close {day}"
            cut |= answer[0]
        unread = await self._unread(connection, {lane: end for lane, end in cut.items() if lane[0] in self._hears})
        if unread is not None:
            return unread
        expected: days.Totals = {}
        for answer in closed.values():
            assert answer is not None
            expected |= {topic: total for topic, total in answer[1].items() if topic in self._hears and total.events}
        return await self._differences(connection, day, expected)

    async def _unread(self, connection: asyncpg.Connection, cut: Mapping[Lane, int]) -> str | None:
        """Return the first lane that has not been read past its cut; a stopped one has not, wherever it stands."""
        reached, stops = await positions.all_positions(connection), self._stops()
        for lane, end in cut.items():
            position = reached.get(lane, 0)
            if lane in stops:
                return f"{lane[0]} partition {lane[1]}: stopped, {stops[lane]}"
            if position < end and self._proven.get(lane, -1) < end and not await self._prove(lane, position, end):
                return f"{lane[0]} partition {lane[1]}: {end - position} to read"
        return await self._another_log({lane: reached[lane] for lane in cut if reached.get(lane)})

    async def _another_log(self, read: Mapping[Lane, int]) -> str | None:
        """Return the first lane whose log ends before what was read of it: it was made anew.

        The process that reads the lane may be another one, or not have come to its new records yet.
        """
        ends = await self._cuts.ends(read) if read else {}
        for lane, end in ends.items():
            if end < read[lane]:
                return f"{lane[0]} partition {lane[1]}: stopped, {LogEvent.POSITION_ABOVE_LOG_END}"
        return None

    async def _prove(self, lane: Lane, position: int, end: int) -> bool:
        """A lane that no longer moves may end in transaction markers: prove it, or keep waiting."""
        seen, since = self._moved_at.get(lane, (-1, 0.0))
        if seen != position:
            self._moved_at[lane] = (position, time.monotonic())
            return False
        if time.monotonic() - since < _STALLED_S or not await self._cuts.is_read(lane, position, end):
            return False
        self._proven[lane] = end
        return True

    async def _differences(self, connection: asyncpg.Connection, day: date, expected: days.Totals) -> str | None:
        """Compare the totals of the services before us with our inbox; note them when they agree."""
        actual = await self._taken_in(connection, day, sorted(expected))
        differ = {topic: (total, actual.get(topic)) for topic, total in expected.items() if actual.get(topic) != total}
        wrong = await self._not_accepted(connection, day, differ) if differ else {}
        if wrong:
            reason = self._report(day, wrong)
            self._waiting.note(day, reason)  # whoever asks is told, also when Kafka does not answer below
            if await self._late.take_in(sorted(wrong), day):
                self._wake.set()  # look again at once
            return reason
        await days.note_checked(connection, day, expected)
        return None

    async def _taken_in(self, connection: asyncpg.Connection, day: date, topics: list[str]) -> days.Totals:
        """Count on from the last totals that agreed: only the inbox rows of later books are counted again."""
        before = await days.checked(connection, topics)
        groups: defaultdict[date, list[str]] = defaultdict(list)
        for topic in topics:
            groups[before[topic][0] if topic in before else date.min].append(topic)
        actual: days.Totals = {topic: total for topic, (_, total) in before.items()}
        for since, members in groups.items():
            actual = days.add(actual, await days.taken_in(connection, members, since, day))
        return {topic: total for topic, total in actual.items() if total.events}

    async def _not_accepted(self, connection: asyncpg.Connection, day: date, wrong: Wrong) -> Wrong:
        """Return the differences that no second person has accepted for the day: of their topic, or of all."""
        accepted = {row["topic"] for row in await connection.fetch(_ACCEPTED, day)}
        return {} if EVERY_TOPIC in accepted else {t: both for t, both in wrong.items() if t not in accepted}

    def _report(self, day: date, wrong: Wrong) -> str:
        """Page the difference once and return it as what the day waits for."""
        parts = []
        for topic, (said, heard) in sorted(wrong.items()):
            lacks = getattr(said, "events", 0) - getattr(heard, "events", 0)
            pence = getattr(said, "amount_pence", 0) - getattr(heard, "amount_pence", 0)
            parts.append(f"{topic} book {day}: {lacks} events and {pence} pence differ")
        reason = DIFFERS + "; ".join(parts)
        if reason != self._waiting.reason:
            log(LogEvent.DAY_TOTALS_DIFFER, day=day.isoformat(), detail=reason)
        return reason
