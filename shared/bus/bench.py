"""The operator's bench: what a person may ask the bus of one service, and do to it; every deed leaves an audit row."""

import base64
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Protocol

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Caller
from shared.bus import audit, kinds, queries
from shared.bus.commands import Given, give, named
from shared.bus.day import Retrying
from shared.bus.failures import FailureKind, kind_of
from shared.bus.gate import GateClosedError
from shared.bus.lag import Lags
from shared.bus.positions import Lane
from shared.bus.proposals import Proposal, Proposals
from shared.bus.redrive import APPLIED, NotOpenError
from shared.bus.refusals import NotAllowedError, NotKnownError, NotNowError
from shared.bus.transaction import Doors
from shared.bus.waiting import DIFFERS
from shared.bus.work import OPENING_BOOK, Work
from shared.db.engine import driver
from shared.db.rows import only_row
from shared.events.topics import BY_TOPIC, said_by
from shared.log_events import LogEvent
from shared.logs import log

Json = dict[str, Any]


class _NothingStoppedError(Exception):
    """Nothing is in quarantine: there is no deed to record."""


class Redriver(Protocol):
    """Applies a dead letter again inside its service, through the same handlers."""

    async def redrive(self, dead_letter_id: int, given: Given, *, dry_run: bool = False) -> str:
        """Return ``done``, ``duplicate``, ``held``, or the reason why it is still dead."""
        ...


@dataclass(frozen=True)
class Bench:
    """The bench of one running service; ``stops`` are the lanes it does not read on, beside those in quarantine.

    ``retrying`` says how often a step of its day has failed in a row, and what failed last.
    """

    service: str
    doors: Doors
    redriver: Redriver
    lags: Lags
    waiting_for: Callable[[], str]
    proposals: Proposals
    stops: Callable[[], Mapping[Lane, LogEvent]] = dict
    retrying: Callable[[], Retrying | None] = lambda: None

    async def status(self) -> Json:
        """Return how the service stands: days, outbox, held, dead letters, every partition with position and lag.

        Ends and lags are ``None`` when Kafka does not answer; ``stopped`` is the event that stopped a partition.
        """
        async with self.doors.sessions() as session:
            connection = await driver(session)
            counts = await only_row(connection, queries.COUNTS)
            lanes = [dict(row) for row in await connection.fetch(queries.LANES)]
        measured = await self.lags.asked({(lane["topic"], lane["partition"]): lane["position"] for lane in lanes})
        stops = self.stops()
        for lane in lanes:
            place = lane["topic"], lane["partition"]
            lane["end"], lane["lag"] = measured[place] if measured is not None else (None, None)
            lane["stopped"] = _stopped(lane, stops.get(place))
        waiting, retrying = self.waiting_for(), self.retrying()
        return {
            "name": self.service,
            "last_day_closed": counts["last_closed"],
            "working": counts["working"],
            "stage": counts["stage"],
            "retrying": asdict(retrying) if retrying else None,
            "waiting_for": waiting or None,
            "totals_difference": waiting.removeprefix(DIFFERS) if waiting.startswith(DIFFERS) else None,
            "outbox": counts["outbox"],
            "held": counts["held"],
            "dead_letters": counts["dead_letters"],
            "kafka_answers": measured is not None,
            "lag": sum(lane["lag"] for lane in lanes) if measured is not None else None,
            "partitions": lanes,
        }

    async def letters(self, status: str | None, after: int, limit: int, group: str | None = None) -> list[Json]:
        """Return dead letters in the order they came, without their bytes; ``group``: only of this fingerprint."""
        async with self.doors.sessions() as session:
            rows = await (await driver(session)).fetch(queries.LETTERS, status, after, limit, group)
        return [self._letter(row) for row in rows]

    async def letter(self, number: int) -> Json:
        """Return one dead letter without its bytes."""
        async with self.doors.sessions() as session:
            return self._letter(await _found(session, number))

    async def whole_letter(self, number: int, who: str) -> Json:
        """Return one dead letter with key, value and headers in base64, and note in the audit who saw them."""
        async with self.doors.sessions.begin() as session:
            row = await _found(session, number)
            subject = f"dead-letter:{number}"
            head = await audit.note(await driver(session), who, "dead-letter-read", subject, "looked at", {})
        log(LogEvent.SENSITIVE_READ, subject=subject, who=who, audit_head=head)
        return self._letter(row) | _contents(row)

    def _letter(self, row: asyncpg.Record) -> Json:
        raw = {"raw_key", "raw_value", "raw_headers"}
        return {"service": self.service, **{name: value for name, value in row.items() if name not in raw}}

    async def rows(self, query: str, *values: object) -> list[Json]:
        """Return the rows of one of the bench's questions."""
        async with self.doors.sessions() as session:
            return [dict(row) for row in await (await driver(session)).fetch(query, *values)]

    async def redrive(self, number: int, given: Given, *, dry_run: bool = False) -> Json:
        """Apply a dead letter again; one that was decided before stays as it is, so twice does no harm.

        ``dry_run`` says what would become of it and leaves no trace.
        """
        found = await self.letter(number)
        told = {"letter": number, "event_id": found["event_id"], "topic": found["topic"], "who": given.who}
        log(LogEvent.DLQ_REPLAY_REQUESTED, **told, dry_run=dry_run)
        try:
            outcome, error = await self._attempt(number, given, dry_run=dry_run)
        except NotOpenError:
            found = await self.letter(number)
            return {"id": number, "status": found["status"], "outcome": "unchanged", "reason": None}
        applied = outcome in APPLIED
        if not dry_run:
            if not applied:
                await self._note(given.who, given.kind, given.subject, given.why, {"outcome": outcome})
            event = LogEvent.DLQ_REPLAY_DONE if applied else LogEvent.DLQ_REPLAY_FAILED
            log(event, **told, outcome=outcome, **error)
        return {
            "id": number,
            "status": "replayed" if applied and not dry_run else "open",
            "outcome": outcome,
            "reason": None if applied else outcome,
        }

    async def _attempt(self, number: int, given: Given, *, dry_run: bool) -> tuple[str, dict[str, Exception]]:
        """Return what became of a letter, and the error if it was one that nobody expected.

        A failure that will pass is raised: the caller tries again.
        """
        try:
            return await self.redriver.redrive(number, given, dry_run=dry_run), {}
        except (NotOpenError, GateClosedError):
            raise
        except Exception as error:
            if kind_of(error) is FailureKind.TRANSIENT:
                raise
            return "unexpected-failure", {"error": error}

    async def discard(self, number: int, caller: Caller, why: str, key: str | None = None) -> Json:
        """Put a dead letter away for good; its bytes stay.  One that carries money is proposed to a second person.

        One that is discarded ``already`` stays as it is; raises ``NotNowError`` for one that was applied.
        """
        letter = await self.letter(number)
        with suppress(kinds.DecidedError):
            return await self._discard(letter, caller, why, key)
        if (await self.letter(number))["status"] == "replayed":
            raise NotNowError(f"Dead letter {number} was applied already: there is nothing to discard.")
        return {"id": number, "status": "discarded", "already": True}

    async def _discard(self, letter: Json, caller: Caller, why: str, key: str | None) -> Json:
        """Discard an open letter, or propose it."""
        number, place = letter["id"], [letter["topic"], letter["partition"], letter["offset"]]
        subject, content = kinds.subject_at(place), {"dead_letter": number, "place": place}
        if _carries_money(letter):
            told = content | {"letter": kinds.as_proposed(letter)}
            proposal = Proposal(kinds.DISCARD.name, subject, told, why, caller.subject)
            made = await self.proposals.propose(caller, proposal, key)
            return {"id": number, "status": letter["status"], "proposal": made["id"]}
        if "operator" not in caller.roles:
            raise NotAllowedError("To discard a letter without money needs the role operator.")
        given = Given(kinds.DISCARD.name, subject, caller.subject, why, content, **named(key))
        return await give(
            self.doors, given, lambda work: kinds.put_away(work, number, caller.subject, why), kinds.DISCARD.event
        )

    async def release(self, topic: str | None, partition: int | None, who: str, why: str, key: str | None) -> Json:
        """Let quarantined partitions go on: the named one, a topic's, or all; where none is, nothing is released."""
        content = {"topic": topic, "partition": partition}

        async def effect(work: Work) -> Json:
            connection = await driver(work.session)
            rows = await connection.fetch(queries.RELEASE, topic, partition)
            if not rows and not await connection.fetchval(queries.IS_READ, topic, partition):
                raise NotKnownError(f"The service {self.service} reads no such partition.")
            if not rows:
                raise _NothingStoppedError
            for lane in rows:
                work.tell(LogEvent.QUARANTINE_RELEASED, **lane, who=who)
            return {"released": [dict(row) for row in rows]}

        given = Given("quarantine-release", topic or kinds.EVERY_TOPIC, who, why, content, **named(key))
        try:
            return await give(self.doors, given, effect)
        except _NothingStoppedError:
            return {"released": []}

    async def republish(self, topic: str, book: date, who: str, why: str, key: str | None) -> Json:
        """Say a book of one of our topics again, in its order; hearers that have it take no notice."""
        if topic not in {channel.topic for channel in said_by(self.service)}:
            raise NotKnownError(f"The service {self.service} does not say {topic}.")
        content = {"topic": topic, "book": str(book)}

        async def effect(work: Work) -> Json:
            connection = await driver(work.session)
            return content | {"events": await connection.fetchval(queries.REPUBLISH, topic, book, OPENING_BOOK)}

        given = Given("republish", f"{topic}:{book}", who, why, content, **named(key))
        return await give(self.doors, given, effect, LogEvent.BOOK_REPUBLISHED)

    async def accept_difference(
        self, day: date, topic: str | None, caller: Caller, why: str, key: str | None = None
    ) -> Json:
        """Propose that a day may close although what was taken in is not what the sender says it said."""
        content = {"day": str(day), "topic": topic or kinds.EVERY_TOPIC}
        proposal = Proposal(kinds.ACCEPT_DIFFERENCE.name, str(day), content, why, caller.subject)
        made = await self.proposals.propose(caller, proposal, key)
        return content | {"accepted": False, "proposal": made["id"]}

    async def _note(self, who: str, action: str, subject: str, why: str, detail: Json) -> None:
        async with self.doors.sessions.begin() as session:
            await audit.note(await driver(session), who, action, subject, why, detail)


async def _found(session: AsyncSession, number: int) -> asyncpg.Record:
    """Return a dead letter's row; raises ``NotKnownError``."""
    row = await (await driver(session)).fetchrow(queries.LETTER, number)
    if row is None:
        raise NotKnownError(f"There is no dead letter {number}.")
    return row


def _stopped(lane: Json, stop: LogEvent | None) -> LogEvent | None:
    """Return what stopped a lane: this process found it, the database has it, or the log ends before the position."""
    if lane["quarantined"]:
        return LogEvent.QUARANTINE_TRIPPED
    is_another_log = lane["end"] is not None and lane["end"] < lane["position"]
    return LogEvent.POSITION_ABOVE_LOG_END if stop is None and is_another_log else stop


def _carries_money(letter: Json) -> bool:
    """Whether a letter is about money: its topic is, though the amount could not be read, or it names an amount."""
    return bool(letter["amount_pence"]) or BY_TOPIC[letter["topic"]].amount is not None


def _contents(row: asyncpg.Record) -> Json:
    """Return what came from Kafka, so that any bytes survive JSON."""
    return {
        "key": _encoded(row["raw_key"]),
        "value": _encoded(row["raw_value"]),
        "headers": row["raw_headers"],
    }


def _encoded(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()
