"""The one adapter between FastStream and the pump: batches over all partitions, acknowledged by hand.

FastStream's defaults lose money events (they commit first, a null header loses a whole batch, an exception is committed
past: tests/contract/test_faststream.py pins all three), so everything that decides is in the database and the pump.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

import asyncpg
from aiokafka import ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from shared.bus import gate, positions
from shared.bus.cuts import Cuts
from shared.bus.kafka_client import PatientConsumer, handed_over, wrapped
from shared.bus.lanes import Continuity, LaneState
from shared.bus.letters import Taken
from shared.bus.pipeline import Decoded, Lanes, Poll, joined
from shared.bus.positions import Lane
from shared.bus.pump import Pump, lane_of
from shared.bus.rebalancing import Handovers
from shared.bus.skips import Skips
from shared.bus.sleeping import sleep_unless
from shared.bus.strands import Strands
from shared.bus.transaction import Doors
from shared.bus.work import OPENING_BOOK
from shared.db.engine import driver
from shared.events.decode import Record
from shared.events.topics import BY_TOPIC, heard_by
from shared.log_events import LogEvent
from shared.logs import log

_FETCH_WAIT_MS = 100
"""How long the broker waits for records of quiet topics; meanwhile aiokafka asks it for nothing else.

With the library's half second a partition of which all was read waited that long for more, beside topics without any:
a charge took 102 µs of the clock instead of 94.  It costs an idle service 0.4 % of a core (both measured).
"""
_COMMIT_EVERY_S = 1.0
_WATCH_EVERY_S = 0.05
_RELEASE_EVERY_S = 0.5
_SKIPS_EVERY_S = 2.0
_LEAVING_S = 3.0
_JOINING_S = 30.0
_AGAIN_S = 1.0


class Consumer:
    """Reads everything one service hears, in one process."""

    def __init__(self, pump: Pump, doors: Doors, cuts: Cuts, *, prefix: str, owner: str) -> None:
        self._pump = pump
        self._doors = doors
        self._continuity = Continuity(cuts, self)
        pump.reread = self.seek
        self._prefix = prefix
        self._owner = owner
        self._subscriber: Any = None
        self.nudge = asyncio.Event()
        self._ahead: dict[Lane, tuple[date, int]] = {}
        self._committed_at = 0.0
        self._strands = Strands(self._apply_safely)
        self._skips = Skips()
        self._renewing = False

    def subscribe(self, broker: KafkaBroker, *, max_records: int = 500) -> None:
        """Register the subscriber: one consumer for all topics the service hears."""
        topics = [self._prefix + channel.topic for channel in heard_by(self._doors.service)]
        subscriber = broker.subscriber(
            *topics, batch=True, group_id=f"{self._prefix}closebook.{self._doors.service}", ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest", isolation_level="read_committed", max_records=max_records,
            batch_timeout_ms=10, fetch_max_wait_ms=_FETCH_WAIT_MS, no_reply=True, session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000, max_poll_interval_ms=1_800_000, rebalance_timeout_ms=20_000, parser=wrapped,
            decoder=handed_over, include_in_schema=False, listener=Handovers(self._prefix, lambda: self._pump.lanes),
        )  # fmt: skip
        subscriber(self._on_batch)
        self._subscriber = subscriber
        self._strands.limit(max_records)

    async def start(self, broker: KafkaBroker) -> None:
        """Start the broker's consumers, reading through ``PatientConsumer``."""
        await broker.connect()
        config = broker.config.broker_config
        assert isinstance(config.builder, partial), "FastStream builds its consumers in another way now"
        config.builder = partial(PatientConsumer, **config.builder.keywords)
        await broker.start()

    @property
    def _kafka(self) -> PatientConsumer:
        """The client FastStream reads with; only once it has started."""
        client = self._subscriber.consumer
        assert isinstance(client, PatientConsumer)
        return client

    @property
    def oldest_waiting_ms(self) -> int | None:
        """Kafka's time of the oldest record that is here and not in the database yet; none: nothing waits here."""
        here = self._strands.oldest_ms
        waiting = [since for _, since in self._ahead.values()]
        return min([*waiting, *([here] if here is not None else [])], default=None)

    @property
    def progress_at(self) -> float:
        """When this process last dealt with a batch of what it has read, by the monotonic clock."""
        return self._strands.progress_at

    def waits(self, lane: Lane) -> bool:
        """Whether the next record of a lane was said in a later book than ours."""
        return lane in self._ahead

    @property
    def started(self) -> bool:
        """Whether the client is running."""
        return self._subscriber is not None and self._subscriber.consumer is not None

    @property
    def died(self) -> bool:
        """Whether FastStream's consume task has ended although nobody stopped it."""
        tasks = getattr(self._subscriber, "tasks", ())
        return self.started and any(task.done() for task in tasks)

    async def _on_batch(self, raw: Any) -> None:
        """Take a poll in; nothing leaves this function but a value, whatever happens.

        It is decoded while the batch before it waits for the database (a third more events a second, measured).
        """
        lanes, read = self._by_lane(raw), self._kafka.last_read
        await self._strands.put(lanes, read, min(item.timestamp for item in raw))

    async def settled(self) -> None:
        """Wait until what was read is dealt with."""
        await self._strands.settled()

    async def _apply_safely(self, polls: Sequence[Poll]) -> bool:
        """Apply a batch, or read it again; what the batch before it had read again is read after that, not now.

        Returns whether it is dealt with.
        """
        lanes: Lanes = {}
        try:
            lanes, decoded = joined(polls, lambda lane, read: self._kafka.is_stale(self._place(lane), read))
            await self._apply(lanes, decoded)
        except Exception as error:  # noqa: BLE001 - an exception here would be committed past
            log(LogEvent.RETRYING, error_type=type(error).__name__, count=sum(map(len, lanes.values())))
            for lane, records in lanes.items():
                self.seek(lane, records[0].offset)
            await asyncio.sleep(0.5)
            return False
        return True

    async def _apply(self, lanes: Lanes, decoded: Decoded) -> None:
        """Admit and apply decoded records."""
        admitted: list[Record] = []
        for lane, records in lanes.items():
            state = self._pump.lanes.get(lane) or await self._claim(lane, records[0].offset)
            if state is not None:
                admitted += await self._continuity.admit(state, records)
        await self._pump.run(self._barrier([Taken(record, decoded[id(record)]) for record in admitted]))
        await self._commit_advisory()

    def _by_lane(self, raw: Sequence[ConsumerRecord]) -> Lanes:
        """Group a batch by lane: FastStream's batches mix partitions."""
        lanes: defaultdict[Lane, list[Record]] = defaultdict(list)
        cut = len(self._prefix)
        for item in raw:
            topic = item.topic[cut:]
            lanes[topic, item.partition].append(
                Record(topic, item.partition, item.offset, item.key, item.value, tuple(item.headers), item.timestamp)
            )
        return lanes

    async def _claim(self, lane: Lane, first: int) -> LaneState | None:
        """Take a lane over in the database; a lane without a position is an alarm, not an assumption."""
        try:
            async with self._doors.sessions.begin() as session:
                claim = await positions.claim(await driver(session), lane, self._owner)
        except asyncpg.LockNotAvailableError:
            await self._end_frozen()
            raise
        if claim is None:
            log(LogEvent.POSITION_MISSING, topic=lane[0], partition=lane[1], offset=first)
            self.pause(lane)
            return None
        state = self._pump.lanes[lane] = LaneState.claimed(lane, claim)
        log(LogEvent.PARTITION_CLAIMED, topic=lane[0], partition=lane[1], offset=claim.next_offset, epoch=claim.epoch)
        return state

    async def _end_frozen(self) -> None:
        """Free what another process holds that stands still while it writes; the lane is claimed again soon."""
        async with self._doors.sessions.begin() as session:
            ended = await positions.end_frozen(await driver(session))
        if ended:
            log(LogEvent.FROZEN_SESSION_ENDED, count=ended)

    def _barrier(self, taken: Sequence[Taken]) -> list[Taken]:
        """Leave in Kafka what another service says in a later book than ours (docs/decisions/0003)."""
        kept: list[Taken] = []
        left: set[Lane] = set()
        for item in taken:
            lane = lane_of(item)
            if lane in left:
                continue
            if lane in self._ahead or self._is_ahead(item):
                self._ahead.setdefault(lane, (item.outcome.book or OPENING_BOOK, item.record.timestamp_ms))
                left.add(lane)
                # Also a lane that waits already: one that Kafka gave away and back comes back running.
                self.pause(lane)
                self.seek(lane, item.record.offset)
            else:
                kept.append(item)
        return kept

    def _is_ahead(self, item: Taken) -> bool:
        """Whether a record was said in a later book than ours, on a topic that we do not hear ahead."""
        book, said_in = self._pump.book, item.outcome.book
        later = said_in is not None and (book is None or said_in > book)
        return later and self._doors.service not in BY_TOPIC[item.record.topic].ahead

    async def watch(self) -> None:
        """Resume lanes when our book has moved on or an operator has released them; runs beside the consume loop."""
        released_at = skips_at = 0.0
        while not self._pump.stopping.is_set():
            await sleep_unless(self.nudge, _WATCH_EVERY_S)
            self.nudge.clear()
            try:
                if self._renewing or (self.started and self._kafka.left):
                    await self._renew()
                if self._ahead:
                    await self.open_barrier()
                if time.monotonic() - released_at > _RELEASE_EVERY_S:
                    released_at = time.monotonic()
                    await self._look_for_releases()
                if time.monotonic() - skips_at > _SKIPS_EVERY_S:
                    skips_at = time.monotonic()
                    await self._look_for_skips()
            except Exception as error:  # noqa: BLE001 - the database may be away; look again
                log(LogEvent.RETRYING, error_type=type(error).__name__)

    async def _renew(self) -> None:
        """Replace a client that has left its group; lanes are claimed again, where the database stands."""
        if self._renewing:
            await sleep_unless(self._pump.stopping, _AGAIN_S)  # the broker is away, too
        else:
            log(LogEvent.CONSUMER_RECREATED)
        self._renewing = True
        await self.settled()
        leaving = asyncio.ensure_future(self._subscriber.stop())
        await asyncio.wait([leaving], timeout=_LEAVING_S)  # it may raise, or cancel itself: nothing depends on it
        leaving.cancel()
        self._pump.lanes.clear()
        self._ahead.clear()
        self._skips = Skips()
        await asyncio.wait_for(self._subscriber.start(), _JOINING_S)
        self._renewing = False

    async def open_barrier(self) -> None:
        """Learn our book anew and read the lanes again that waited for it."""
        async with self._doors.sessions.begin() as session:
            book = self._pump.book = (await gate.read(await driver(session))).book
        for lane in [lane for lane, (said_in, _) in self._ahead.items() if said_in <= book]:
            del self._ahead[lane]
            self.resume(lane)

    async def _look_for_releases(self) -> None:
        """Read lanes again that an operator has released from quarantine."""
        stopped = [state for state in self._pump.lanes.values() if state.stopped is LogEvent.QUARANTINE_TRIPPED]
        if not stopped:
            return
        async with self._doors.sessions.begin() as session:
            still = await positions.quarantined(await driver(session))
        for state in stopped:
            if state.lane not in still:
                del self._pump.lanes[state.lane]
                self.seek(state.lane, state.expected)
                self.resume(state.lane)

    async def _look_for_skips(self) -> None:
        """Read again what the client has passed although the database does not have it."""
        if not self.started or self._strands.oldest_ms is not None:
            return
        async with self._doors.sessions.begin() as session:
            reached = await positions.all_positions(await driver(session))
        waiting = self._ahead.keys() | {lane for lane, state in self._pump.lanes.items() if state.stopped is not None}
        client = {
            lane: await asyncio.wait_for(self._kafka.position(self._place(lane)), 1)
            for lane in reached.keys() - waiting
            if self._assigned(lane)
        }
        for lane in [] if self._strands.oldest_ms is not None else self._skips.judge(client, reached):
            log(LogEvent.POSITION_PASSED, topic=lane[0], partition=lane[1], offset=reached[lane])
            self.seek(lane, reached[lane])

    async def _commit_advisory(self) -> None:
        """Tell Kafka where we are, for lag tools only; losing it changes nothing."""
        if not self.started or time.monotonic() - self._committed_at < _COMMIT_EVERY_S:
            return
        self._committed_at = time.monotonic()
        places = {self._place(lane): state.expected for lane, state in self._pump.lanes.items()}
        mine = {place: offset for place, offset in places.items() if place in self._kafka.assignment()}
        try:
            async with asyncio.timeout(2):
                await self._kafka.commit(mine)
        except Exception as error:  # noqa: BLE001 - advisory
            log(LogEvent.COMMIT_ADVISORY_FAILED, error_type=type(error).__name__)

    async def drain(self) -> None:
        """Let the batch in hand come to its end, and commit the last positions to Kafka before leaving."""
        await self._strands.end()
        self._committed_at = 0.0
        await self._commit_advisory()

    def _place(self, lane: Lane) -> TopicPartition:
        return TopicPartition(self._prefix + lane[0], lane[1])

    def _assigned(self, lane: Lane) -> bool:
        """Whether Kafka still gives the lane to this process."""
        return self.started and self._place(lane) in self._kafka.assignment()

    def seek(self, lane: Lane, offset: int) -> None:
        """Read on from ``offset``, if the lane is still ours."""
        if self._assigned(lane):
            self._kafka.seek(self._place(lane), offset)

    def pause(self, lane: Lane) -> None:
        """Stop reading the lane."""
        if self._assigned(lane):
            self._kafka.pause(self._place(lane))

    def resume(self, lane: Lane) -> None:
        """Read the lane again."""
        if self._assigned(lane):
            self._kafka.resume(self._place(lane))
