"""Follow what direct debits are told to take: nobody is reminded of money that is on its way."""

from collections.abc import Sequence

from services.arrears.db import collections
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.billing import CollectionAnnounced, CollectionEnded


async def note_announced(work: Work, events: Sequence[Event[CollectionAnnounced]]) -> None:
    """Owners were told of a collection.  Announcements of before billing said how they end are passed over."""
    told = [event.data for event in events if event.data.settled_by is not None]
    await collections.announce(await driver(work.session), told, work.book)


async def note_ended(work: Work, events: Sequence[Event[CollectionEnded]]) -> None:
    """Nothing is taken of what owners were told."""
    await collections.end(await driver(work.session), [event.data for event in events], work.book)
