"""A reviewed run killed at every await of its strike, its release and its issue: nothing twice, nothing missing."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from shared.embedded.stack import KafkaServer, PostgresServer
from tests.crashes.conftest import Experiments, Workshop
from tests.crashes.laboratory import survey, zygote
from tests.crashes.test_crashes import IDLE
from tests.support.servers import Databases

pytestmark = [pytest.mark.slow, pytest.mark.timeout(14_400)]
_BEFORE = ("reading", "relaying", "agreeing")


@pytest_asyncio.fixture(scope="module")
async def reviewed(
    module_databases: Databases, postgres: PostgresServer, kafka_server: KafkaServer, module_topic_prefix: str
) -> AsyncIterator[Experiments]:
    async with zygote() as port, AsyncExitStack() as stack:
        shop = Workshop(stack, module_databases, postgres, kafka_server, module_topic_prefix, port)
        yield {
            "striking": await shop.billing("striking", *_BEFORE),
            "releasing": await shop.billing("releasing", *_BEFORE, "striking"),
            "issuing": await shop.billing("issuing", *_BEFORE, "striking", "releasing"),
        }


@pytest.mark.parametrize("work", ["striking", "releasing", "issuing"])
async def test_a_reviewed_run_killed_at_every_await_ends_like_one_in_peace(reviewed: Experiments, work: str) -> None:
    found = await survey(reviewed[work], reviewed[work].points)
    assert found.wrong == []
    assert {place for place in found.unseen() if not place.endswith(IDLE)} == set()


async def test_the_works_are_what_they_are_meant_to_be(reviewed: Experiments) -> None:
    """Else there would be little to lose: all is struck, looked at, released; and issued, every statement once."""
    struck, released, issued = (reviewed[work].wanted for work in ("striking", "releasing", "issuing"))
    assert "billing.statements" not in struck
    assert len(struck["billing.struck_statements"]) == len(issued["billing.statements"]) == 6
    assert len(released["billing.statement_checks"]) == len(struck["billing.statement_samples"]) > 2
    assert len(released["billing.statement_releases"]) == 1
