"""Brings a database restored from an older backup forward to its service's last word, transaction by transaction.

What each transaction took in stands in Kafka (shared/bus/intake.py), and so does what it said: the same is taken in
again, in the same books, and then every event that is said again must be the one that Kafka has (decision 0024).
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date

import asyncpg
from aiokafka.errors import KafkaError

from shared import metrics
from shared.bus import batch_log, commands, days, gate, intake, outbox, positions
from shared.bus.batch import Applier
from shared.bus.commands import Given
from shared.bus.day import DayGate
from shared.bus.failures import FailureKind, describe, kind_of
from shared.bus.lanes import fingerprint
from shared.bus.latecomers import Latecomers, apply_late
from shared.bus.letters import Taken
from shared.bus.positions import FencedError, Lane, Step
from shared.bus.pump import counts_of
from shared.bus.recall import Said, agreed, in_words, named
from shared.bus.redrive import BusRedriver, NotOpenError
from shared.bus.refusals import RefusedError
from shared.bus.service import Running, with_days
from shared.bus.transaction import Doors
from shared.bus.work import Cause, Disposition, ReasonClass, Verdict, Work
from shared.db.engine import driver, question
from shared.events.base import Event
from shared.events.decode import Record, decode
from shared.events.intake import Span, TakenIn
from shared.rebuild.deeds import Deeds, UnrepeatableError, number_at
from shared.rebuild.replay import KnownCuts, SilentRelay, given_in
from shared.rebuild.spans import ExpiredError, Spans, at

_PAGE = 1000
# One look-up a row, whatever the planner believes: right after a restore it knows nothing of the tables.
_PENDING = """
select pending.seq, log.topic, log.msg_key, log.aggver from msg.outbox_pending as pending
cross join lateral (select topic, msg_key, aggver from msg.event_log as log where log.seq = pending.seq limit 1) as log
"""
_FORGET = "delete from msg.outbox_pending where seq = any($1::bigint[])"
_NOBODY = "retaking"
_TO_DO = "Restore a later backup, or start the service once with the release of that time."


class OtherwiseError(Exception):
    """The database cannot be brought to where it was; the text is a sentence for people."""


class Retaking:
    """One service's restored database, brought forward by what Kafka has of the service's own."""

    def __init__(self, running: Running, said: Said) -> None:
        service, sessions = running.service, running.doors.sessions
        self._running = running
        self._said = said
        self._doors = Doors(service.name, sessions, lambda: None)
        self._applier = Applier(service.name, with_days(service))
        self._redriver = BusRedriver(self._doors, self._applier)
        self._deeds = Deeds(service)
        self._cuts = KnownCuts()
        late = Latecomers(self._doors, self._applier, self._cuts)
        self._gate = DayGate(self._doors, SilentRelay(), self._cuts, late, service.day_work, lambda: None)
        self._epochs: dict[Lane, int] = {}

    async def run(self) -> None:
        """Take everything in again; raises ``OtherwiseError`` when the books would not be the same ones."""
        spans = Spans(self._running.settings, _begins(self._said.intakes))
        try:
            with _in_words():
                await self._take_all(spans)
        finally:
            await spans.stop()
        await self._compare()

    async def _take_all(self, spans: Spans) -> None:
        await self._check_lanes()
        await spans.start()
        for number, event in enumerate(self._said.intakes):
            assert event.book is not None, "our own events have a book"
            self._show(number)
            await self._close_days(before=event.book)
            await self._take(spans, event, event.book)
        self._show(len(self._said.intakes))
        await self._close_days(before=date.max)
        await self._work_day_begun()

    async def _check_lanes(self) -> None:
        """Require that this database reads every partition that was read: nobody else answers for it."""
        async with question(self._doors.sessions) as connection:
            known = await positions.all_positions(connection)
        for lane in (_lane(span) for event in self._said.intakes for span in event.data.read):
            if lane not in known:
                raise UnrepeatableError(f"{lane[0]} partition {lane[1]} was read, and has no position here")

    def _show(self, taken: int) -> None:
        """Show how far it has come: it may take as long as the first time did."""
        progress = self._running.retaking
        progress.taken, progress.of = taken, len(self._said.intakes)
        metrics.RETAKING_LEFT.set(progress.of - taken)

    async def _close_days(self, *, before: date) -> None:
        """Work and close again the days that were closed before a book, in their order."""
        last = (await self._state()).last_closed or date.min
        for day in sorted(day for day in self._said.closed if last < day < before):
            self._cuts.after = {topic: list(ends) for topic, ends in self._said.closed[day].after.items()}
            await self._gate.work_through(day)
            await self._forget_all_sent()

    async def _work_day_begun(self) -> None:
        """Work the day of which Kafka has slices but no end; it is closed by the service that runs, once."""
        day = (await self._state()).book
        async with question(self._doors.sessions) as connection:
            said = self._said.of_book(day)
            lacks = set(said) - await named(connection, said)
            if not lacks or await days.cut_of(connection, day) is None:
                return
        await self._gate.work(day)
        await self._forget_all_sent()

    async def _state(self) -> gate.GateState:
        async with question(self._doors.sessions) as connection:
            return await gate.read(connection)

    async def _take(self, spans: Spans, event: Event[TakenIn], book: date) -> None:
        """Take one transaction in again, under its name."""
        here = (await self._state()).book
        if here != book:
            raise OtherwiseError(f"Something was learnt in book {book}, and this database stands in book {here}.")
        data, name = event.data, event.causation_id
        if data.command is not None:
            await self._command(data.command)
        elif data.late:
            await self._late(data.read, name)
        else:
            verdict = _verdict(data)
            await self._batch([(span, await spans.take(_lane(span), span.end)) for span in data.read], name, verdict)

    async def _batch(self, read: Sequence[tuple[Span, list[Record]]], name: str, verdict: Verdict | None) -> None:
        """Take a batch in, or bury its one record."""
        taken = [Taken(record, decode(record)) for _, records in read for record in records]
        async with self._doors.command(Cause("", "")) as work:
            connection = await driver(work.session)
            steps = [await self._step(connection, span, records) for span, records in read]
            await positions.fence(connection, steps)
            intake.note_batch(work, steps, verdict, name)
            outcome = await (
                self._applier.apply(work, taken) if verdict is None else self._applier.bury(work, taken[-1], verdict)
            )
            await batch_log.note(connection, steps, counts_of(outcome), 0)
            await self._forget_sent(connection)

    async def _step(self, connection: asyncpg.Connection, span: Span, records: Sequence[Record]) -> Step:
        """Return the move of a lane, which is claimed once."""
        lane = _lane(span)
        if lane not in self._epochs:
            claim = await positions.claim(connection, lane, _NOBODY)
            self._epochs[lane] = claim.epoch if claim is not None else 0
        sha = fingerprint(records[-1].value if records else None)
        return Step(lane, self._epochs[lane], span.begin, span.end, sha)

    async def _late(self, read: Sequence[Span], name: str) -> None:
        """Apply records ahead of their turn, in the order in which that was done."""
        taken = [Taken(record, decode(record)) for record in await at(self._running.cuts, read)]
        async with self._doors.command(Cause("", "")) as work:
            await apply_late(self._applier, work, taken, name)
            await self._forget_sent(await driver(work.session))

    async def _command(self, body: str) -> None:
        """Give a command again, with the answer it had."""
        given, answer = given_in(body), json.loads(body)["answer"]
        if given.kind == "dead-letter-redrive":
            await self._redrive(given, await self._number(answer))
            return
        async with self._doors.command(given.cause) as work:
            await self._deeds.repeat(work, given, answer)
            connection = await driver(work.session)
            await commands.record(connection, work, given, answer)
            await self._flush(connection, work)

    async def _number(self, answer: commands.Json) -> int:
        async with question(self._doors.sessions) as connection:
            return await number_at(connection, answer)

    async def _redrive(self, given: Given, number: int) -> None:
        await self._redriver.redrive(number, given)
        await self._forget_all_sent()

    async def _flush(self, connection: asyncpg.Connection, work: Work) -> None:
        await outbox.flush(work)
        await self._forget_sent(connection)

    async def _forget_all_sent(self) -> None:
        async with self._doors.sessions.begin() as session:
            await self._forget_sent(await driver(session))

    async def _forget_sent(self, connection: asyncpg.Connection) -> None:
        """Drop from the outbox what Kafka has; what nobody has yet is sent when the service runs."""
        sent = [
            row["seq"]
            for row in await connection.fetch(_PENDING)
            if row["aggver"] <= self._said.highest.get((row["topic"], row["msg_key"]), 0)
        ]
        await connection.execute(_FORGET, sent)

    async def _compare(self) -> None:
        """Require that every event that was forgotten has been said again, with the same content."""
        wrong: Counter[str] = Counter()
        async with question(self._doors.sessions) as connection:
            forgotten = list(self._said.forgotten.items())
            for start in range(0, len(forgotten), _PAGE):
                page = dict(forgotten[start : start + _PAGE])
                same = await agreed(connection, page)
                wrong.update(topic for uid, (topic, _) in page.items() if uid not in same)
        if wrong:
            raise OtherwiseError(f"What was taken in again led to something else: {in_words(wrong)}.")


@contextmanager
def _in_words() -> Iterator[None]:
    """Let what time does not mend end the process with a sentence; a server that is away is waited for."""
    try:
        yield
    except (OtherwiseError, KafkaError):
        raise
    except (FencedError, UnrepeatableError, ExpiredError, NotOpenError, RefusedError) as error:
        why = str(error).removesuffix(".")
        raise OtherwiseError(f"What was taken in cannot be taken in again: {why}. {_TO_DO}") from error
    except Exception as error:
        if kind_of(error) is FailureKind.TRANSIENT:
            raise
        raise OtherwiseError(f"A note of what was taken in cannot be followed ({describe(error)}). {_TO_DO}") from error


def _begins(intakes: Iterable[Event[TakenIn]]) -> dict[Lane, int]:
    """Return where each lane is read from."""
    begins: dict[Lane, int] = {}
    for event in intakes:
        for span in () if event.data.late else event.data.read:
            begins.setdefault(_lane(span), span.begin)
    return begins


def _lane(span: Span) -> Lane:
    return span.topic, span.partition


def _verdict(data: TakenIn) -> Verdict | None:
    """Return the verdict under which a record was buried, if it was."""
    why = data.buried
    if why is None:
        return None
    return Verdict(Disposition.DEAD, ReasonClass(why.reason_class), why.reason, why.detail)
