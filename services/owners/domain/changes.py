"""From the housing system's words to what a unit's line is drawn from."""

from services.owners.domain.chains import Cancellation, Change
from shared.events.housing import OwnershipChanged, PartyKind


def change_of(data: OwnershipChanged) -> Change | Cancellation:
    """Return what a line needs of an accepted change; of a cancellation nothing but what it cancels counts.

    The decoder has seen to it that a change which cancels nothing has a day of entry and parties.
    """
    if data.cancels is not None:
        return Cancellation(data.change_id, data.notified_on, data.cancels)
    assert data.date_of_entry is not None
    return Change(
        change_id=data.change_id,
        notified_on=data.notified_on,
        entry_on=data.date_of_entry,
        party_ids=tuple(dict.fromkeys(party.party_id for party in data.parties)),
        form=data.form,
        is_internal=all(party.kind is PartyKind.ASSOCIATION for party in data.parties),
        has_billing_contact=data.billing_contact is not None,
        corrects=data.corrects,
    )
