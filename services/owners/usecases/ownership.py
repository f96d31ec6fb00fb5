"""Changes of owner: let in, kept for ever, and their units' lines drawn anew."""

from collections.abc import Sequence

from services.owners.db import changes, units
from services.owners.domain.admission import Accepted, Answer, Proposal, Refused, Repeated, Waits, admit
from services.owners.usecases import contacts, erasing, lines
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.housing import OwnershipChanged

Changes = Sequence[Event[OwnershipChanged]]


async def change_ownership(work: Work, events: Changes) -> None:
    """Let changes of owner in, count in what they say of their parties, and say the lines that came out different."""
    await _lock(work, events)
    answers = await _ask(work, events)
    accepted = [event for event, answer in zip(events, answers, strict=True) if _is_accepted(work, event, answer)]
    if not accepted:
        return
    connection = await driver(work.session)
    accepted = await erasing.without_erased(connection, accepted)
    await changes.add_changes(connection, accepted, work.book)
    await contacts.hear_of_parties(work, accepted)
    causes = {event.data.unit_id: event for event in accepted}
    history = await changes.load_history(connection, causes)
    await contacts.say_billing_contacts(work, causes, history)
    await lines.draw_lines(work, causes, history)
    work.known(*(f"change:{event.data.change_id}" for event in accepted))


async def _lock(work: Work, events: Changes) -> None:
    """Hold everything the changes are decided from: their units, themselves and what they name; and their parties.

    The names of changes keep a correction that begins to wait from missing the change it waits for.
    """
    data = [event.data for event in events]
    targets = {target for one in data for target in (one.corrects, one.cancels) if target is not None}
    await work.lock(
        exclusive={
            *(f"unit:{one.unit_id}" for one in data),
            *(f"change:{one.change_id}" for one in data),
            *(f"party:{party.party_id}" for one in data for party in one.parties),
        },
        shared={f"change:{target}" for target in targets},
    )


async def _ask(work: Work, events: Changes) -> Sequence[Answer]:
    """Return what becomes of each change, from what is known of their units and of the changes they name."""
    connection = await driver(work.session)
    proposals = [Proposal(event.data, event.sha) for event in events]
    named = {name for one in proposals for name in (one.data.change_id, one.target) if name is not None}
    return admit(
        proposals,
        await units.known_units(connection, {event.data.unit_id for event in events}),
        await changes.known_changes(connection, named),
    )


def _is_accepted(work: Work, event: Event[OwnershipChanged], answer: Answer) -> bool:
    """Pass the verdict on a change that is not let in; true when it is."""
    match answer:
        case Accepted():
            return True
        case Refused(rule, detail, field):
            work.refuse(event, rule, detail, field)
        case Waits(needs):
            work.hold(event, needs)
        case Repeated(is_conflict=True):
            work.conflict(event, f"change {event.data.change_id} is known with other content")
        case Repeated():
            work.duplicate(event)
    return False
