"""Commands of people given again to a database that forgot them: effect, record, proposal and audit."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import asyncpg

from shared.bus import letters, queries
from shared.bus.commands import Given, Json
from shared.bus.kinds import BUS_KINDS, DISCARD, put_away
from shared.bus.proposals import Kind, Proposal
from shared.bus.service import Service
from shared.bus.work import Work
from shared.db.engine import driver
from shared.db.rows import only_row
from shared.rebuild.likeness import Deed

_ADD = """
insert into msg.proposal (kind, subject, body, why, proposed_by, expires_at) values ($1, $2, $3::jsonb, $4, $5, $6)
returning id
"""
_ADD_AS = """
insert into msg.proposal (kind, subject, body, why, proposed_by, expires_at, id) overriding system value
values ($1, $2, $3::jsonb, $4, $5, $6, $7)
"""
_THERE = "select exists (select from msg.proposal where id = $1)"
_PROPOSAL = "select kind, subject, body, why, proposed_by, expires_at from msg.proposal where id = $1"
_DECIDE = """
update msg.proposal set status = $2, decided_by = $3, decided_at = now(), decision_note = $4, book = $5
where id = $1 and status = 'open'
"""


class UnrepeatableError(Exception):
    """A command cannot take effect again as it did; the text is a sentence for people."""


class Deeds:
    """What a service's people may have done, by kind of command, done again as it was recorded.

    Nobody is asked again: who may do what was decided when it was done.
    """

    def __init__(self, service: Service) -> None:
        self._kinds: Mapping[str, Kind] = {kind.name: kind for kind in (*BUS_KINDS, *service.kinds)}
        self._deeds: Mapping[str, Deed] = service.likeness.deeds if service.likeness else {}

    async def repeat(self, work: Work, given: Given, answer: Json) -> None:
        """Let a command take effect in ``work``; raises ``UnrepeatableError``."""
        connection = await driver(work.session)
        if given.approved_by is not None:
            note = answer.get("note", "")
            await _decide(connection, int(given.key), "approved", given.approved_by, note, work.book)
            await self._approved(work, connection, given, answer)
            return
        match given.kind:
            case "propose":
                await _propose(connection, given, answer["id"])
            case "reject":
                await _decide(connection, answer["id"], "rejected", given.who, given.why, None)
            case "republish":
                pass  # what was said again is in Kafka
            case "quarantine-release":
                await connection.fetch(queries.RELEASE, given.content["topic"], given.content["partition"])
            case DISCARD.name:
                await put_away(work, await number_at(connection, answer), given.who, given.why)
            case kind if kind in self._deeds:
                await self._deeds[kind](work, given.content)
            case kind:
                raise UnrepeatableError(f"Nobody knows how the command {kind} takes effect again.")

    async def _approved(self, work: Work, connection: asyncpg.Connection, given: Given, answer: Json) -> None:
        """Let what a second person approved take effect."""
        if given.kind == DISCARD.name:
            await put_away(work, await number_at(connection, answer["answer"]), given.who, given.why)
            return
        row = await only_row(connection, _PROPOSAL, int(given.key))
        await self._kinds[given.kind].apply(work, Proposal(**dict(row)))


async def number_at(connection: asyncpg.Connection, answer: Json) -> int:
    """Return the number that a letter has now; raises ``UnrepeatableError`` when no letter is of its place."""
    try:
        return await letters.number_of(connection, *answer["place"])
    except LookupError as error:
        raise UnrepeatableError(f"A command decided a dead letter that there is not: {error}.") from error


async def _propose(connection: asyncpg.Connection, given: Given, number: int) -> None:
    """Keep a proposal under the number it had, and let those that follow get higher ones."""
    if await connection.fetchval(_THERE, number):
        return
    values = _values(given)
    while await _drawn(connection, values) < number:
        pass
    await connection.execute(_ADD_AS, *values, number)


async def _drawn(connection: asyncpg.Connection, values: tuple[Any, ...]) -> int:
    """Return the next number, which nobody gets: a number is drawn for good, its row is taken back.

    A service may draw numbers by inserting only; to set the sequence is its owner's right.
    """
    attempt = connection.transaction()
    await attempt.start()
    number: int = await connection.fetchval(_ADD, *values)
    await attempt.rollback()
    return number


def _values(given: Given) -> tuple[Any, ...]:
    """Return the columns of a proposal, from the record of its making."""
    expires = given.content["expires_at"]
    body = json.dumps(given.content["body"])
    moment = datetime.fromisoformat(expires) if expires else None
    return given.content["kind"], given.subject, body, given.why, given.who, moment


async def _decide(
    connection: asyncpg.Connection, number: int, status: str, who: str, note: str, book: date | None
) -> None:
    """Write a decision that was made in time."""
    if await connection.execute(_DECIDE, number, status, who, note, book) != "UPDATE 1":
        raise UnrepeatableError(f"Proposal {number} was {status}, and is not open in this database.")
