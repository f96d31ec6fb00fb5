"""A limit of mails a minute, kept by pauses between them; and a database that is away, which is not the mail server."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from services.notify.domain.dispatch import Patience
from services.notify.usecases.sending import Rules, Sender
from shared.logs import capture
from tests.integration.notify.conftest import Office, run_until
from tests.integration.notify.test_sending import ONE, TWO, queued


def paced(office: Office, seconds: float, lease: float) -> Sender:
    sender = office.sender()
    sender.rules = replace(sender.rules, seconds_between=seconds, lease=timedelta(seconds=lease))
    return sender


@pytest.mark.parametrize(("a_minute", "most"), [(0, 20), (1_200, 20), (60, 20), (10, 5), (5, 2), (2, 1), (1, 1)])
def test_no_more_are_claimed_than_go_out_in_half_of_a_lease(a_minute: int, most: int) -> None:
    """With two connections, and a lease of two minutes."""
    between = 60 * 2 / a_minute if a_minute else 0.0
    rules = Rules(True, Patience(), timedelta(seconds=120), frozenset(), between)
    assert rules.mails_in_a_claim == most


async def test_what_is_claimed_goes_out_before_its_lease_ends(office: Office) -> None:
    await queued(office, 5)
    await paced(office, seconds=0.5, lease=2).one_round()
    assert await office.states() == {"handed-over": 2, "queued": 3}


async def test_nobody_pauses_for_a_mail_that_another_sends(office: Office) -> None:
    """Its lease ran out under the first, who would otherwise have waited a minute for nothing."""
    await queued(office, 2)
    sender = paced(office, seconds=60, lease=600)
    mails = await sender._claim("first")
    await office.expire_leases()
    async with asyncio.timeout(30):
        await sender._send_all(mails, "first")
    assert office.mail.seen == []


async def test_a_sender_that_is_told_to_stop_does_not_sit_out_its_pause(office: Office) -> None:
    """``run_until`` gives it twenty seconds to end."""
    await queued(office, 2)

    async def first_went() -> bool:
        return len(office.mail.seen) == 1

    await run_until(paced(office, seconds=60, lease=600), first_went)
    assert await office.states() == {"handed-over": 1, "queued": 1}
    assert len(office.mail.to(ONE)) + len(office.mail.to(TWO)) == 1


async def test_while_the_database_is_away_nobody_says_that_the_mail_server_is(office: Office) -> None:
    sender = office.sender()
    engine = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    sender.sessions = async_sessionmaker(engine)
    with capture() as lines:

        async def failed_twice() -> bool:
            return [line["event.name"] for line in lines].count("retrying") == 2

        await run_until(sender, failed_twice)
    assert not sender.outage
    await engine.dispose()
