"""Much at once beside the daily work: ten thousand letters to send, a thousand dead letters to apply again."""

import asyncio
import time
from statistics import median

import pytest

from tests.support.faults import Plant
from tests.support.plant_parts import until_quiet

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

_LETTERS, _DEAD = 10_000, 1_000
_COPY = """
with copies as materialized (
  select gen_random_uuid() as fresh, message.*, contents.media_type, contents.body
  from notify.messages as message join notify.contents as contents using (message_id), generate_series(1, $1)
  where channel = 'email' limit $2
), queued as (
  insert into notify.messages (message_id, letter_no, account_id, account_ref, template, template_version, channel,
    contact_kind, contact_id, mailbox, dated_on, created_on, sha256, state)
  select fresh, letter_no, account_id, account_ref, template, template_version, channel, contact_kind, fresh::text,
    mailbox, dated_on, created_on, sha256, 'queued' from copies returning message_id
)
insert into notify.contents (message_id, media_type, body)
select fresh, media_type, convert_to(replace(convert_from(body, 'UTF8'), message_id::text, fresh::text), 'UTF8')
from copies
"""
"""Each mail there is, again and again, under names of their own, each to a recipient of its own: the books agree."""
_QUEUED = "select count(*) from notify.messages where channel = 'email' and state <> 'handed-over'"


async def _seconds_to_arrears(plant: Plant) -> float:
    """Return how long a payment takes from Kafka through billing into arrears."""
    payment = plant.payment("U01", 100)
    started = time.monotonic()
    await plant.say([payment])

    async def on_its_way() -> str:
        there = "select exists (select from arrears.payments where payment_id = $1)"
        return "" if await plant.value("arrears", there, payment[2]["payment_id"]) else "it is not there"

    await until_quiet(on_its_way, 30)
    return time.monotonic() - started


async def _median_way(plant: Plant) -> float:
    return median([await _seconds_to_arrears(plant) for _ in range(9)])


async def test_ten_thousand_letters_at_once_do_not_hold_money_up(plant: Plant) -> None:
    """F76: they are sent, each once; a payment reaches arrears meanwhile about as quickly as before."""
    await plant.close_day()
    await plant.prove()
    before = await _median_way(plant)
    for _ in range(10):
        await plant.value("notify", _COPY, _LETTERS // 10, _LETTERS // 10)
    meanwhile = await _median_way(plant)
    left = await plant.value("notify", _QUEUED)
    assert left > 0, "the letters were out before anything was measured"
    assert meanwhile < 10 * before, f"{before:.2f} s before, {meanwhile:.2f} s with {left} letters waiting"
    await plant.close_day(seconds=120)
    await plant.prove(600)
    assert len(plant.mail.taken) >= _LETTERS


async def test_a_thousand_dead_letters_are_driven_again_beside_live_events(plant: Plant) -> None:
    """F80: what a rule of the database refused by mistake is applied when it is mended; live money keeps its pace."""
    before = await _median_way(plant)
    await plant.stack.stop_service("billing")
    await plant.start("billing", CLOSEBOOK_DEAD_LETTERS_IN_ROW=str(2 * _DEAD))
    async with plant.database("billing") as connection:
        await connection.execute(
            "alter table billing.charges add constraint mistaken check (description <> 'Mistaken') not valid"
        )
    await plant.say_many([plant.charge("U02", 100 + number, description="Mistaken") for number in range(_DEAD)])
    await until_quiet(lambda: _open(plant, _DEAD), 600)
    async with plant.database("billing") as connection:
        await connection.execute("alter table billing.charges drop constraint mistaken")
    driving = asyncio.ensure_future(plant.command("dead-letters", "redrive", "billing", "--all", "--reason", "mended"))
    ways = []
    while not driving.done():
        ways.append(await _seconds_to_arrears(plant))
    code, printed = await driving
    assert code == 0, printed[-2000:]
    plant.by_hand += _DEAD
    await until_quiet(lambda: _open(plant, 0), 10)
    assert len(ways) > 3, "nothing was measured"
    assert median(ways) < 10 * before, f"{before:.2f} s before, {median(ways):.2f} s beside them"
    await plant.close_day(seconds=90)
    await plant.prove(120, leaves=["billing:dlq_replay_done"])


async def _open(plant: Plant, wanted: int) -> str:
    found = await plant.value("billing", "select count(*) from msg.dead_letter where status = 'open'")
    return "" if found == wanted else f"{found} dead letters are open"
