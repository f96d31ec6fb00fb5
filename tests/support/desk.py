"""What the desks of all services do: batches in as the pump hands them over, and what is kept and said out."""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from shared.bus.batch import Applier
from shared.bus.letters import Taken
from shared.bus.work import Cause, Work
from shared.db import driver
from shared.events.base import Event, EventData
from shared.events.decode import Record, decode
from shared.events.topics import Channel, key_of


class ServiceDesk:
    """A service at its own door, without Kafka, in the service's own role; each desk adds what it is told."""

    service: ClassVar[str]
    sessions: Any
    offset: int
    applier: Applier

    def record(self, channel: Channel, data: EventData, value: bytes) -> Taken:
        """Return data as the record that the pump would hand over."""
        record = Record(channel.topic, 0, self.offset, key_of(channel, data).encode(), value)
        return Taken(record, decode(record))

    async def apply(self, taken: Sequence[Taken], book: date) -> list[str]:
        """Apply one batch in one transaction and return each record's disposition."""
        async with self.sessions.begin() as session:
            work = Work(session, service=self.service, book=book, cause=Cause("test", str(self.offset)))
            outcome = await self.applier.apply(work, taken)
        return [str(verdict.disposition) for _, verdict in outcome.verdicts]

    async def said(self, channel: Channel) -> list[Any]:
        """Return the data of every event said on a topic, in order; one whose content was erased is left out."""
        rows = await self.rows("select body, msg_key from msg.event_log where topic = $1 order by seq", channel.topic)
        events = [decode(Record(channel.topic, 0, 0, row["msg_key"].encode(), row["body"])) for row in rows]
        return [event.data for event in events if isinstance(event, Event)]

    async def held(self) -> list[str]:
        """Return what the held events wait for."""
        return [row["needs"] for row in await self.rows("select needs from msg.held order by needs")]

    async def dead(self) -> list[str]:
        """Return the reasons of the dead letters."""
        return [row["reason_code"] for row in await self.rows("select reason_code from msg.dead_letter order by id")]

    async def rows(self, query: str, *values: object) -> list[Any]:
        """Return what a query finds, or do what a statement says."""
        async with self.sessions.begin() as session:
            return await (await driver(session)).fetch(query, *values)
