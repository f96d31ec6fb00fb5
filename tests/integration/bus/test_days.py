"""The day closes like a book: cuts, order, totals, slices, the barrier."""

import asyncio
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from shared.bus.api import bench_of
from shared.bus.day import DaySlice
from shared.bus.work import OPENING_BOOK, Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.envelope import encode
from shared.events.topics import BY_TOPIC, Channel
from tests.integration.bus.conftest import Bench, Benches
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.support.bus import cloud_event, eventually

DAY = date(2026, 4, 1)
LINE = "owners.ownership-changed"


async def end_day(bench: Bench, day: date, number: int = 0, after: dict[str, list[int]] | None = None) -> None:
    data = {"day": day.isoformat(), "after": after or {}}
    event = cloud_event("calendar.day-ended", data, f"end-{day}-{number}", source="calendar")
    await bench.kafka.send("calendar.day-ended", event, key=b"calendar")


def owners_event(channel: Channel, data: dict[str, Any], *, event_id: str, book: date, aggver: int = 1) -> bytes:
    model = channel.model.model_validate_json(json.dumps(data))
    from datetime import UTC, datetime

    return encode(
        channel, model, id=event_id, source="closebook/owners", time=datetime.now(UTC), book=book, aggver=aggver
    )


async def owners_line(bench: Bench, unit: str, book: date, aggver: int = 1) -> None:
    data = {"unit_id": unit, "version": aggver, "line": []}
    event = owners_event(BY_TOPIC[LINE], data, event_id=f"{unit}-{aggver}", book=book, aggver=aggver)
    await bench.kafka.send(LINE, event, key=unit.encode(), partition=0)


async def owners_closed(bench: Bench, day: date, events: int, after: int) -> None:
    data = {
        "day": day.isoformat(),
        "after": {LINE: [after, 0, 0]},
        "totals": {LINE: {"events": events, "amount_pence": 0}},
    }
    event = owners_event(BY_TOPIC["owners.day-closed"], data, event_id=f"closed-{day}", book=day, aggver=1)
    stripped = json.loads(event) | {"aggver": (day - DAY).days + 1}
    await bench.kafka.send("owners.day-closed", json.dumps(stripped).encode(), key=b"calendar")


async def closed_days(bench: Bench) -> list[date]:
    return [row["day"] for row in await bench.sql.fetch("select day from msg.closed_day order by day")]


async def _closed(bench: Bench, *days: date) -> bool:
    return await closed_days(bench) == list(days)


async def test_the_first_ended_day_is_only_itself_and_the_next_ends_all_between(benches: Benches) -> None:
    owners = await benches("owners")
    async with owners.running():
        await end_day(owners, DAY)
        await eventually(lambda: _closed(owners, DAY))
        await end_day(owners, DAY + timedelta(days=3))
        await eventually(lambda: _closed(owners, *(DAY + timedelta(days=n) for n in range(4))))


async def test_a_day_ended_ten_times_closes_once(benches: Benches) -> None:
    owners = await benches("owners")
    async with owners.running():
        for number in range(10):
            await end_day(owners, DAY, number)
        await eventually(lambda: _closed(owners, DAY))
        await asyncio.sleep(0.3)
    assert await owners.count("msg.event_log", "topic = 'owners.day-closed'") == 1
    assert await owners.count("msg.dead_letter") == 0


async def test_more_than_400_days_at_once_are_refused(benches: Benches) -> None:
    owners = await benches("owners")
    async with owners.running():
        await end_day(owners, DAY)
        await end_day(owners, DAY + timedelta(days=401))
        await eventually(lambda: owners.sql.fetchval("select reason_code from msg.dead_letter"))
    assert await owners.sql.fetchval("select reason_code from msg.dead_letter") == "too-many-days"


async def test_a_first_day_that_has_no_book_before_or_after_it_is_refused(benches: Benches) -> None:
    """What comes before the first end belongs to the opening book, and a closed day is followed by another."""
    owners = await benches("owners")
    async with owners.running():
        for day in (date.min, OPENING_BOOK, date.max):
            await end_day(owners, day)
        await end_day(owners, DAY)
        await eventually(lambda: _closed(owners, DAY))
    reasons = await owners.sql.fetch("select reason_code, field from msg.dead_letter")
    assert [tuple(row) for row in reasons] == [("bad-date", "day")] * 3


async def test_a_day_waits_for_the_records_before_its_cut(billing: Bench) -> None:
    async with billing.running() as running:
        await owners_closed(billing, DAY, 0, 0)
        await end_day(billing, DAY, after={CHARGES: [1, 0, 0]})
        await eventually(lambda: _waits(running, "housing.charge-raised partition 0: 1 to read"))
        await billing.kafka.send(CHARGES, charge(1), partition=0)
        await eventually(lambda: _closed(billing, DAY))
    assert await billing.sql.fetchval("select book from public.seen") == DAY


async def test_a_cut_behind_a_transaction_marker_blocks_nothing(billing: Bench) -> None:
    await billing.kafka.send_transaction(CHARGES, [charge(1)], partition=0, abort=False)
    await billing.kafka.send_transaction(CHARGES, [charge(2)], partition=1, abort=True)
    ends = await billing.kafka.end_offsets(CHARGES)
    assert ends[0] == 2
    async with billing.running():
        await owners_closed(billing, DAY, 0, 0)
        await end_day(billing, DAY, after={CHARGES: [ends[number] for number in range(3)]})
        await eventually(lambda: _closed(billing, DAY))
    assert await billing.count("public.seen") == 1


async def test_what_is_learnt_before_the_first_day_stands_in_the_opening_book(billing: Bench) -> None:
    await billing.kafka.send(CHARGES, charge(1), partition=0)
    async with billing.running():
        await eventually(lambda: billing.sql.fetchval("select count(*) = 1 from public.seen"))
    assert await billing.sql.fetchval("select book from public.seen") == OPENING_BOOK


async def test_billing_closes_after_owners_and_says_cumulative_totals(billing: Bench) -> None:
    async def say(work: Work, event: Event[Any]) -> None:
        channel = BY_TOPIC["billing.payment-suspended"]
        work.stage(channel, channel.model(payment_id=event.id, amount_pence=event.pence, received_on=DAY), cause=event)

    billing.recorder.behaviours[CHARGES] = say
    async with billing.running() as running:
        await billing.kafka.send(CHARGES, charge(1, 150), partition=0)
        await end_day(billing, DAY, after={CHARGES: [1, 0, 0]})
        await eventually(lambda: _waits(running, f"owners to close {DAY}"))
        await owners_closed(billing, DAY, 0, 0)
        await eventually(lambda: _closed(billing, DAY))
        await billing.kafka.send(CHARGES, charge(2, 50), partition=0)
        await end_day(billing, DAY + timedelta(days=1), after={CHARGES: [2, 0, 0]})
        await owners_closed(billing, DAY + timedelta(days=1), 0, 0)
        await eventually(lambda: _closed(billing, DAY, DAY + timedelta(days=1)))
    said = [json.loads(r.value or b"")["data"] for r in await billing.kafka.read_all("billing.day-closed")]
    assert [day["totals"]["billing.payment-suspended"] for day in said] == [
        {"events": 1, "amount_pence": 150},
        {"events": 2, "amount_pence": 200},
    ]
    assert sum(said[1]["after"]["billing.payment-suspended"]) == 2


async def test_a_missing_inbox_row_stops_the_day_until_the_book_is_said_again(billing: Bench) -> None:
    async with billing.running() as running:
        await owners_line(billing, "U1", OPENING_BOOK)
        await owners_line(billing, "U2", DAY)
        await end_day(billing, DAY)
        await eventually(lambda: billing.sql.fetchval("select count(*) = 2 from msg.inbox where topic = $1", LINE))
        await billing.sql.execute("delete from msg.inbox where topic = $1 and book = $2", LINE, DAY)
        await owners_closed(billing, DAY, 2, 2)
        await eventually(lambda: _waits(running, f"totals differ: {LINE} book {DAY}: 1 events and 0 pence differ"))
        assert await closed_days(billing) == []
        await owners_line(billing, "U2", DAY)
        await eventually(lambda: _closed(billing, DAY))
    assert await billing.count("public.seen") == 2


async def _lose(bench: Bench) -> None:
    """Lose what was taken in of the line, as a restored disk does."""
    for table in ("msg.inbox", "msg.stream"):
        await bench.sql.execute(f"delete from {table} where topic = '{LINE}'")
    await bench.sql.execute("delete from public.seen")


async def test_of_a_book_said_again_behind_later_ones_a_record_that_fails_keeps_no_other_back(billing: Bench) -> None:
    async def fail(_: Work, event: Event[Any]) -> None:
        if event.key == "U1":
            raise ZeroDivisionError

    async with billing.running() as running:
        await end_day(billing, DAY)
        for unit in ("U1", "U2"):
            await owners_line(billing, unit, DAY)
        await eventually(lambda: billing.sql.fetchval("select count(*) = 2 from public.seen"))
        await _lose(billing)
        billing.recorder.behaviours[LINE] = fail
        await owners_line(billing, "U3", DAY + timedelta(days=1))
        for unit in ("U1", "U2"):
            await owners_line(billing, unit, DAY)
        await owners_closed(billing, DAY, 2, 2)
        await eventually(lambda: _waits(running, f"totals differ: {LINE} book {DAY}: 1 events and 0 pence differ"))
        assert [row["key"] for row in await billing.sql.fetch("select key from public.seen")] == ["U2"]


async def test_a_difference_is_accepted_for_its_topic_and_no_other(billing: Bench) -> None:
    accept = "insert into msg.accepted_difference (day, topic, who, reason) values ($1, $2, 'mo', 'lost for good')"
    async with billing.running() as running:
        await owners_line(billing, "U1", DAY)
        await end_day(billing, DAY)
        await eventually(lambda: billing.sql.fetchval("select count(*) = 1 from msg.inbox where topic = $1", LINE))
        await billing.sql.execute(accept, DAY, "owners.unit-changed")
        await owners_closed(billing, DAY, 2, 1)
        await eventually(lambda: _waits(running, f"totals differ: {LINE} book {DAY}: 1 events and 0 pence differ"))
        await billing.sql.execute(accept, DAY, LINE)
        await eventually(lambda: _closed(billing, DAY))


async def test_a_later_book_waits_in_kafka_until_ours_gets_there(billing: Bench) -> None:
    tomorrow = DAY + timedelta(days=1)
    async with billing.running():
        await owners_line(billing, "U1", OPENING_BOOK)
        await owners_line(billing, "U2", tomorrow)
        await end_day(billing, DAY)
        await owners_closed(billing, DAY, 1, 1)
        await eventually(lambda: _closed(billing, DAY))
        await eventually(lambda: billing.sql.fetchval("select count(*) = 2 from public.seen"))
    rows = await billing.sql.fetch("select key, book from public.seen order by n")
    assert [(row["key"], row["book"]) for row in rows] == [("U1", DAY), ("U2", tomorrow)] or [
        (row["key"], row["book"]) for row in rows
    ] == [("U1", OPENING_BOOK), ("U2", tomorrow)]


async def test_versions_ahead_wait_for_the_one_before_them_and_behind_are_duplicates(billing: Bench) -> None:
    async with billing.running():
        await owners_line(billing, "U1", OPENING_BOOK, aggver=1)
        await owners_line(billing, "U1", OPENING_BOOK, aggver=3)
        await eventually(lambda: billing.sql.fetchval("select count(*) = 1 from msg.held"))
        await owners_line(billing, "U1", OPENING_BOOK, aggver=2)
        await eventually(lambda: billing.sql.fetchval("select count(*) = 3 from public.seen"))
    assert await billing.sql.fetchval("select aggver from msg.stream") == 3


async def test_a_days_work_goes_on_in_slices_after_a_crash_in_each(benches: Benches) -> None:
    owners = await benches("owners")
    crashes = iter([True, False, True, False, True, False])
    done: list[str] = []

    async def three_slices(piece: DaySlice) -> None:
        step = int(piece.progress or 0)
        async with piece.open(None if step == 2 else str(step + 1)) as work:
            work.stage(*_unit_said(step))
            if next(crashes):
                raise ConnectionError
        done.append(piece.progress)

    owners.service = replace(owners.service, day_work=three_slices)
    async with owners.running():
        await end_day(owners, DAY)
        await eventually(lambda: _closed(owners, DAY))
    assert done == ["", "1", "2"]
    assert await owners.count("msg.event_log", "topic = 'owners.unit-changed'") == 3


async def test_a_day_that_fails_says_how_often_and_where_and_forgets_it_when_it_is_closed(
    benches: Benches, lines: list[dict[str, Any]]
) -> None:
    owners, well = await benches("owners"), asyncio.Event()

    async def refused(piece: DaySlice) -> None:
        async with piece.open(None) as work:
            if not well.is_set():
                await (await driver(work.session)).execute("select 1 / 0")

    owners.service = replace(owners.service, day_work=refused)
    async with owners.running() as running:
        await end_day(owners, DAY)
        await eventually(lambda: _tried(running, 2))
        status = await bench_of(running).status()
        assert (status["working"], status["retrying"]["tries"] >= 2) == (DAY, True)
        assert status["retrying"]["failed"].startswith("DivisionByZeroError 22012")
        well.set()
        await eventually(lambda: _closed(owners, DAY))
        await eventually(lambda: _tried(running, 0))
    first = next(line for line in lines if line["event.name"] == "day_retrying")
    assert (first["app.attempt"], first["app.detail"]) == (1, status["retrying"]["failed"])


async def _tried(running: Any, times: int) -> bool:
    tries = running.day.retrying.tries if running.day.retrying else 0
    return tries >= times if times else tries == 0


async def test_nothing_is_applied_while_a_day_is_worked(benches: Benches) -> None:
    owners = await benches("owners")
    inside, leave = asyncio.Event(), asyncio.Event()

    async def slow(piece: DaySlice) -> None:
        inside.set()
        await leave.wait()
        async with piece.open(None):
            pass

    owners.service = replace(owners.service, day_work=slow)
    unit = {"unit_id": "U1", "development_id": "D", "kind": "flat", "tenure": "owned", "managed_from": "2026-01-01",
            "address": {"lines": ["1"], "town": "Glasgow", "postcode": "G1 1AA"}}  # fmt: skip
    async with owners.running():
        await end_day(owners, DAY)
        await asyncio.wait_for(inside.wait(), 20)
        await owners.kafka.send("housing.unit-registered", cloud_event("housing.unit-registered", unit, "u1"))
        await asyncio.sleep(0.5)
        assert await owners.count("public.seen") == 0
        leave.set()
        await eventually(lambda: owners.sql.fetchval("select count(*) = 1 from public.seen"))
    assert await owners.sql.fetchval("select book from public.seen") == DAY + timedelta(days=1)


def _unit_said(step: int) -> tuple[Channel, Any]:
    channel = BY_TOPIC["owners.unit-changed"]
    address = {"lines": ["1"], "town": "Glasgow", "postcode": "G1 1AA"}
    data = {"unit_id": f"U{step}", "development_id": "D", "kind": "flat", "tenure": "owned", "address": address}
    return channel, channel.model.model_validate_json(json.dumps({**data, "managed_from": "2026-01-01"}))


async def _waits(running: Any, reason: str) -> bool:
    return bool(running.day.waiting_for == reason)


async def test_a_lane_that_waits_for_its_book_goes_on_although_another_lane_learns_of_it_first(billing: Bench) -> None:
    tomorrow = DAY + timedelta(days=1)
    async with billing.running() as running:
        await end_day(billing, DAY)
        await owners_line(billing, "U1", tomorrow)
        await eventually(lambda: _is_ahead(running))
        await owners_closed(billing, DAY, 0, 0)
        await eventually(lambda: _closed(billing, DAY))
        running.pump.book = tomorrow
        await eventually(lambda: billing.sql.fetchval("select count(*) = 1 from public.seen"))


async def _is_ahead(running: Any) -> bool:
    return bool(running.consumer._ahead)
