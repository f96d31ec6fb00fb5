"""Share sets: published from a day on; the newest publication of a day holds, whole or INCOMPLETE."""

from collections.abc import Sequence

from services.owners.db import shares
from services.owners.domain.newest import sort_out
from services.owners.domain.shares import is_complete, unit_named_twice
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.housing import SharesPublished
from shared.events.owners import SharesChanged
from shared.events.topics import OWNERS_SHARES


async def publish_shares(work: Work, events: Sequence[Event[SharesPublished]]) -> None:
    """Keep the newest publication of each set and effective day, and say what changed."""
    sound = _refuse_doubles(work, events)
    await work.lock(exclusive=(f"share-set:{event.data.share_set_id}" for event in sound))
    connection = await driver(work.session)
    known = await shares.load_versions(connection, {_key(event) for event in sound})
    arrived = sort_out(known, ((_key(event), event) for event in sound))
    complete = {key for key, event in arrived.newest.items() if is_complete(event.data.members)}
    await shares.store_versions(connection, arrived.newest, complete, work.book)
    for event in arrived.repeats:
        work.duplicate(event)
    for key, event in sorted(arrived.newest.items(), key=lambda item: item[0]):
        if key not in known or known[key].data != event.data:
            work.stage(OWNERS_SHARES, _as_said(event.data, complete=key in complete), cause=event)


def _refuse_doubles(work: Work, events: Sequence[Event[SharesPublished]]) -> list[Event[SharesPublished]]:
    """Refuse the sets that name a unit twice and return the others (contract.md section 4)."""
    sound: list[Event[SharesPublished]] = []
    for event in events:
        twice = unit_named_twice(event.data.members)
        if twice is None:
            sound.append(event)
        else:
            work.refuse(event, "unit-twice", f"unit {twice} stands in the set more than once", "members")
    return sound


def _key(event: Event[SharesPublished]) -> shares.VersionKey:
    return event.data.share_set_id, event.data.effective_from


def _as_said(data: SharesPublished, *, complete: bool) -> SharesChanged:
    """Return a publication as the other services hear it."""
    return SharesChanged(
        share_set_id=data.share_set_id,
        name=data.name,
        scope=data.scope,
        basis=data.basis,
        effective_from=data.effective_from,
        complete=complete,
        members=data.members,
    )
