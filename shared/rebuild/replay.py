"""Applies the steps of a guide to a fresh database, through the service's own handlers, commands and day's work."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from datetime import date

import asyncpg

from shared.bus import letters
from shared.bus.batch import Applier
from shared.bus.commands import Given
from shared.bus.cuts import Cuts
from shared.bus.day import DayGate
from shared.bus.failures import FailureKind, kind_of
from shared.bus.latecomers import Latecomers
from shared.bus.letters import Taken
from shared.bus.pipeline import DECODED_AT_ONCE
from shared.bus.pump import failed
from shared.bus.redrive import BusRedriver
from shared.bus.relay import Relay
from shared.bus.service import Service, with_days
from shared.bus.transaction import Doors
from shared.bus.work import Cause, Disposition, ReasonClass, Verdict, Work
from shared.db.engine import driver
from shared.events.decode import decode
from shared.rebuild.guide import Step
from shared.rebuild.likeness import Likeness
from shared.rebuild.source import Records


class OtherBookError(Exception):
    """The fresh database stands in another book than the live one did; the text is a sentence for people."""


class SilentRelay(Relay):
    """Nothing leaves while a database is filled: what it says is drained by being forgotten."""

    def __init__(self) -> None:
        super().__init__(lambda: None, lambda: None, prefix="", holder="rebuild")

    async def drain(self) -> bool:
        """Return at once."""
        return True


class KnownCuts(Cuts):
    """The cuts that the service made when it closed its days."""

    def __init__(self) -> None:
        super().__init__("", partitions=1)
        self.after: dict[str, list[int]] = {}

    async def ends_by_topic(self, _channels: object) -> dict[str, list[int]]:
        """Return the cut of the day that is being closed."""
        return self.after


async def read_ahead(
    steps: AsyncIterator[Step], read: Callable[[Step], Awaitable[Sequence[Taken]]]
) -> AsyncGenerator[tuple[Step, Sequence[Taken]]]:
    """Yield steps with their records, each read while the one before it is applied, as the service does."""
    ahead: tuple[Step, asyncio.Future[Sequence[Taken]]] | None = None
    try:
        async for step in steps:
            ready = (ahead[0], await ahead[1]) if ahead is not None else None
            ahead = (step, asyncio.ensure_future(read(step)))
            if ready is not None:
                yield ready
        if ahead is not None:
            yield ahead[0], await ahead[1]
    finally:
        if ahead is not None:
            ahead[1].cancel()


class Replay:
    """One service's fresh database, brought forward step by step."""

    def __init__(self, service: Service, likeness: Likeness, doors: Doors, records: Records) -> None:
        self._doors = doors
        self._likeness = likeness
        self._records = records
        self._applier = Applier(service.name, with_days(service))
        self._redriver = BusRedriver(doors, self._applier)
        self._cuts = KnownCuts()
        late = Latecomers(doors, self._applier, self._cuts)
        self._gate = DayGate(doors, SilentRelay(), self._cuts, late, service.day_work, lambda: None)

    async def read(self, step: Step) -> Sequence[Taken]:
        """Return the records of a step, decoded; what people did and a day have none to read."""
        taken: list[Taken] = []
        for row in step.rows if step.kind in ("batch", "burial") else ():
            taken.append(await self._taken(row))
            if len(taken) % DECODED_AT_ONCE == 0:
                await asyncio.sleep(0)  # the database's answers do not wait longer
        return taken

    async def take(self, step: Step, taken: Sequence[Taken]) -> None:
        """Do what the live database did in one step, with the records that ``read`` found for it."""
        match step.kind:
            case "batch":
                await self._apply(taken, step.book)
            case "burial":
                await self._bury(taken[0], step.book, _verdict(step.rows[0]))
            case "deed":
                await self._deed(step.rows[0], step.book)
            case "redrive":
                await self._redrive(step.rows[0])
            case _:
                self._cuts.after = step.after or {}
                await self._gate.work_through(step.book)
                await self.forget_outbox()

    async def _taken(self, row: asyncpg.Record) -> Taken:
        """Return the record of a row, decoded."""
        lane = (row["topic"], row["partition_no"])
        record = await self._records.take(lane, row["kafka_offset"], row["event_uid"])
        return Taken(record, decode(record))

    async def _apply(self, taken: Sequence[Taken], book: date) -> None:
        """Apply records in one transaction; as in the service, the one that cannot be applied is buried."""
        try:
            async with self._doors.command(Cause("", "")) as work:
                _check(work, book)
                await self._applier.apply(work, taken)
        except OtherBookError:
            raise
        except Exception as error:
            kind = kind_of(error)
            if kind is FailureKind.TRANSIENT:
                raise
            await self._isolate(taken, book, error, kind)

    async def _isolate(self, taken: Sequence[Taken], book: date, error: Exception, kind: FailureKind) -> None:
        """Split a batch that failed on its data, or bury its one record."""
        if len(taken) > 1:
            middle = len(taken) // 2
            await self._apply(taken[:middle], book)
            await self._apply(taken[middle:], book)
            return
        await self._bury(taken[0], book, failed(error, kind))

    async def _bury(self, taken: Taken, book: date, verdict: Verdict) -> None:
        """Make a dead letter of what could not be applied."""
        async with self._doors.command(Cause("", "")) as work:
            _check(work, book)
            await self._applier.bury(work, taken, verdict)

    async def _deed(self, row: asyncpg.Record, book: date) -> None:
        """Let a recorded command take effect again, under its own name."""
        given = given_in(row["body"])
        async with self._doors.command(given.cause) as work:
            _check(work, book)
            await self._likeness.deeds[given.kind](work, given.content)

    async def _redrive(self, row: asyncpg.Record) -> None:
        """Apply a dead letter again, as an operator did."""
        number = await self._number(row)
        await self._redriver.redrive(number, given_in(row["body"]))

    async def _number(self, row: asyncpg.Record) -> int:
        async with self._doors.sessions() as session:
            return await letters.number_of(
                await driver(session), row["topic"], row["partition_no"], row["kafka_offset"]
            )

    async def forget_outbox(self) -> None:
        """Drop what would have been sent."""
        async with self._doors.sessions.begin() as session:
            await (await driver(session)).execute("delete from msg.outbox_pending")


def given_in(body: bytes | str) -> Given:
    """Return a command from its record."""
    said = json.loads(body)
    names = ("kind", "subject", "who", "why", "content", "key", "approved_by")
    return Given(**{name: said[name] for name in names})


def _verdict(row: asyncpg.Record) -> Verdict:
    """Return the verdict under which a record was buried."""
    return Verdict(Disposition.DEAD, ReasonClass(row["reason_class"]), row["reason_code"], row["detail"])


def _check(work: Work, book: date) -> None:
    """Require that the fresh database writes the book in which the live one learnt the same."""
    if work.book != book:
        raise OtherBookError(f"The live database learnt it in book {book}, the rebuild stands in book {work.book}.")
