"""What hears an event exactly once: position, inbox, verdicts, bisection, quarantine."""

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.work import Work
from shared.events.base import Event
from tests.integration.bus.conftest import Bench
from tests.support.bus import cloud_event, eventually

CHARGES = "housing.charge-raised"


def charge(number: int, pence: int = 100, **more: Any) -> bytes:
    data = {"charge_id": f"C{number}", "kind": "repair", "unit_id": "U1", "amount_pence": pence, "description": "x",
            "raised_on": "2026-01-05", **more}  # fmt: skip
    return cloud_event(CHARGES, data, f"charge-{number}")


async def test_an_event_is_applied_once_however_often_it_comes(billing: Bench) -> None:
    for _ in range(3):
        await billing.kafka.send(CHARGES, charge(1), partition=0)
    await billing.kafka.send(CHARGES, charge(1), partition=1)
    async with billing.running():
        await eventually(lambda: _positions(billing, 4))
    assert await billing.count("public.seen") == 1
    assert await billing.count("msg.inbox") == 1


async def test_the_same_id_with_other_content_is_a_dead_letter_and_the_first_stands(billing: Bench) -> None:
    await billing.kafka.send(CHARGES, charge(1, 100), partition=0)
    await billing.kafka.send(CHARGES, charge(1, 200), partition=0)
    async with billing.running():
        await eventually(lambda: _positions(billing, 2))
    assert await billing.seen() == [f"{CHARGES}:100"]
    assert await billing.sql.fetchval("select reason_code from msg.dead_letter") == "conflicting-event"


async def test_bytes_that_are_no_event_are_kept_whole_and_the_rest_goes_on(billing: Bench) -> None:
    await billing.kafka.send(CHARGES, charge(1), partition=0)
    await billing.kafka.send(
        CHARGES, b"\xff\x00 not json", key=b"k", headers=[("h", None), ("i", b"\xff")], partition=0
    )
    await billing.kafka.send(CHARGES, charge(2), partition=0)
    async with billing.running():
        await eventually(lambda: _positions(billing, 3))
    assert await billing.count("public.seen") == 2
    row = await billing.row("select * from msg.dead_letter")
    assert (row["raw_value"], row["raw_key"], row["reason_code"]) == (b"\xff\x00 not json", b"k", "not-json")
    assert await billing.count("msg.event_log", "topic = 'billing.event-rejected'") == 1


async def test_a_verdict_reaches_only_its_event(billing: Bench) -> None:
    async def judge(work: Work, event: Event[Any]) -> None:
        if event.data.charge_id == "C2":
            work.refuse(event, "some-rule", "because", "charge_id")
        if event.data.charge_id == "C3":
            work.hold(event, "charge:C4")
        if event.data.charge_id == "C4":
            work.known("charge:C4")

    billing.recorder.behaviours[CHARGES] = judge
    for number in (1, 2, 3):
        await billing.kafka.send(CHARGES, charge(number), partition=0)
    async with billing.running():
        await eventually(lambda: _positions(billing, 3))
        assert await billing.count("public.seen") == 1
        assert await billing.count("msg.held", "needs = 'charge:C4'") == 1
        billing.recorder.behaviours[CHARGES] = _only_known
        await billing.kafka.send(CHARGES, charge(4), partition=1)
        await eventually(lambda: _seen_is(billing, 3))
    assert await billing.count("msg.held") == 0
    assert await billing.sql.fetchval("select reason_code from msg.dead_letter") == "some-rule"
    assert await billing.count("msg.inbox", "disposition = 'D'") == 3


async def _only_known(work: Work, event: Event[Any]) -> None:
    work.known(f"charge:{event.data.charge_id}")


async def test_one_record_that_breaks_the_handler_is_isolated(billing: Bench) -> None:
    async def break_on_7(work: Work, event: Event[Any]) -> None:
        if event.data.charge_id == "C7":
            raise ZeroDivisionError

    billing.recorder.behaviours[CHARGES] = break_on_7
    await billing.kafka.send_many(CHARGES, [(b"k", charge(number)) for number in range(20)])
    async with billing.running():
        await eventually(lambda: _positions(billing, 20))
    assert await billing.count("public.seen") == 19
    row = await billing.row("select event_id, reason_class, detail from msg.dead_letter")
    assert (row["event_id"], row["reason_class"]) == ("charge-7", "bug")
    assert row["detail"].startswith("ZeroDivisionError")


@pytest.mark.parametrize(("limit", "records"), [(5, 12), (50, 60)])
async def test_a_row_of_dead_letters_stops_the_partition_exactly_at_the_limit(
    billing: Bench, limit: int, records: int
) -> None:
    await billing.kafka.send_many(CHARGES, [(b"k", b"junk %d" % number) for number in range(records)])
    async with billing.running(dead_letters_in_row=limit):
        await eventually(
            lambda: billing.sql.fetchval("select quarantine_reason from msg.position where quarantined_at is not null")
        )
        await asyncio.sleep(0.3)
        assert await billing.count("msg.dead_letter") == limit
        await billing.sql.execute("update msg.position set quarantined_at = null")
        await eventually(lambda: _dead_is(billing, min(records, 2 * limit)))


_REFUSING = """
create function public.refuse() returns trigger language plpgsql as
  $$ begin raise exception using errcode = 'admin_shutdown'; end $$;
create trigger refuse before update on msg.position for each row
  when (new.quarantined_at is not null) execute function public.refuse();
"""


async def test_a_partition_stays_stopped_although_the_stop_could_not_be_written_at_once(
    billing: Bench, lines: list[dict[str, Any]]
) -> None:
    await billing.sql.execute(_REFUSING)
    await billing.kafka.send_many(CHARGES, [(b"k", b"junk %d" % number) for number in range(9)])
    async with billing.running(dead_letters_in_row=3):
        await eventually(lambda: _tried(lines, 2), seconds=60)
        assert await billing.count("msg.dead_letter") == 3
        await billing.sql.execute("drop trigger refuse on msg.position")
        await eventually(lambda: billing.count("msg.position", "quarantined_at is not null"), seconds=60)
        assert await billing.count("msg.dead_letter") == 3


async def _tried(lines: list[dict[str, Any]], times: int) -> bool:
    return len([line for line in lines if line["event.name"] == "retrying"]) >= times


async def test_three_unexpected_failures_in_a_row_stop_the_partition(billing: Bench) -> None:
    async def always(work: Work, event: Event[Any]) -> None:
        raise ZeroDivisionError

    billing.recorder.behaviours[CHARGES] = always
    await billing.kafka.send_many(CHARGES, [(b"k", charge(number)) for number in range(6)])
    async with billing.running():
        await eventually(
            lambda: billing.sql.fetchval("select quarantine_reason from msg.position where quarantined_at is not null")
        )
        assert await billing.count("msg.dead_letter") == 3


async def test_lost_group_offsets_change_nothing(billing: Bench) -> None:
    await billing.kafka.send_many(CHARGES, [(b"k", charge(number)) for number in range(10)])
    async with billing.running():
        await eventually(lambda: _positions(billing, 10))
    await _rewind(billing)
    await billing.kafka.send(CHARGES, charge(11), key=b"k")
    async with billing.running():
        await eventually(lambda: _positions(billing, 11))
    assert await billing.count("public.seen") == 11
    assert await billing.sql.fetchval("select coalesce(sum(n_dup), 0) from msg.batch_log") == 0


async def test_another_log_under_our_position_stops_the_lane(billing: Bench) -> None:
    for number in range(3):
        await billing.kafka.send(CHARGES, charge(number), partition=0)
    async with billing.running():
        await eventually(lambda: _positions(billing, 3))
    await billing.sql.execute("update msg.position set last_sha = sha256('other') where topic = $1", CHARGES)
    await billing.kafka.send(CHARGES, charge(9), partition=0)
    async with billing.running() as running:
        await eventually(lambda: _stopped(running))
    assert await billing.count("public.seen") == 3


async def test_batches_account_for_every_offset_without_gap_or_overlap(billing: Bench) -> None:
    await billing.kafka.send_many(CHARGES, [(b"%d" % number, charge(number)) for number in range(40)])
    await billing.kafka.send_transaction(CHARGES, [charge(50)], partition=0, abort=False)
    async with billing.running():
        await eventually(lambda: _seen_is(billing, 41))
    rows = await billing.sql.fetch("select * from msg.batch_log order by topic, partition_no, from_offset")
    reached: dict[int, int] = {}
    for row in rows:
        assert row["from_offset"] == reached.get(row["partition_no"], 0)
        reached[row["partition_no"]] = row["to_offset"]


async def _rewind(bench: Bench) -> None:
    """Commit offset 0 for the group, as after a reset or an expiry."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bench.kafka.bootstrap,
        group_id=f"{bench.kafka.prefix}closebook.billing",
        enable_auto_commit=False,
    )
    await consumer.start()
    places = [TopicPartition(bench.kafka.prefix + CHARGES, number) for number in range(3)]
    consumer.assign(places)
    await consumer.commit(dict.fromkeys(places, 0))
    await consumer.stop()


async def _positions(bench: Bench, total: int) -> bool:
    return bool(await bench.sql.fetchval("select coalesce(sum(next_offset), 0) >= $1 from msg.position", total))


async def _seen_is(bench: Bench, number: int) -> bool:
    return await bench.count("public.seen") == number


async def _dead_is(bench: Bench, number: int) -> bool:
    return await bench.count("msg.dead_letter") >= number


async def _stopped(running: Any) -> bool:
    return any(state.stopped for state in running.pump.lanes.values())
