"""The address book: who owns what, how to reach them, which account is theirs."""

from collections.abc import Sequence

from services.notify.db import address_book, letters, messages
from shared.bus import forgetting
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.owners import ContactDetailsChanged, OwnershipLineChanged, UnitChanged
from shared.events.topics import OWNERS_CONTACT
from shared.log_events import LogEvent


async def change_contacts(work: Work, events: Sequence[Event[ContactDetailsChanged]]) -> None:
    """Keep how to reach people; what was written to somebody erased is blanked, what had not gone out is withdrawn."""
    connection = await driver(work.session)
    said = [event.data for event in events]
    await address_book.store_contacts(connection, said)
    erased = {(one.kind, one.contact_id) for one in said if one.erased}
    if erased:
        for message_id, account_id in await messages.withdraw(connection, erased):
            work.tell(
                LogEvent.LETTER_WITHDRAWN, message_id=str(message_id), account_id=account_id, reason_code="erased"
            )
    for _, contact_id in sorted(erased):
        await forgetting.blank_letters_of(connection, OWNERS_CONTACT.topic, contact_id)


async def change_units(work: Work, events: Sequence[Event[UnitChanged]]) -> None:
    """Keep where units are."""
    await address_book.store_units(await driver(work.session), [event.data for event in events])


async def change_lines(work: Work, events: Sequence[Event[OwnershipLineChanged]]) -> None:
    """Keep who owned what when, and look again at letters that waited for it."""
    connection = await driver(work.session)
    await address_book.store_lines(connection, [event.data for event in events])
    await letters.wake_letters(connection, {event.data.unit_id for event in events}, work.book)
