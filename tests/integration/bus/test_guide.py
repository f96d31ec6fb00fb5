"""What a rebuild follows: every batch in the order of its records, and what failed in its place."""

from collections import Counter
from datetime import date
from uuid import UUID, uuid4

import asyncpg

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
