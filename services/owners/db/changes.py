"""Queries about changes of owner: every accepted one, whole, for ever."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date

import asyncpg

from services.owners.domain.admission import KnownChange
from shared.events.base import Event
from shared.events.housing import OwnershipChanged

_KNOWN = "select change_id, unit_id, sha from owners.changes where change_id = any($1)"
_HISTORY = """
select unit_id, content::text from owners.changes where unit_id = any($1) and book <= $2 order by unit_id, change_id
"""
_ADD = """
insert into owners.changes
  (change_id, unit_id, corrects, cancels, told_at, event_id, source, book, sha, content)
select change_id, unit_id, corrects, cancels, told_at, event_id, source, $10, sha, content::jsonb
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::bytea[],
  $9::text[]) as told(change_id, unit_id, corrects, cancels, told_at, event_id, source, sha, content)
"""

History = dict[str, list[OwnershipChanged]]
"""Every change of each unit, in order of change id."""


async def known_changes(connection: asyncpg.Connection, change_ids: Collection[str]) -> dict[str, KnownChange]:
    """Return which of the changes were accepted before, with their unit and their content's identity."""
    rows = await connection.fetch(_KNOWN, list(change_ids))
    return {row["change_id"]: KnownChange(row["unit_id"], bytes(row["sha"])) for row in rows}


async def load_history(connection: asyncpg.Connection, unit_ids: Collection[str], known_at: date = date.max) -> History:
    """Return everything accepted about who owns the units in books up to ``known_at``; a unit may have none."""
    history: defaultdict[str, list[OwnershipChanged]] = defaultdict(list)
    for row in await connection.fetch(_HISTORY, list(unit_ids), known_at):
        history[row["unit_id"]].append(OwnershipChanged.model_validate_json(row["content"]))
    return {unit_id: history[unit_id] for unit_id in unit_ids}


async def add_changes(connection: asyncpg.Connection, accepted: Sequence[Event[OwnershipChanged]], book: date) -> None:
    """Keep accepted changes, learnt in ``book``; corrections may stand before what they correct."""
    data = [event.data for event in accepted]
    await connection.execute(
        _ADD,
        [one.change_id for one in data],
        [one.unit_id for one in data],
        [one.corrects for one in data],
        [one.cancels for one in data],
        [event.time for event in accepted],
        [event.id for event in accepted],
        [event.source for event in accepted],
        [event.sha for event in accepted],
        [one.model_dump_json(exclude_none=True) for one in data],
        book,
    )
