"""Two strands side by side: neither waits for the other, and neither hides the other's standing still."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence

import pytest

from shared.bus.pipeline import Poll
from shared.bus.positions import Lane
from shared.bus.strands import STRANDS, Strands, strand_of
from tests.unit.shared.test_pipeline import records

EVEN: Lane = ("housing.charge-raised", 0)
ODD: Lane = ("housing.charge-raised", 1)


class Gated:
    """Takes down which lanes' batches are dealt with, each strand as soon as it may go on."""

    def __init__(self) -> None:
        self.batches: list[set[Lane]] = []
        self.go_on: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self.deals_with_it = True

    async def __call__(self, polls: Sequence[Poll]) -> bool:
        lanes = {lane for poll in polls for lane in poll.lanes}
        (strand,) = {strand_of(number) for _, number in lanes}
        await self.go_on[strand].wait()
        self.batches.append(lanes)
        return self.deals_with_it


@pytest.fixture
def gated() -> Gated:
    return Gated()


@pytest.fixture
def strands(gated: Gated) -> Strands:
    strands = Strands(gated)
    strands.limit(10)
    return strands


async def put(strands: Strands, *lanes: Lane, oldest_ms: int = 1) -> None:
    polled = {lane: records(lane, 0, 1)[lane] for lane in lanes}
    await asyncio.wait_for(strands.put(polled, Counter(), oldest_ms), 5)


def test_the_lanes_of_one_number_are_of_one_strand_on_every_topic() -> None:
    assert {strand_of(number) for number in range(24)} == set(range(STRANDS))
    assert strand_of(7) == strand_of(7 + STRANDS)


async def test_a_poll_of_both_strands_is_a_batch_of_each_and_neither_waits_for_the_other(
    strands: Strands, gated: Gated
) -> None:
    gated.go_on[1].set()
    await put(strands, EVEN, ODD)
    await asyncio.sleep(0.01)
    assert gated.batches == [{ODD}]
    gated.go_on[0].set()
    await strands.settled()
    assert gated.batches == [{ODD}, {EVEN}]


async def test_what_waits_in_either_strand_is_known(strands: Strands, gated: Gated) -> None:
    await put(strands, EVEN, oldest_ms=20)
    await put(strands, ODD, oldest_ms=10)
    assert strands.oldest_ms == 10
    gated.go_on[1].set()
    await asyncio.sleep(0.01)
    assert strands.oldest_ms == 20
    gated.go_on[0].set()
    await strands.settled()
    assert strands.oldest_ms is None


async def test_a_strand_that_stands_still_is_not_hidden_by_one_that_goes_on(strands: Strands, gated: Gated) -> None:
    before = strands.progress_at
    gated.go_on[1].set()
    await put(strands, EVEN, ODD)
    await asyncio.sleep(0.01)
    assert strands.progress_at <= before
    gated.go_on[0].set()
    await strands.settled()
    assert strands.progress_at > before


async def test_a_batch_that_is_not_dealt_with_is_no_progress(strands: Strands, gated: Gated) -> None:
    before = strands.progress_at
    gated.deals_with_it = False
    gated.go_on[0].set()
    await put(strands, EVEN)
    await strands.settled()
    assert gated.batches == [{EVEN}]
    assert strands.progress_at <= before


async def test_ending_waits_for_what_each_strand_has_in_hand(strands: Strands, gated: Gated) -> None:
    await put(strands, EVEN, ODD)
    await asyncio.sleep(0)
    await put(strands, EVEN)
    ending = asyncio.ensure_future(strands.end())
    gated.go_on[1].set()
    await asyncio.sleep(0.01)
    assert not ending.done()
    gated.go_on[0].set()
    await asyncio.wait_for(ending, 5)
    assert gated.batches == [{ODD}, {EVEN}]


async def test_a_strand_that_fails_again_and_again_is_not_hidden_by_one_that_goes_on() -> None:
    async def apply(polls: Sequence[Poll]) -> bool:
        return {strand_of(number) for poll in polls for _, number in poll.lanes} == {1}

    strands = Strands(apply)
    strands.limit(10)
    begun = strands.progress_at
    for _ in range(3):
        await asyncio.sleep(0.01)
        await put(strands, EVEN)
        await put(strands, ODD)
        await strands.settled()
    assert strands.progress_at <= begun


async def test_settled_waits_for_what_a_full_strand_kept_from_the_other(strands: Strands, gated: Gated) -> None:
    strands.limit(1)
    await put(strands, EVEN)
    await asyncio.sleep(0)
    blocked = asyncio.ensure_future(put(strands, EVEN, ODD))
    await asyncio.sleep(0.01)
    settling = asyncio.ensure_future(strands.settled())
    gated.go_on[0].set()
    await asyncio.sleep(0.02)
    assert not settling.done(), "the odd strand has a batch in hand"
    gated.go_on[1].set()
    await asyncio.wait_for(asyncio.gather(settling, blocked), 5)
    assert gated.batches == [{EVEN}, {EVEN}, {ODD}]
