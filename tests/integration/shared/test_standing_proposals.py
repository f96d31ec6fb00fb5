"""What becomes of a proposal while it stands: its letter is judged anew, or somebody asks for the same again."""

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.integration.shared.test_audit import audit_in
from tests.integration.shared.test_bench import NO_MONEY, Desk, audit_of, bury, desk, owner
from tests.integration.shared.test_proposals import propose, status_of

__all__ = ["desk", "owner"]

DISCARD = "/dead-letters/1/discard"


def keyed(key: str) -> dict[str, Any]:
    return {"headers": {"idempotency-key": key}}


async def judge_anew(owner: asyncpg.Connection, reason: str = "unknown-enum") -> None:
    """Leave a letter as a re-drive does that fails for another reason."""
    await owner.execute("update msg.dead_letter set reason_code = $1, attempts = attempts + 1", reason)


async def test_nobody_approves_under_the_reason_of_yesterday(desk: Desk, owner: asyncpg.Connection) -> None:
    number = await propose(desk, owner)
    await judge_anew(owner)
    refused = await desk.call("POST", f"/proposals/{number}/approve", role="finance")
    assert refused.status_code == 409
    assert refused.json()["detail"] == (
        f"Dead letter 1 is not as proposal {number} shows it: its reason is unknown-enum, not bad-amount."
        f" Discard it anew to propose it as it is now, and reject proposal {number}."
    )
    assert await status_of(owner) == "open"
    assert [row[1] for row in await audit_of(owner)] == ["propose"]


async def test_a_letter_judged_anew_is_proposed_as_it_is_now(desk: Desk, owner: asyncpg.Connection) -> None:
    number = await propose(desk, owner)
    await judge_anew(owner)
    anew = (await desk.call("POST", DISCARD, {"reason": "paid elsewhere"})).json()["proposal"]
    assert anew > number
    shown = (await desk.call("GET", f"/proposals/{anew}", role="finance")).json()
    assert shown["body"]["letter"]["reason"] == "unknown-enum"
    assert (await desk.call("POST", f"/proposals/{anew}/approve", role="finance")).status_code == 200
    assert await status_of(owner) == "discarded"
    late = await desk.call("POST", f"/proposals/{number}/approve", role="finance")
    assert (late.status_code, late.json()["detail"]) == (409, "There is no open dead letter 1; it was decided already.")


async def test_a_letter_that_is_refused_again_for_the_same_reason_is_still_what_was_proposed(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    number = await propose(desk, owner)
    await judge_anew(owner, "bad-amount")
    assert (await desk.call("POST", f"/proposals/{number}/approve", role="finance")).status_code == 200
    assert await status_of(owner) == "discarded"


async def test_a_proposal_that_does_not_show_its_letter_is_not_approved(desk: Desk, owner: asyncpg.Connection) -> None:
    number = await propose(desk, owner)
    await owner.execute("update msg.proposal set body = body - 'letter'")
    refused = await desk.call("POST", f"/proposals/{number}/approve", role="finance")
    assert (refused.status_code, f"reject proposal {number}" in refused.json()["detail"]) == (409, True)
    assert await status_of(owner) == "open"


async def test_the_same_key_gives_the_same_answer_although_the_letter_was_judged_anew(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    number = await propose(desk, owner, **keyed("k-1"))
    await judge_anew(owner)
    again = await desk.call("POST", DISCARD, {"reason": "paid elsewhere"}, **keyed("k-1"))
    assert (again.status_code, again.json()["proposal"]) == (202, number)
    other = await desk.call("POST", DISCARD, {"reason": "said twice"}, **keyed("k-1"))
    assert (other.status_code, "use a new key" in other.json()["detail"]) == (409, True)
    assert len(await audit_of(owner)) == 1


async def test_the_key_of_another_command_proposes_nothing(desk: Desk, owner: asyncpg.Connection) -> None:
    letter = await bury(owner, 2, topic=NO_MONEY)
    await desk.call("POST", f"/dead-letters/{letter}/discard", {"reason": "x"}, **keyed("k-1"))
    money = await bury(owner, pence=500)
    other = await desk.call("POST", f"/dead-letters/{money}/discard", {"reason": "x"}, **keyed("k-1"))
    assert (other.status_code, "use a new key" in other.json()["detail"]) == (409, True)
    assert await owner.fetchval("select count(*) from msg.proposal") == 0


@pytest.mark.parametrize("headers", [keyed("k-2"), {}], ids=["keyed", "unkeyed"])
async def test_what_stands_is_recorded_once_whoever_asks_again_under_whatever_key(
    desk: Desk, owner: asyncpg.Connection, headers: dict[str, Any]
) -> None:
    number = await propose(desk, owner, **keyed("k-1"))
    for person in ("operator-1", "mo"):
        again = await desk.call("POST", DISCARD, {"reason": "paid elsewhere"}, person=person, **headers)
        assert (again.status_code, again.json()["proposal"]) == (202, number)
    assert await audit_of(owner) == [("operator-1", "propose", "paid elsewhere")]
    assert await owner.fetchval("select count(*) from msg.event_log where topic = 'billing.command-given'") == 1
    assert await audit_in(desk) == (True, "", 1)


async def test_many_who_propose_the_same_at_once_make_one_deed(desk: Desk, owner: asyncpg.Connection) -> None:
    await bury(owner, pence=500)
    calls = [desk.call("POST", DISCARD, {"reason": "x"}, person=f"p-{n}", **keyed(f"k-{n}")) for n in range(3)]
    calls += [desk.call("POST", DISCARD, {"reason": "x"}, person=f"q-{n}") for n in range(3)]
    answers = await asyncio.gather(*calls)
    assert {(answer.status_code, answer.json()["proposal"]) for answer in answers} == {(202, 1)}
    assert len(await audit_of(owner)) == 1
    assert await audit_in(desk) == (True, "", 1)
