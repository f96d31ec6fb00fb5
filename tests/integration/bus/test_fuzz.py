"""Ten seconds of the fuzzer with a fixed seed; ``make fuzz`` goes on with others."""

from tests.fuzz.applying import BATCH, fuzz
from tests.fuzz.spoiling import Source
from tests.support.servers import Databases


async def test_spoilt_records_are_all_answered_and_move_no_sum(databases: Databases) -> None:
    count, found = await fuzz(await databases("billing"), seed=1, seconds=10)
    assert found == []
    assert count >= BATCH


def test_a_seed_repeats_its_records() -> None:
    assert Source(3).batch(200) == Source(3).batch(200) != Source(4).batch(200)
