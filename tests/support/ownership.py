"""Builders of ownership facts: say only what matters to the test."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.events.base import Event, EventData, content_sha
from shared.events.housing import (
    Address,
    BillingContact,
    ContactChanged,
    Member,
    OwnerParty,
    OwnershipChanged,
    PartyKind,
    SharesPublished,
    Tenure,
    TitleForm,
    UnitKind,
    UnitRegistered,
)
from shared.events.topics import Channel, key_of
from shared.events.uid import event_uid

MANAGED_FROM = date(2025, 1, 1)
START = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)


def day(text: str) -> date:
    """Return the day of an ISO date."""
    return date.fromisoformat(text)


def a_unit(unit_id: str = "U1", **facts: Any) -> UnitRegistered:
    """Return an owned flat, managed since the start of 2025."""
    given: dict[str, Any] = {
        "development_id": "D1", "block_id": "B1", "kind": UnitKind.FLAT, "tenure": Tenure.OWNED,
        "address": Address(lines=("1 Close",), town="Glasgow", postcode="G1 1AA"), "managed_from": MANAGED_FROM,
    }  # fmt: skip
    return UnitRegistered.model_validate({"unit_id": unit_id, **given, **facts}, strict=False)


def a_party(party_id: str, kind: PartyKind = PartyKind.PERSON, **facts: Any) -> OwnerParty:
    """Return an owner whose name is the id."""
    return OwnerParty.model_validate({"party_id": party_id, "kind": kind, "name": f"Owner {party_id}", **facts})


ASSOCIATION = a_party("HA", PartyKind.ASSOCIATION)


def a_change(change_id: str, entry: str = "2026-02-01", **facts: Any) -> OwnershipChanged:
    """Return a change of owner of unit U1, notified on its day of entry; its party is ``P-<id>``."""
    given: dict[str, Any] = {
        "unit_id": "U1", "date_of_entry": day(entry), "notified_on": day(entry), "form": TitleForm.SOLE,
        "parties": (a_party(f"P-{change_id}"),),
    }  # fmt: skip
    return OwnershipChanged.model_validate({"change_id": change_id, **given, **facts})


def a_cancellation(
    change_id: str, cancels: str, notified_on: str = "2026-03-01", unit_id: str = "U1"
) -> OwnershipChanged:
    """Return the statement that a change of unit U1 did not happen."""
    return OwnershipChanged(change_id=change_id, unit_id=unit_id, notified_on=day(notified_on), cancels=cancels)


def an_agent(name: str = "Agent", **facts: Any) -> BillingContact:
    """Return a letting agent who gets the bills."""
    return BillingContact.model_validate({"name": name, **facts})


def a_share_set(
    *shares: tuple[str, int, int], share_set_id: str = "S1", effective: str = "2025-01-01"
) -> SharesPublished:
    """Return a share set of the block of ``(unit_id, numerator, denominator)``."""
    return SharesPublished.model_validate(
        {
            "share_set_id": share_set_id, "name": "Close repairs", "scope": {"block_id": "B1"}, "basis": "title",
            "effective_from": day(effective),
            "members": tuple(Member(unit_id=unit, numerator=top, denominator=bottom) for unit, top, bottom in shares),
        },
        strict=False,
    )  # fmt: skip


def a_contact(party_id: str, **fields: Any) -> ContactChanged:
    """Return a contact change that names just these fields."""
    return ContactChanged.model_validate({"party_id": party_id, **fields}, strict=False)


def an_event(channel: Channel, data: EventData, *, event_id: str = "", after: int = 0) -> Event[Any]:
    """Return ``data`` as an event told ``after`` minutes after the start; its id is new unless given."""
    content = data.model_dump(mode="json", by_alias=True, exclude_unset=True)
    sha = content_sha(channel.type, content)
    name = event_id or f"{channel.topic}-{after}-{sha.hex()[:12]}"
    return Event(
        uid=event_uid("test", name), sha=sha, id=name, source="test", type=channel.type,
        time=START + timedelta(minutes=after), topic=channel.topic, key=key_of(channel, data), data=data,
    )  # fmt: skip
