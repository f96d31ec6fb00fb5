"""A rebuild reads the records of one step while it applies the step before, in the order of the steps."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import date
from typing import Any, cast

import pytest

from shared.bus.letters import Taken
from shared.rebuild.guide import Step
from shared.rebuild.replay import read_ahead
from shared.rebuild.source import GoneError

BOOKS = [date(2026, 1, day) for day in (5, 6, 7)]


async def steps() -> AsyncIterator[Step]:
    for book in BOOKS:
        yield Step("batch", book)


class Reading:
    """Notes what is read; each read takes a turn of the event loop."""

    def __init__(self, gone: date | None = None) -> None:
        self.read: list[date] = []
        self._gone = gone

    async def __call__(self, step: Step) -> Sequence[Taken]:
        await asyncio.sleep(0)
        if step.book == self._gone:
            raise GoneError("It is gone.")
        self.read.append(step.book)
        return [cast("Any", step.book)]


async def test_the_next_step_is_read_while_one_is_applied() -> None:
    reading, applied = Reading(), []
    async with aclosing(read_ahead(steps(), reading)) as ahead:
        async for step, taken in ahead:
            assert list(taken) == [cast("Any", step.book)]
            await asyncio.sleep(0.01)  # it is applied
            applied.append(step.book)
            assert reading.read == BOOKS[: len(applied) + 1]
    assert applied == BOOKS


async def test_what_cannot_be_read_stops_at_its_step() -> None:
    async with aclosing(read_ahead(steps(), Reading(BOOKS[1]))) as ahead:
        step, _ = await anext(ahead)
        await asyncio.sleep(0.01)
        assert step.book == BOOKS[0]
        with pytest.raises(GoneError):
            await anext(ahead)


async def test_a_step_that_fails_leaves_nothing_to_be_read() -> None:
    reading = Reading()
    async with aclosing(read_ahead(steps(), reading)) as ahead:
        await anext(ahead)
    await asyncio.sleep(0.01)
    assert reading.read == BOOKS[:1]
