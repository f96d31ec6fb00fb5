"""Continuity and identity: every record follows the one before it in the same log, or the lane stops and says why."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.bus.cuts import Cuts
from shared.bus.positions import Claim, Lane
from shared.events.decode import Record
from shared.events.topics import BY_TOPIC, Retention
from shared.log_events import LogEvent
from shared.logs import log

_MOST_SEEKS = 3
"""A rebalance may move the reader between a seek and its records, so one answer from elsewhere proves nothing."""


class Seeker(Protocol):
    """What the adapter can do with its Kafka consumer."""

    def seek(self, lane: Lane, offset: int) -> None:
        """Read on from ``offset``."""

    def pause(self, lane: Lane) -> None:
        """Stop reading the lane."""

    def resume(self, lane: Lane) -> None:
        """Read the lane again."""


@dataclass(slots=True)
class LaneState:
    """What this process knows of a lane it has claimed."""

    lane: Lane
    expected: int
    last_sha: bytes | None
    epoch: int
    verified: bool = False
    sought: int = 0
    stopped: LogEvent | None = None
    dead_in_row: int = 0
    bugs_in_row: int = 0

    @classmethod
    def claimed(cls, lane: Lane, claim: Claim) -> "LaneState":
        """Return the state of a freshly claimed lane: nothing is verified yet."""
        stopped = LogEvent.QUARANTINE_TRIPPED if claim.quarantined else None
        return cls(lane, claim.next_offset, claim.last_sha, claim.epoch, stopped=stopped)


def fingerprint(value: bytes | None) -> bytes:
    """Return the identity of a record's value."""
    return hashlib.sha256(value or b"").digest()


class Continuity:
    """Checks that a lane's records continue where the database's position stands, in the same log."""

    def __init__(self, cuts: Cuts, seeker: Seeker) -> None:
        self._cuts = cuts
        self._seeker = seeker

    async def admit(self, state: LaneState, records: Sequence[Record]) -> list[Record]:
        """Return the records that may be applied now; none while the lane is being verified or is stopped."""
        if state.stopped is not None:
            self._seeker.pause(state.lane)
            return []
        if state.verified and records[0].offset == state.expected:
            return list(records)
        return await self._verify(state, records)

    async def _verify(self, state: LaneState, records: Sequence[Record]) -> list[Record]:
        """Require the record before the position to be the one we read, then go on after it."""
        state.verified = False
        first, before = records[0].offset, state.expected - 1
        if before < 0:
            return await self._accept_start(state, records)
        if first == before:
            return self._compare(state, records)
        if state.sought < _MOST_SEEKS:
            return self._seek_proof(state)
        return await self._explain(state, records)

    def _seek_proof(self, state: LaneState) -> list[Record]:
        """Read again from the record before the position."""
        state.sought += 1
        self._seeker.seek(state.lane, state.expected - 1)
        return []

    def _compare(self, state: LaneState, records: Sequence[Record]) -> list[Record]:
        """The record before the position is here: its value must hash to what we noted."""
        if state.last_sha is not None and fingerprint(records[0].value) != state.last_sha:
            return self._stop(state, LogEvent.LOG_IDENTITY_MISMATCH)
        return self._accept(state, records[1:])

    async def _accept_start(self, state: LaneState, records: Sequence[Record]) -> list[Record]:
        """A lane that was never read starts at 0; a later start means that unread records have expired."""
        if records[0].offset > 0:
            if state.sought < _MOST_SEEKS:
                state.sought += 1
                self._seeker.seek(state.lane, 0)
                return []
            if (await self._cuts.starts([state.lane]))[state.lane] > 0:
                return self._stop(state, LogEvent.UNREAD_DATA_EXPIRED)
        return self._accept(state, records)

    async def _explain(self, state: LaneState, records: Sequence[Record]) -> list[Record]:
        """The record before the position cannot be had: expired, compacted, or this is another log."""
        start = (await self._cuts.starts([state.lane]))[state.lane]
        end = (await self._cuts.ends([state.lane]))[state.lane]
        compacted = BY_TOPIC[state.lane[0]].retention is Retention.COMPACTED
        if end < state.expected:
            return self._stop(state, LogEvent.POSITION_ABOVE_LOG_END)
        if start > state.expected and not compacted:
            return self._stop(state, LogEvent.UNREAD_DATA_EXPIRED)
        if records[0].offset < state.expected:
            return self._seek_proof(state)
        log(LogEvent.FINGERPRINT_UNAVAILABLE, topic=state.lane[0], partition=state.lane[1], offset=state.expected)
        return self._accept(state, records)

    def _accept(self, state: LaneState, records: Sequence[Record]) -> list[Record]:
        """The lane is verified; a hole after the position (a transaction marker) is counted, not feared."""
        log(LogEvent.POSITION_VERIFIED, topic=state.lane[0], partition=state.lane[1], offset=state.expected)
        state.verified, state.sought = True, 0
        if records and records[0].offset > state.expected:
            hole = records[0].offset - state.expected
            log(
                LogEvent.OFFSET_GAP_ACCEPTED,
                topic=state.lane[0],
                partition=state.lane[1],
                offset=state.expected,
                count=hole,
            )
        return list(records)

    def _stop(self, state: LaneState, why: LogEvent) -> list[Record]:
        """Stop the lane: a person must look before anything is read from it."""
        state.stopped = why
        self._seeker.pause(state.lane)
        log(why, topic=state.lane[0], partition=state.lane[1], offset=state.expected)
        return []
