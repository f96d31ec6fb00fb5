"""Polls that come while a batch is applied: what is joined, what is not, and when reading waits."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from shared.bus.pipeline import Pipeline, Poll, joined
from shared.bus.positions import Lane
from shared.events.decode import Record
from tests.support.bus import eventually

A: Lane = ("housing.charge-raised", 0)
B: Lane = ("housing.charge-raised", 1)


class Applied:
    """Takes batches down, each as long as it is held."""

    def __init__(self) -> None:
        self.batches: list[dict[Lane, list[int]]] = []
        self.go_on = asyncio.Event()

    async def __call__(self, polls: Sequence[Poll]) -> bool:
        lanes, _ = joined(polls, lambda _lane, _read: False)
        self.batches.append({lane: [record.offset for record in records] for lane, records in lanes.items()})
        await self.go_on.wait()
        return True


def records(lane: Lane, first: int, last: int) -> dict[Lane, list[Record]]:
    return {lane: [Record(*lane, offset, None, b"{", (), 0) for offset in range(first, last + 1)]}


async def put(pipeline: Pipeline, lanes: dict[Lane, list[Record]], oldest_ms: int = 1) -> None:
    await asyncio.wait_for(pipeline.put(lanes, Counter(), oldest_ms), 5)


@pytest.fixture
def applied() -> Applied:
    return Applied()


@pytest.fixture
def pipeline(applied: Applied) -> Pipeline:
    pipeline = Pipeline(applied)
    pipeline.most = 10
    return pipeline


async def test_what_waits_is_one_batch_whatever_lanes_it_came_on(pipeline: Pipeline, applied: Applied) -> None:
    await put(pipeline, records(A, 0, 1))
    await asyncio.sleep(0)
    for lanes in (records(A, 2, 3), records(B, 7, 7), records(A, 4, 4) | records(B, 8, 9)):
        await put(pipeline, lanes)
    applied.go_on.set()
    await pipeline.settled()
    assert applied.batches == [{A: [0, 1]}, {A: [2, 3, 4], B: [7, 8, 9]}]


@pytest.mark.parametrize("first", [5, 20])
async def test_a_poll_that_was_read_from_another_place_is_a_batch_of_its_own(
    pipeline: Pipeline, applied: Applied, first: int
) -> None:
    """A rebalance reads again from where Kafka was told; records that expired are passed over: both are judged."""
    await put(pipeline, records(B, 0, 0))
    await asyncio.sleep(0)
    await put(pipeline, records(A, 10, 12))
    await put(pipeline, records(A, first, first + 3))
    applied.go_on.set()
    await pipeline.settled()
    assert applied.batches == [{B: [0]}, {A: [10, 11, 12]}, {A: list(range(first, first + 4))}]


async def test_no_batch_has_more_records_than_it_may(pipeline: Pipeline, applied: Applied) -> None:
    await put(pipeline, records(B, 0, 0))
    await asyncio.sleep(0)
    await put(pipeline, records(A, 0, 5))
    waiting = asyncio.ensure_future(pipeline.put(records(A, 6, 11), Counter(), 1))
    await eventually(lambda: asyncio.sleep(0, sum(len(poll.decoded) for poll in pipeline._waiting) == 12))
    assert not waiting.done(), "more is read while more than a batch waits"
    applied.go_on.set()
    await waiting
    await pipeline.settled()
    assert applied.batches == [{B: [0]}, {A: [0, 1, 2, 3, 4, 5]}, {A: [6, 7, 8, 9, 10, 11]}]


async def test_the_oldest_record_is_known_until_it_is_dealt_with(pipeline: Pipeline, applied: Applied) -> None:
    assert pipeline.oldest_ms is None
    await put(pipeline, records(A, 0, 0), oldest_ms=30)
    await asyncio.sleep(0)
    await put(pipeline, records(B, 0, 0), oldest_ms=20)
    assert pipeline.oldest_ms == 20
    applied.go_on.set()
    await pipeline.settled()
    assert pipeline.oldest_ms is None


async def test_a_process_that_is_to_end_applies_what_it_has_in_hand_and_no_more(
    pipeline: Pipeline, applied: Applied
) -> None:
    await put(pipeline, records(B, 0, 0))
    await asyncio.sleep(0)
    blocked = asyncio.ensure_future(pipeline.put(records(A, 0, 9), Counter(), 1))
    await asyncio.sleep(0.01)
    ending = asyncio.ensure_future(pipeline.end())
    await asyncio.wait_for(blocked, 5)
    assert not ending.done()
    applied.go_on.set()
    await asyncio.wait_for(ending, 5)
    await put(pipeline, records(A, 10, 10))
    assert applied.batches == [{B: [0]}]
