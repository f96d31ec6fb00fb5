"""Bytes that have come of age are blanked when a day is closed: decided ones only, and the audit tells of it."""

from datetime import date, timedelta
from typing import Any

import pytest

from shared.bus.purging import DEAD_LETTERS, Retention, read_retention
from shared.dated import in_force
from tests.integration.bus.conftest import Bench, Benches
from tests.integration.bus.test_days import end_day
from tests.support.bus import eventually

DAY = date(2026, 4, 1)
_LETTER = """
insert into msg.dead_letter (topic, partition_no, kafka_offset, raw_key, raw_value, raw_headers, pence, reason_class,
  reason_code, own_book, status, decided_by, last_attempt)
values ('housing.unit-registered', 0, $1, 'k', 'bytes', '[["a", "b"]]', 500, 'rule', 'some-rule', $2, $3, 'op', $4)
"""
_LEFT = """
select kafka_offset, raw_key is not null and raw_value is not null and raw_headers <> '[]' as whole, pence, reason_code
from msg.dead_letter order by kafka_offset
"""


async def _bury(bench: Bench, offset: int, status: str, days_ago: int) -> None:
    decided = DAY - timedelta(days=days_ago)
    await bench.sql.execute(_LETTER, offset, DAY, status, decided)


async def test_only_what_was_decided_long_ago_is_blanked_and_it_is_in_the_audit(
    benches: Benches, lines: list[dict[str, Any]]
) -> None:
    owners = await benches("owners")
    for offset, (status, days_ago) in enumerate(
        [("open", 400), ("discarded", 400), ("replayed", 401), ("replayed", 399), ("open", 3000)]
    ):
        await _bury(owners, offset, status, days_ago)
    async with owners.running():
        await end_day(owners, DAY - timedelta(days=1))
        await end_day(owners, DAY, 1)
        await eventually(lambda: owners.count("msg.closed_day", f"day = '{DAY}'"))
    left = [tuple(row) for row in await owners.sql.fetch(_LEFT)]
    assert left == [(offset, offset not in {1, 2}, 500, "some-rule") for offset in range(5)]
    rows = await owners.sql.fetch("select who, action, subject, reason, detail ->> 'count' from msg.audit order by id")
    assert [tuple(row) for row in rows] == [
        ("closebook", "purge", "dead-letters", "kept 400 days (retention-2026-1)", "1") for _ in range(2)
    ]
    assert [line["messaging.batch.message_count"] for line in lines if line["event.name"] == "purged"] == [1, 1]


async def test_what_no_day_blanked_when_it_came_due_is_blanked_by_the_next_one_and_once(benches: Benches) -> None:
    """Days may run ahead of the clock, a restore may leave some out: a letter may be far past its day."""
    owners = await benches("owners")
    await _bury(owners, 0, "discarded", 5000)
    await _bury(owners, 1, "replayed", 399)
    async with owners.running():
        for number in range(2):
            await end_day(owners, DAY + timedelta(days=2 * number), number)
        await eventually(lambda: owners.count("msg.closed_day", f"day = '{DAY + timedelta(days=2)}'"))
    assert [row["whole"] for row in await owners.sql.fetch(_LEFT)] == [False, False]
    assert [row[0] for row in await owners.sql.fetch("select detail ->> 'count' from msg.audit")] == ["1", "1"]


async def test_what_is_to_be_blanked_is_found_without_reading_what_was(benches: Benches) -> None:
    owners = await benches("owners")
    async with owners.sql.transaction():
        await owners.sql.execute("set local enable_seqscan = off")
        plan = await owners.sql.fetch(f"explain {DEAD_LETTERS.query.replace('$1', repr(str(DAY)))}")
    assert "ix_dead_letter_whole" in "\n".join(row[0] for row in plan)


def test_the_policy_is_dated_and_a_shorter_time_leaves_nothing_out() -> None:
    shorter = Retention("shorter", DAY, {"dead-letters": 100})
    versions = (*read_retention(), shorter)
    before, now = in_force(versions, DAY - timedelta(days=1)), in_force(versions, DAY)
    assert (before.version, now.version) == ("retention-2026-1", "shorter")
    assert now.last_day("dead-letters", DAY) == DAY - timedelta(days=100)
    with pytest.raises(KeyError):
        shorter.last_day("letters", DAY)
