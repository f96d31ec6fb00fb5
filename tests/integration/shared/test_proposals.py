"""Commands that need two people, and commands given twice, on a real PostgreSQL."""

import json
from typing import Any

import asyncpg
import pytest

from shared.events.topics import TAKEN_IN
from shared.logs import capture
from tests.integration.shared.test_bench import NO_MONEY, Desk, audit_of, bury, desk, owner

__all__ = ["desk", "owner"]


async def propose(desk: Desk, owner: asyncpg.Connection, **more: Any) -> int:
    letter = await bury(owner, pence=500)
    answer = await desk.call("POST", f"/dead-letters/{letter}/discard", {"reason": "paid elsewhere"}, **more)
    assert (answer.status_code, answer.json()["status"]) == (202, "open")
    number: int = answer.json()["proposal"]
    return number


async def status_of(owner: asyncpg.Connection) -> Any:
    return await owner.fetchval("select status from msg.dead_letter")


async def test_a_letter_with_money_is_discarded_when_another_person_approves(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    number = await propose(desk, owner)
    assert await status_of(owner) == "open"
    shown = (await desk.call("GET", f"/proposals/{number}", role="auditor")).json()
    expected = {"kind": "dead-letter-discard", "why": "paid elsewhere", "proposed_by": "operator-1", "status": "open"}
    assert shown == shown | expected
    first = await desk.call("POST", f"/proposals/{number}/approve", {"reason": "seen the bank"}, "finance")
    again = await desk.call("POST", f"/proposals/{number}/approve", role="lead-officer")
    assert first.json() == again.json() == {
        "id": number, "status": "approved", "note": "seen the bank",
        "answer": {"id": 1, "status": "discarded", "place": ["housing.charge-raised", 0, 1]},
    }  # fmt: skip
    assert await status_of(owner) == "discarded"
    decided = (await desk.call("GET", "/proposals?status=approved")).json()[0]
    assert (decided["decided_by"], decided["decision_note"], decided["book"]) == (
        "finance-1", "seen the bank", "1970-01-01",
    )  # fmt: skip
    row = await owner.fetchrow("select who, approved_by, reason from msg.audit where action = 'dead-letter-discard'")
    assert row is not None
    assert tuple(row) == ("operator-1", "finance-1", "paid elsewhere")


@pytest.mark.parametrize(
    ("topic", "pence"), [("housing.payment-received", 0), ("owners.unit-changed", 500)], ids=["unreadable", "elsewhere"]
)
async def test_money_is_put_away_by_two_people_also_where_the_amount_or_the_topic_is_wrong(
    desk: Desk, owner: asyncpg.Connection, topic: str, pence: int
) -> None:
    letter = await bury(owner, pence=pence, topic=topic)
    answer = await desk.call("POST", f"/dead-letters/{letter}/discard", {"reason": "said again"})
    assert (answer.status_code, answer.json()["proposal"]) == (202, 1)
    assert await status_of(owner) == "open"


async def test_what_is_proposed_again_while_it_stands_is_no_new_deed(desk: Desk, owner: asyncpg.Connection) -> None:
    number = await propose(desk, owner)
    for reason, person in (("paid elsewhere", "operator-1"), ("said twice", "mo")):
        again = await desk.call("POST", "/dead-letters/1/discard", {"reason": reason}, person=person)
        assert (again.status_code, again.json()["proposal"]) == (202, number)
    assert await audit_of(owner) == [("operator-1", "propose", "paid elsewhere")]
    assert (await desk.call("GET", f"/proposals/{number}")).json()["why"] == "paid elsewhere"
    await desk.call("POST", f"/proposals/{number}/reject", {"reason": "not so"}, "finance")
    anew = await desk.call("POST", "/dead-letters/1/discard", {"reason": "paid elsewhere"})
    assert anew.json()["proposal"] > number
    assert [row[1] for row in await audit_of(owner)] == ["propose", "reject", "propose"]


async def test_what_may_not_be_proposed_is_refused_although_it_stands(desk: Desk, owner: asyncpg.Connection) -> None:
    number = await propose(desk, owner)
    shown = (await desk.call("GET", f"/proposals/{number}")).json()
    asked = {"kind": shown["kind"], "subject": shown["subject"], "body": shown["body"], "reason": "x"}
    assert (await desk.call("POST", "/proposals", asked)).json()["id"] == number
    assert (await desk.call("POST", "/proposals", asked, "board")).status_code == 403


async def test_a_letter_that_two_people_discarded_is_discarded_already(desk: Desk, owner: asyncpg.Connection) -> None:
    number = await propose(desk, owner)
    await desk.call("POST", f"/proposals/{number}/approve", role="finance")
    deeds = await audit_of(owner)
    again = await desk.call("POST", "/dead-letters/1/discard", {"reason": "to be sure"})
    assert (again.status_code, again.json()) == (200, {"id": 1, "status": "discarded", "already": True})
    assert await audit_of(owner) == deeds


async def test_the_second_person_sees_what_would_be_discarded(desk: Desk, owner: asyncpg.Connection) -> None:
    number = await propose(desk, owner)
    shown = (await desk.call("GET", f"/proposals/{number}", role="lead-officer")).json()
    assert shown["body"]["letter"] == {
        "amount_pence": 500, "reason": "bad-amount", "event_id": "E1", "type": None,
    }  # fmt: skip


async def test_what_a_sender_wrote_for_an_id_is_shown_to_nobody_unless_it_is_one(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    letter = await bury(owner, pence=500)
    await owner.execute("update msg.dead_letter set event_id = 'Mrs Smith, 1 High Street', type = 'a b'")
    made = (await desk.call("POST", f"/dead-letters/{letter}/discard", {"reason": "said again"})).json()
    shown = (await desk.call("GET", f"/proposals/{made['proposal']}", role="finance")).json()
    assert (shown["body"]["letter"]["event_id"], shown["body"]["letter"]["type"]) == (None, None)


@pytest.mark.parametrize("letter", [{"amount_pence": 1}, None])
async def test_nobody_proposes_to_discard_a_letter_under_another_description(
    desk: Desk, owner: asyncpg.Connection, letter: dict[str, Any] | None
) -> None:
    await bury(owner, pence=500)
    body = {"place": ["housing.charge-raised", 0, 1]} | ({"letter": letter} if letter else {})
    subject = "dead-letter:housing.charge-raised/0/1"
    asked = {"kind": "dead-letter-discard", "subject": subject, "body": body, "reason": "x"}
    refused = await desk.call("POST", "/proposals", asked)
    assert (refused.status_code, "POST /dead-letters/{number}/discard" in refused.json()["detail"]) == (422, True)
    assert await owner.fetchval("select count(*) from msg.proposal") == 0


async def test_nobody_approves_alone_nor_without_the_role(desk: Desk, owner: asyncpg.Connection) -> None:
    number = await propose(desk, owner, person="mo")
    alone = await desk.call("POST", f"/proposals/{number}/approve", role="finance", person="mo")
    assert (alone.status_code, alone.json()["detail"]) == (
        403, "You proposed this yourself; another person must approve it.",
    )  # fmt: skip
    for role in ("assistant", "operator", "board"):
        assert (await desk.call("POST", f"/proposals/{number}/approve", role=role)).status_code == 403
    assert await status_of(owner) == "open"
    with pytest.raises(asyncpg.CheckViolationError, match="two_people"):
        await owner.execute("update msg.proposal set status = 'approved', decided_by = 'mo'")


async def test_a_proposal_is_rejected_withdrawn_or_expires(desk: Desk, owner: asyncpg.Connection) -> None:
    number = await propose(desk, owner)
    assert (await desk.call("POST", f"/proposals/{number}/reject", {"reason": "x"}, "assistant")).status_code == 403
    for _ in range(2):
        put_away = await desk.call("POST", f"/proposals/{number}/reject", {"reason": "not so"})
        assert put_away.json() == {"id": number, "status": "rejected"}
    late = await desk.call("POST", f"/proposals/{number}/approve", role="finance")
    assert (late.status_code, late.json()["detail"]) == (409, f"Proposal {number} is rejected already.")
    again = await desk.call("POST", "/dead-letters/1/discard", {"reason": "paid elsewhere"})
    await owner.execute("update msg.proposal set expires_at = now() where status = 'open'")
    gone = await desk.call("POST", f"/proposals/{again.json()['proposal']}/approve", role="finance")
    assert (gone.status_code, "expired already" in gone.json()["detail"]) == (409, True)
    anew = await desk.call("POST", "/dead-letters/1/discard", {"reason": "paid elsewhere"})
    assert anew.json()["proposal"] > again.json()["proposal"]
    assert await status_of(owner) == "open"


async def test_an_effect_that_fails_leaves_the_proposal_open(desk: Desk, owner: asyncpg.Connection) -> None:
    number = await propose(desk, owner)
    await owner.execute("update msg.dead_letter set status = 'replayed'")
    assert (await desk.call("POST", f"/proposals/{number}/approve", role="finance")).status_code == 409
    assert await owner.fetchval("select status from msg.proposal") == "open"
    assert [row[1] for row in await audit_of(owner)] == ["propose"]


async def test_what_cannot_be_is_not_proposed(desk: Desk, owner: asyncpg.Connection) -> None:
    body = {"place": ["housing.charge-raised", 0, 9]}
    asked = {"kind": "dead-letter-discard", "subject": "dead-letter:housing.charge-raised/0/9", "body": body}
    asked |= {"reason": "x"}
    assert (await desk.call("POST", "/proposals", asked)).status_code == 409
    # A number is this database's own: after a restore it may name another letter.
    numbered = await desk.call("POST", "/proposals", asked | {"body": {"dead_letter": 9}})
    assert numbered.status_code == 422
    unknown = await desk.call("POST", "/proposals", asked | {"kind": "gift"})
    assert (unknown.status_code, "accept-difference, dead-letter-discard" in unknown.json()["detail"]) == (422, True)
    assert (await desk.call("POST", "/proposals", asked, "board")).status_code == 403
    assert (await desk.call("GET", "/proposals/9")).status_code == 404
    assert await owner.fetchval("select count(*) from msg.proposal") == 0


async def test_the_same_key_gives_the_same_answer_and_another_command_is_refused(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    number = await bury(owner, topic=NO_MONEY)
    key: dict[str, Any] = {"headers": {"idempotency-key": "k-1"}}
    path = f"/dead-letters/{number}/discard"
    first = await desk.call("POST", path, {"reason": "test data"}, **key)
    again = await desk.call("POST", path, {"reason": "test data"}, **key)
    assert first.json() == again.json() == {
        "id": number, "status": "discarded", "place": [NO_MONEY, 0, 1],
    }  # fmt: skip
    assert len(await audit_of(owner)) == 1
    other = await desk.call("POST", path, {"reason": "another reason"}, **key)
    assert (other.status_code, "use a new key" in other.json()["detail"]) == (409, True)
    # Another caller's key is another key.
    theirs = await desk.call("POST", path, {"reason": "test data"}, person="else", **key)
    assert theirs.json() == {"id": number, "status": "discarded", "already": True}
    malformed: dict[str, Any] = {"headers": {"idempotency-key": "two words"}}
    assert (await desk.call("POST", path, {"reason": "x"}, **malformed)).status_code == 422


async def test_a_command_is_recorded_with_its_effect_and_told_to_nobody_else(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    number = await bury(owner, topic=NO_MONEY)
    await desk.call("POST", f"/dead-letters/{number}/discard", {"reason": "test data"})
    row, relayed = await owner.fetch("select topic, book, pence, body from msg.event_log order by seq")
    assert (row["topic"], str(row["book"]), row["pence"]) == ("billing.command-given", "1970-01-01", 0)
    body, place = json.loads(row["body"]), [NO_MONEY, 0, 1]
    assert len(body.pop("key")) == 32
    assert body == {
        "kind": "dead-letter-discard", "subject": f"dead-letter:{NO_MONEY}/0/1", "who": "operator-1",
        "approved_by": None, "why": "test data", "content": {"dead_letter": number, "place": place},
        "book": "1970-01-01",
        "answer": {"id": number, "status": "discarded", "place": place},
    }  # fmt: skip
    # The service's own word of it goes to a topic that it alone reads; the command itself to none.
    assert (relayed["topic"], TAKEN_IN["billing"].heard_by) == ("billing.taken-in", ())
    assert json.loads(relayed["body"])["data"]["command"].encode() == row["body"]
    assert await owner.fetchval("select count(*) from msg.outbox_pending") == 1


async def test_the_log_says_once_who_discarded_and_who_approved(desk: Desk, owner: asyncpg.Connection) -> None:
    number = await propose(desk, owner)
    with capture() as lines:
        for role in ("finance", "lead-officer"):
            await desk.call("POST", f"/proposals/{number}/approve", role=role)
    (line,) = [line for line in lines if line["event.name"] == "dlq_discarded"]
    told = {name.removeprefix("app."): value for name, value in line.items()}
    assert told == told | {
        "command": "dead-letter-discard", "subject": "dead-letter:housing.charge-raised/0/1", "who": "operator-1",
        "approved_by": "finance-1",
    }  # fmt: skip
