"""The owners service at its own door, without Kafka: records in, what it keeps and says out."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from services.owners.handlers import router
from shared.bus.batch import Applier
from shared.bus.letters import Taken
from shared.db import create_engine, session_factory
from shared.db.engine import connect
from shared.embedded.databases import ServiceUrls
from shared.events.base import EventData
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
)
from tests.support.desk import ServiceDesk
from tests.support.ownership import START
from tests.support.servers import Databases

BOOK = date(2026, 4, 1)


def channel_of(data: EventData) -> Channel:
    """Return the housing topic that data of this kind travels on."""
    kinds = {OwnershipChanged: OWNERSHIP_CHANGED, SharesPublished: SHARES_PUBLISHED, ContactChanged: CONTACT_CHANGED}
    return kinds.get(type(data), UNIT_REGISTERED)


@dataclass
class Desk(ServiceDesk):
    """Owners' desk; the book stays the same."""

    service = "owners"
    urls: ServiceUrls
    sessions: Any
    book: date = BOOK
    offset: int = 0
    applier: Applier = field(default_factory=lambda: Applier("owners", router))

    async def hear(self, *batch: EventData, after: int | None = None, event_id: str = "") -> list[str]:
        """Apply one batch and return each record's disposition; ``after``: minutes from the start it was told."""
        return await self.apply([self.taken(data, after, event_id) for data in batch], self.book)

    def taken(self, data: EventData, after: int | None = None, event_id: str = "") -> Taken:
        """Return data as the record that the pump would hand over."""
        self.offset += 1
        channel = channel_of(data)
        told_at = START + timedelta(minutes=self.offset if after is None else after)
        value = encode(channel, data, id=event_id or f"e{self.offset}", source="housing", time=told_at)
        return self.record(channel, data, value)

    async def line(self, unit_id: str = "U1") -> OwnershipLineChanged:
        """Return the line that was said last of a unit."""
        lines: Sequence[OwnershipLineChanged] = [one for one in await self.said(OWNERS_LINE) if one.unit_id == unit_id]
        return lines[-1]

    async def contact(self, contact_id: str) -> ContactDetailsChanged:
        """Return what was said last of a contact."""
        said: Sequence[ContactDetailsChanged] = await self.said(OWNERS_CONTACT)
        return next(one for one in reversed(said) if one.contact_id == contact_id)


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
