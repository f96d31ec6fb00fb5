"""What a service says it said and heard, and what of it people put aside or accepted, on a real PostgreSQL."""

import json
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.integration.shared.test_bench import DAY, TOPIC, Desk, bury, desk, owner, say

__all__ = ["desk", "owner"]


async def hear(owner: asyncpg.Connection, uid: UUID, disposition: str = "D", pence: int = 7) -> None:
    await owner.execute(
        "insert into msg.inbox (event_uid, sha, topic, disposition, book, pence, partition_no, kafka_offset, own_book)"
        " values ($1, $2, 'housing.charge-raised', $3, null, $4, 0, 0, $5)",
        uid, b"x" * 32, disposition, pence, DAY,
    )  # fmt: skip


async def test_totals_count_every_event_once_and_show_what_became_of_it(desk: Desk, owner: asyncpg.Connection) -> None:
    said = [await say(owner, "a", 1, DAY), await say(owner, "a", 2, DAY), await say(owner, "b", 1, DAY)]
    heard = [uuid4() for _ in range(3)]
    for uid, disposition, pence in zip(heard, "DDX", (100, -30, 5), strict=True):
        await hear(owner, uid, disposition, pence)
    body = (await desk.call("GET", "/totals", role="auditor")).json()
    digest = said[0].int ^ said[1].int ^ said[2].int
    assert body["said"] == {TOPIC: {"events": 3, "amount_pence": 21, "digest": f"{digest:032x}"}}
    assert body["heard"]["housing.charge-raised"] == {
        "events": 3,
        "amount_pence": 75,
        "digest": f"{heard[0].int ^ heard[1].int ^ heard[2].int:032x}",
        "dispositions": {"done": {"events": 2, "amount_pence": 70}, "dead": {"events": 1, "amount_pence": 5}},
    }
    assert (body["versions_ok"], body["open_dead"], body["held"], body["outbox"]) == (True, 0, 0, 0)


HEARD, NOT_HEARD = "owners.unit-changed", "owners.contact-changed"


async def _foreign(owner: asyncpg.Connection, offset: int, status: str, reason: str = "wrong-source") -> UUID:
    """Take an event of a day in that is dead, and let its letter have come to this."""
    uid = uuid4()
    await hear(owner, uid, "X", 3)
    await owner.execute("update msg.inbox set topic = $2, book = $3 where event_uid = $1", uid, HEARD, DAY)
    number = await bury(owner, offset, topic=HEARD)
    await owner.execute(
        "update msg.dead_letter set event_uid = $2, status = $3, reason_code = $4 where id = $1",
        number, uid, status, reason,
    )  # fmt: skip
    return uid


async def test_totals_name_foreign_events_that_were_put_aside(desk: Desk, owner: asyncpg.Connection) -> None:
    aside = [await _foreign(owner, 1, "discarded"), await _foreign(owner, 2, "discarded")]
    await _foreign(owner, 3, "open")
    await _foreign(owner, 4, "discarded", "bad-amount")
    body = (await desk.call("GET", "/totals")).json()
    digest = aside[0].int ^ aside[1].int
    assert body["aside"] == {HEARD: {"events": 2, "amount_pence": 6, "digest": f"{digest:032x}"}}
    assert body["heard"][HEARD]["events"] == 4


@pytest.mark.parametrize("topic", [HEARD, "*"])
async def test_totals_name_the_difference_that_was_accepted_and_forget_it_once_it_is_mended(
    desk: Desk, owner: asyncpg.Connection, topic: str
) -> None:
    said = json.dumps({HEARD: {"events": 3, "amount_pence": 21}, NOT_HEARD: {"events": 1, "amount_pence": 0}})
    await owner.execute("insert into msg.upstream_closed values ('owners', $1, '{}', $2)", DAY, said)
    await _foreign(owner, 1, "discarded")  # put aside, so it is no part of the difference
    for _ in range(2):
        uid = uuid4()
        await hear(owner, uid)
        await owner.execute("update msg.inbox set topic = $2, book = $3 where event_uid = $1", uid, HEARD, DAY)
    assert (await desk.call("GET", "/totals")).json()["accepted"] == {}
    await owner.execute("insert into msg.accepted_difference values ($1, $2, 'mo', 'lost')", DAY, topic)
    assert (await desk.call("GET", "/totals")).json()["accepted"] == {HEARD: {"events": 1, "amount_pence": 7}}
    late = uuid4()
    await hear(owner, late)
    await owner.execute("update msg.inbox set topic = $2, book = $3 where event_uid = $1", late, HEARD, DAY)
    assert (await desk.call("GET", "/totals")).json()["accepted"] == {}


async def test_a_missing_version_or_range_is_named(desk: Desk, owner: asyncpg.Connection) -> None:
    insert = (
        "insert into msg.batch_log (topic, partition_no, from_offset, to_offset, n_done, n_dup, n_held, n_dead, n_gap,"
        " epoch, took_ms) values ('t', 0, $1, $2, $2::bigint - $1::bigint, 0, 0, 0, 0, 1, 1)"
    )
    await owner.execute(insert, 3, 5)
    await owner.execute(insert, 5, 6)
    assert (await desk.call("GET", "/totals")).json()["versions_ok"] is True
    await owner.execute(insert, 8, 9)
    assert "t partition 0: a batch from 8" in (await desk.call("GET", "/totals")).json()["versions_detail"]
    await say(owner, "a", 1, DAY)
    await say(owner, "a", 3, DAY)
    body = (await desk.call("GET", "/totals")).json()
    assert (body["versions_ok"], body["versions_detail"]) == (False, f"{TOPIC} key a: 2 events up to version 3")
