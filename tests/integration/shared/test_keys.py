"""A command with an Idempotency-Key takes effect once: the same key gives the same answer, whatever happened since."""

from typing import Any

import asyncpg
import pytest

from tests.integration.shared.test_bench import DAY, TOPIC, Desk, audit_of, desk, owner, say
from tests.integration.shared.test_proposals import propose

__all__ = ["desk", "owner"]

KEY: dict[str, Any] = {"headers": {"idempotency-key": "k-1"}}


async def quarantine(owner: asyncpg.Connection) -> None:
    await owner.execute("update msg.position set quarantined_at = now() where topic = 'housing.charge-raised'")


async def test_a_partition_that_stopped_again_is_not_released_by_an_old_key(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    body = {"topic": "housing.charge-raised", "partition": 1, "reason": "the sender was mended"}
    await quarantine(owner)
    first = await desk.call("POST", "/release", body, **KEY)
    await quarantine(owner)
    again = await desk.call("POST", "/release", body, **KEY)
    assert first.json() == again.json() == {"released": [{"topic": "housing.charge-raised", "partition": 1}]}
    assert await owner.fetchval("select count(*) from msg.position where quarantined_at is not null") == 3
    assert await audit_of(owner) == [("operator-1", "quarantine-release", "the sender was mended")]


async def test_a_book_is_said_again_once_for_a_key(desk: Desk, owner: asyncpg.Connection) -> None:
    await say(owner, "a", 1, DAY)
    body = {"topic": TOPIC, "book": str(DAY), "reason": "arrears lacks one"}
    first = await desk.call("POST", "/republish", body, **KEY)
    await owner.execute("delete from msg.outbox_pending")  # the relay has sent it
    again = await desk.call("POST", "/republish", body, **KEY)
    assert first.json() == again.json() == {"topic": TOPIC, "book": str(DAY), "events": 1}
    assert await owner.fetchval("select count(*) from msg.outbox_pending") == 0
    assert await audit_of(owner) == [("operator-1", "republish", "arrears lacks one")]


async def test_a_proposal_is_rejected_once_for_a_key(desk: Desk, owner: asyncpg.Connection) -> None:
    number = await propose(desk, owner)
    path, body = f"/proposals/{number}/reject", {"reason": "not so"}
    first = await desk.call("POST", path, body, **KEY)
    again = await desk.call("POST", path, body, **KEY)
    assert first.json() == again.json() == {"id": number, "status": "rejected"}
    assert [row[1] for row in await audit_of(owner)] == ["propose", "reject"]
    assert (await desk.call("POST", path, {"reason": "no"}, **KEY)).status_code == 409


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/release", {"topic": TOPIC, "reason": "mended"}),
        ("/republish", {"topic": TOPIC, "book": str(DAY)}),
    ],
)
async def test_a_key_of_another_command_is_refused(
    desk: Desk, owner: asyncpg.Connection, path: str, body: dict[str, str]
) -> None:
    await quarantine(owner)
    first = {"topic": "housing.charge-raised", "reason": "mended"}
    assert (await desk.call("POST", "/release", first, **KEY)).status_code == 200
    answer = await desk.call("POST", path, body, **KEY)
    assert (answer.status_code, "use a new key" in answer.json()["detail"]) == (409, True)
