"""The mail server away, silent, or its client killed: each letter goes out, again only where nobody can know."""

from collections import Counter
from signal import SIGKILL

import pytest
import pytest_asyncio

from tests.support.faults import UNITS, Plant
from tests.support.plant_parts import portfolio, until_quiet

_STATES = "select state, count(*) from notify.messages group by state"


@pytest_asyncio.fixture
async def newcomers(plant: Plant) -> list[str]:
    """Six new units, whose owners have not been welcomed yet; everybody else's letters are out."""
    await plant.settle()
    await plant.close_day()
    await until_quiet(lambda: _handed_over(plant), 30)
    return [plant.fresh("M") for _ in range(6)]


async def _handed_over(plant: Plant) -> str:
    """Return which messages are not with the mail server yet."""
    states = {row[0]: row[1] for row in await plant.rows("notify", _STATES)}
    return "" if set(states) <= {"handed-over"} else f"messages stand at {states}"


def _taken(plant: Plant, units: list[str]) -> Counter[str]:
    """Return how often the server took each Message-ID for the owners of some units."""
    mails = [mail for mail in plant.mail.messages() if mail["To"].addresses[0].username in units]
    return Counter(mail["Message-ID"] for mail in mails)


@pytest.mark.slow
async def test_a_mail_server_that_is_away_delays_letters_and_doubles_none(plant: Plant, newcomers: list[str]) -> None:
    """F69: deferred while it is away (the day closes all the same), then each sent once."""
    await plant.mail.stop()
    await plant.say_many(portfolio(newcomers, plant.fresh("S")))
    await plant.settle()
    since = plant.mark("notify")
    await plant.close_day()

    async def noticed() -> str:
        return "" if plant.said("notify", "mail_deferred", since) else "nothing was tried"

    await until_quiet(noticed, 30)
    assert not _taken(plant, newcomers)
    await plant.mail.start()
    await until_quiet(lambda: _handed_over(plant), 60)
    assert list(_taken(plant, newcomers).values()) == [1] * len(newcomers)
    assert len(plant.said("notify", "mail_handed_over", since)) == len(newcomers)
    await plant.prove(leaves=["notify:mail_deferred"])


@pytest.mark.slow
async def test_a_connection_dropped_after_the_final_dot_makes_one_more_copy_under_the_same_message_id(
    plant: Plant, newcomers: list[str]
) -> None:
    """F70: nobody can know whether the letter was taken: once more, and the reader's mail program sees one."""
    plant.mail.drop_after_dot = 2
    await plant.say_many(portfolio(newcomers, plant.fresh("S")))
    await plant.settle()
    await plant.close_day()
    await until_quiet(lambda: _handed_over(plant), 60)
    taken = _taken(plant, newcomers)
    assert len(taken) == len(newcomers)
    assert sorted(taken.values()) == [1] * (len(newcomers) - 2) + [2, 2]
    await plant.prove(leaves=["notify:mail_unknown"])


@pytest.mark.slow
async def test_a_sender_killed_between_acceptance_and_its_note_sends_once_more(
    plant: Plant, newcomers: list[str]
) -> None:
    """F75: the lease outlives the process; what it was sending goes out once more, the rest once."""
    await plant.say_many(portfolio(newcomers, plant.fresh("S")))
    await plant.settle()
    await plant.stack.stop_service("notify")
    day = await plant.end_day()
    plant.spawn("notify", crash_at="mail-taken/2")
    assert await plant.until_dead("notify") == -SIGKILL
    await plant.start("notify")
    await plant.until_closed(day)
    await until_quiet(lambda: _handed_over(plant), 60)
    taken = _taken(plant, newcomers)
    assert len(taken) == len(newcomers)
    assert max(taken.values()) == 2
    assert sum(taken.values()) - len(newcomers) <= 2  # two connections, each in the middle of one letter
    await plant.prove(leaves=["notify:mail_unknown"])


@pytest.mark.slow
async def test_a_day_killed_while_its_letters_are_written_queues_each_of_them_once(plant: Plant) -> None:
    """A statement run: twelve letters in slices of five, notify dies before and after a slice's commit."""
    await plant.say_many([plant.charge(unit, 50_00) for unit in UNITS])
    await plant.settle()
    await plant.close_day()
    await plant.stack.stop_service("notify")
    quarter = plant.next_quarter()
    await plant.end_day(quarter)
    for crash_at in ("slice-written/1", "slice-committed/1", "slice-written/2"):
        plant.spawn("notify", crash_at=crash_at, SMALL_SLICES="5")
        assert await plant.until_dead("notify") == -SIGKILL
    await plant.start("notify")
    await plant.until_closed(quarter)
    await until_quiet(lambda: _handed_over(plant), 60)
    statements = "select count(*), count(distinct account_id) from notify.messages where template = 'statement'"
    letters, accounts = (await plant.rows("notify", statements))[0]
    assert letters == accounts >= len(UNITS)
    await plant.prove()
