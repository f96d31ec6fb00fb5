"""The owners service at its own door, without Kafka: records in, what it keeps and says out."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from services.owners.handlers import router
from shared.bus.batch import Applier
from shared.bus.letters import Taken
from shared.bus.work import Cause, Work
from shared.db import create_engine, driver, session_factory
from shared.db.engine import connect
from shared.embedded.databases import ServiceUrls
from shared.events.base import Event, EventData
from shared.events.decode import Record, decode
from shared.events.envelope import encode
from shared.events.housing import ContactChanged, OwnershipChanged, SharesPublished
from shared.events.owners import ContactDetailsChanged, OwnershipLineChanged
from shared.events.topics import (
    CONTACT_CHANGED,
    OWNERS_CONTACT,
    OWNERS_LINE,
    OWNERSHIP_CHANGED,
    SHARES_PUBLISHED,
    UNIT_REGISTERED,
    Channel,
    key_of,
)
from tests.support.ownership import START
from tests.support.servers import Databases

BOOK = date(2026, 4, 1)


def channel_of(data: EventData) -> Channel:
    """Return the housing topic that data of this kind travels on."""
    kinds = {OwnershipChanged: OWNERSHIP_CHANGED, SharesPublished: SHARES_PUBLISHED, ContactChanged: CONTACT_CHANGED}
    return kinds.get(type(data), UNIT_REGISTERED)


@dataclass
class Desk:
    """Hands batches to the bus's applier as the pump does, each in one transaction of the service's own role."""

    urls: ServiceUrls
    sessions: Any
    book: date = BOOK
    offset: int = 0
    applier: Applier = field(default_factory=lambda: Applier("owners", router))

    async def hear(self, *batch: EventData, after: int | None = None, event_id: str = "") -> list[str]:
        """Apply one batch and return each record's disposition; ``after``: minutes from the start it was told."""
        return await self.apply([self.taken(data, after, event_id) for data in batch])

    async def apply(self, taken: list[Taken]) -> list[str]:
        """Apply one batch of decoded records."""
        async with self.sessions.begin() as session:
            work = Work(session, service="owners", book=self.book, cause=Cause("test", str(self.offset)))
            outcome = await self.applier.apply(work, taken)
        return [str(verdict.disposition) for _, verdict in outcome.verdicts]

    def taken(self, data: EventData, after: int | None = None, event_id: str = "") -> Taken:
        """Return data as the record that the pump would hand over."""
        self.offset += 1
        channel = channel_of(data)
        told_at = START + timedelta(minutes=self.offset if after is None else after)
        value = encode(channel, data, id=event_id or f"e{self.offset}", source="housing", time=told_at)
        record = Record(channel.topic, 0, self.offset, key_of(channel, data).encode(), value)
        return Taken(record, decode(record))

    async def said(self, channel: Channel) -> list[Any]:
        """Return the data of every event said on a topic, in order."""
        rows = await self.rows(
            "select body, msg_key, topic from msg.event_log where topic = $1 order by seq", channel.topic
        )
        events = [decode(Record(row["topic"], 0, 0, row["msg_key"].encode(), row["body"])) for row in rows]
        return [event.data for event in events if isinstance(event, Event)]

    async def line(self, unit_id: str = "U1") -> OwnershipLineChanged:
        """Return the line that was said last of a unit."""
        lines: Sequence[OwnershipLineChanged] = [one for one in await self.said(OWNERS_LINE) if one.unit_id == unit_id]
        return lines[-1]

    async def contact(self, contact_id: str) -> ContactDetailsChanged:
        """Return what was said last of a contact."""
        said: Sequence[ContactDetailsChanged] = await self.said(OWNERS_CONTACT)
        return next(one for one in reversed(said) if one.contact_id == contact_id)

    async def held(self) -> list[str]:
        """Return what the held events wait for."""
        return [row["needs"] for row in await self.rows("select needs from msg.held order by needs")]

    async def dead(self) -> list[str]:
        """Return the reasons of the dead letters."""
        return [row["reason_code"] for row in await self.rows("select reason_code from msg.dead_letter order by id")]

    async def rows(self, query: str, *values: object) -> list[Any]:
        """Return what a query finds."""
        async with self.sessions.begin() as session:
            return await (await driver(session)).fetch(query, *values)


@pytest.fixture
async def desk(databases: Databases) -> AsyncIterator[Desk]:
    urls = await databases("owners")
    engine = create_engine(urls.app_url, application_name="owners-tests")
    yield Desk(urls, session_factory(engine))
    await engine.dispose()


@pytest.fixture
async def table_owner(desk: Desk) -> AsyncIterator[Any]:
    """A connection that may do what the service's own role may not."""
    connection = await connect(desk.urls.owner_url, application_name="owners-tests")
    yield connection
    await connection.close()
