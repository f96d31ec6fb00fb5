"""What a rebuild follows: every batch in the order of its records, and what failed in its place."""

from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from hypothesis import given
from hypothesis import strategies as st

from shared.bus import batch_log, inbox, positions
from shared.bus.work import Disposition
from shared.rebuild import guide
from shared.rebuild.guide import Step
from tests.support.servers import Databases

BOOK = date(2026, 4, 1)


async def noted(sql: asyncpg.Connection, offsets: range) -> list[UUID]:
    arrivals = [inbox.Arrival(uuid4(), bytes(32), "housing.charge-credited", None, 1, 0, offset) for offset in offsets]
    async with sql.transaction():
        await inbox.claim(sql, arrivals, BOOK)
    return [arrival.uid for arrival in arrivals]


async def steps(sql: asyncpg.Connection) -> list[Step]:
    async with sql.transaction():
        return [step async for step in guide.steps(sql, "billing", ())]


async def test_a_batch_is_followed_in_its_order_and_one_after_the_other(databases: Databases) -> None:
    sql = await asyncpg.connect((await databases("billing")).owner_url)
    try:
        batches = [await noted(sql, range(first, first + 120)) for first in (240, 120, 0)]
        found = await steps(sql)
    finally:
        await sql.close()
    assert [[row["event_uid"] for row in step.rows] for step in found] == batches
    assert {(step.kind, step.book) for step in found} == {("batch", BOOK)}


async def test_what_failed_is_buried_again_and_what_a_rule_refused_is_judged_again(databases: Databases) -> None:
    bury = (
        "insert into msg.dead_letter (topic, partition_no, kafka_offset, raw_headers, reason_class, reason_code,"
        " own_book) values ('housing.charge-credited', 0, $1, '[]', $2, $3, $4)"
    )
    sql = await asyncpg.connect((await databases("billing")).owner_url)
    try:
        for offset in range(3):
            await noted(sql, range(offset, offset + 1))
        await sql.execute(bury, 0, "bug", "unexpected-failure", BOOK)
        await sql.execute(bury, 1, "invalid", "refused-by-database", BOOK)
        await sql.execute(bury, 2, "rule", "credit-above-charge", BOOK)
        found = await steps(sql)
    finally:
        await sql.close()
    assert [(step.kind, step.rows[0]["reason_code"]) for step in found] == [
        ("burial", "unexpected-failure"), ("burial", "refused-by-database"), ("batch", None),
    ]  # fmt: skip


_COMMAND = """
insert into msg.event_log (event_uid, topic, msg_key, type, aggver, book, body) values (gen_random_uuid(),
  'billing.command-given', $1, 'billing.command-given.v1', 1, $2, convert_to('{"kind": "match"}', 'UTF8'))
"""


async def test_steps_follow_one_another_as_commits_did_whoever_began_first(databases: Databases) -> None:
    """A batch that waited for a command's locks knows what the command did, and comes after it."""
    urls = await databases("billing")
    batch, person = await asyncpg.connect(urls.owner_url), await asyncpg.connect(urls.owner_url)
    lane = ("housing.charge-credited", 0)
    counts = {lane: Counter({Disposition.DONE: 2})}
    arrivals = [inbox.Arrival(uuid4(), bytes(32), lane[0], None, 1, 0, offset) for offset in range(2)]
    try:
        async with batch.transaction():
            await inbox.claim(batch, arrivals, BOOK)
            await person.execute(_COMMAND, "while-it-waited", BOOK)
            await batch_log.note(batch, [positions.Step(lane, 1, 0, 2, bytes(32))], counts, 1)
        await person.execute(_COMMAND, "afterwards", BOOK)
        async with batch.transaction():
            found = [step async for step in guide.steps(batch, "billing", ("match",))]
    finally:
        await batch.close()
        await person.close()
    assert [(step.kind, len(step.rows)) for step in found] == [("deed", 1), ("batch", 2), ("deed", 1)]


async def test_what_came_late_comes_when_it_held_its_locks(databases: Databases) -> None:
    urls = await databases("billing")
    late, person = await asyncpg.connect(urls.owner_url), await asyncpg.connect(urls.owner_url)
    arrivals = [inbox.Arrival(uuid4(), bytes(32), "billing.x", None, 1, 0, offset) for offset in range(40)]
    uids = [arrival.uid for arrival in arrivals]
    try:
        async with late.transaction():
            await inbox.claim(late, arrivals, BOOK)
            await person.execute(_COMMAND, "while-it-waited", BOOK)
            await inbox.settle(late, uids)
        async with late.transaction():
            await inbox.settle(late, uids)  # Repeats of another transaction stay where they are.
            found = [step async for step in guide.steps(late, "billing", ("match",))]
    finally:
        await late.close()
        await person.close()
    assert [step.kind for step in found] == ["deed", "batch"]
    assert [row["event_uid"] for row in found[1].rows] == uids


def row(partition: int, offset: int, nth: int | None) -> Any:
    """A row as the guide's query returns it, as far as its order is concerned."""
    return {"topic": "housing.payment-received", "partition_no": partition, "kafka_offset": offset, "nth": nth}


@given(st.data())
def test_rows_that_lie_elsewhere_go_back_to_their_lane_and_the_others_stay(data: st.DataObject) -> None:
    lanes = data.draw(st.lists(st.integers(0, 2), max_size=30))
    applied = [row(lane, offset, offset) for offset, lane in enumerate(lanes)]
    moved = data.draw(st.sets(st.sampled_from(range(len(applied))))) if applied else set()
    letters = {offset for offset in moved if data.draw(st.booleans())}
    lying = [each for each in applied if each["kafka_offset"] not in moved]
    corrected = [each for each in applied if each["kafka_offset"] in moved - letters]
    never = [each | {"nth": None} for each in applied if each["kafka_offset"] in letters]
    found = guide.in_order([*lying, *data.draw(st.permutations(corrected)), *never])
    offsets = [each["kafka_offset"] for each in found]
    assert sorted(offsets) == list(range(len(applied)))
    for lane in range(3):
        own = [each["kafka_offset"] for each in found if each["partition_no"] == lane]
        assert own == sorted(own)
    stayed = [offset for offset in offsets if offset not in moved]
    assert stayed == sorted(stayed)


async def test_a_letter_that_contradicts_an_event_of_its_batch_comes_after_it(databases: Databases) -> None:
    """The first of two events of one id is the one that counts, and so it must be when all is applied again."""
    sql = await asyncpg.connect((await databases("billing")).owner_url)
    try:
        async with sql.transaction():
            arrivals = [
                inbox.Arrival(uuid4(), bytes(32), "housing.charge-credited", None, 1, 0, offset) for offset in (3, 5, 7)
            ]
            await inbox.claim(sql, arrivals, BOOK)
            await inbox.amend(sql, {arrivals[0].uid: "H"})
            await sql.execute(
                "insert into msg.dead_letter (topic, partition_no, kafka_offset, raw_headers, reason_class,"
                " reason_code, own_book) values ('housing.charge-credited', 0, 6, '[]', 'conflict',"
                " 'conflicting-event', $1)",
                BOOK,
            )
        (step,) = await steps(sql)
    finally:
        await sql.close()
    assert [each["kafka_offset"] for each in step.rows] == [3, 5, 6, 7]
