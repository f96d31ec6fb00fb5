"""Charges and credits that billing makes itself, as the events that the use cases for the housing system's take."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import TypeVar

import asyncpg

from services.billing.db import charges as stored_charges
from services.billing.domain import refs
from shared.events.base import Event, EventData, content_sha
from shared.events.housing import ChargeRaised
from shared.events.uid import event_uid

D = TypeVar("D", bound=EventData)


async def not_raised(connection: asyncpg.Connection, wanted: Sequence[ChargeRaised]) -> list[ChargeRaised]:
    """Return those of our charges that are not raised yet, each under a name that nobody else's charge has."""
    names = await free_names(connection, wanted)
    found = ((one, names.get(one.charge_id)) for one in wanted)
    return [one.model_copy(update={"charge_id": name}) for one, name in found if name is not None]


async def free_names(connection: asyncpg.Connection, wanted: Sequence[ChargeRaised]) -> dict[str, str]:
    """Return by our own name the one that each of our charges gets; one that is raised already is left out."""
    names = [name for one in wanted for name in (one.charge_id, refs.other_name(one.charge_id))]
    known = await stored_charges.known_names(connection, names)
    found = ((one.charge_id, refs.own_name(one.charge_id, known)) for one in wanted)
    return {own: name for own, name in found if name is not None}


def own_event(source: str, name: str, type_: str, topic: str, on: date, data: D) -> Event[D]:
    """Return data as an event of a day's work; its name is for ever, and nothing of it stands in Kafka."""
    content = data.model_dump(mode="json", by_alias=True, exclude_none=True)
    at = datetime.combine(on, time(), UTC)
    return Event(event_uid(source, name), content_sha(type_, content), name, source, type_, at, topic, name, data)
