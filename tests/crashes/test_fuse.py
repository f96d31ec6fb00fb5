"""The fuse counts the moments of every await that waits, and changes nothing of what the work sees."""

import asyncio

from tests.crashes.fuse import ANSWERED, ASKED, Fuse, arm


async def _work() -> str:
    await asyncio.sleep(0)
    await asyncio.sleep(0.001)
    loop = asyncio.get_running_loop()
    fails: asyncio.Future[None] = loop.create_future()
    loop.call_later(0.001, fails.set_exception, LookupError())
    try:
        await fails
    except LookupError:
        return "failed"
    return "went on"


async def _alone(fuse: Fuse) -> str:
    arm(fuse, {"_work"})
    await asyncio.create_task(asyncio.sleep(0))
    return await asyncio.create_task(_work())


def test_each_wait_is_two_points_and_errors_arrive() -> None:
    fuse = Fuse(None, {ASKED, ANSWERED})
    assert asyncio.run(_alone(fuse)) == "failed"
    assert len(fuse.points) == 6


def test_only_the_moments_named_are_points() -> None:
    fuse = Fuse(None, {ANSWERED})
    asyncio.run(_alone(fuse))
    assert len(fuse.points) == 3


def test_a_work_that_never_waits_has_no_point() -> None:
    async def nothing() -> int:
        return 1

    async def alone(fuse: Fuse) -> int:
        arm(fuse, {nothing.__qualname__})
        return await asyncio.create_task(nothing())

    fuse = Fuse(None, {ASKED, ANSWERED})
    assert asyncio.run(alone(fuse)) == 1
    assert fuse.points == []
