"""A few seconds of the fuzzer with a fixed seed; ``make fuzz`` goes on with others."""

import pytest

from shared.events.topics import LINE_OF_SERVICES
from tests.fuzz.applying import BATCH, fuzz
from tests.fuzz.spoiling import Source
from tests.support.servers import Databases

SECONDS = {"owners": 2, "billing": 5, "arrears": 1, "notify": 1}


@pytest.mark.parametrize("service", LINE_OF_SERVICES)
async def test_spoilt_records_are_all_answered_and_move_no_sum(databases: Databases, service: str) -> None:
    count, found = await fuzz(service, await databases(service), seed=1, seconds=SECONDS[service])
    assert found == []
    assert count >= BATCH


@pytest.mark.parametrize("service", LINE_OF_SERVICES)
def test_a_seed_repeats_its_records(service: str) -> None:
    assert Source(3, service).batch(200) == Source(3, service).batch(200) != Source(4, service).batch(200)
