"""Door 1, Kafka: what owners hears, each batch to one use case."""

from collections.abc import Sequence

from services.owners.usecases import contacts, ownership, shares, units
from shared.bus.handlers import Router
from shared.bus.work import Work
from shared.events.base import Event
from shared.events.housing import ContactChanged, OwnershipChanged, SharesPublished, UnitRegistered
from shared.events.topics import CONTACT_CHANGED, OWNERSHIP_CHANGED, SHARES_PUBLISHED, UNIT_REGISTERED

router = Router()


@router.hears(UNIT_REGISTERED)
async def units_registered(work: Work, events: Sequence[Event[UnitRegistered]]) -> None:
    """Take units into the registry."""
    await units.register_units(work, events)


@router.hears(SHARES_PUBLISHED)
async def shares_published(work: Work, events: Sequence[Event[SharesPublished]]) -> None:
    """Take share sets into the registry."""
    await shares.publish_shares(work, events)


@router.hears(OWNERSHIP_CHANGED)
async def ownership_changed(work: Work, events: Sequence[Event[OwnershipChanged]]) -> None:
    """Draw the lines of units that changed hands."""
    await ownership.change_ownership(work, events)


@router.hears(CONTACT_CHANGED)
async def contacts_changed(work: Work, events: Sequence[Event[ContactChanged]]) -> None:
    """Note how parties want to be reached."""
    await contacts.change_contacts(work, events)
