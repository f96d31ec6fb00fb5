"""What a proposal says it is about is what it acts on: of every kind of all four services, on a real PostgreSQL."""

import json
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.auth import ROLES, Caller
from shared.bus.proposals import Kind, Proposal, Proposals, nothing_to_ask, nothing_to_check
from shared.bus.refusals import NotAllowedError, NotValidError
from shared.bus.transaction import Doors
from shared.bus.work import Work
from shared.db import session_factory
from tests.integration.shared.test_bench import Desk, bury, desk, owner
from tests.support.kinds import ASKED, every_kind

__all__ = ["desk", "owner"]

PROPOSER = "ann"
ANOTHER = "something-else"
_PUT = """
insert into msg.proposal (kind, subject, body, why, proposed_by) values ($1, $2, $3::jsonb, 'x', $4) returning id
"""

EVERY = pytest.mark.parametrize("kind", every_kind(), ids=lambda kind: kind.name)


class Table:
    """One kind's proposals; nothing but its subject can stand in its way, and its effect is noted, not had."""

    def __init__(self, kind: Kind, engine: AsyncEngine) -> None:
        self.done: list[str] = []
        self.kind = replace(kind, apply=self._note, check=nothing_to_check, authorise=nothing_to_ask)
        self.proposals = Proposals(Doors("billing", session_factory(engine), lambda: None), [self.kind])

    async def _note(self, _work: Work, proposal: Proposal) -> dict[str, Any]:
        self.done.append(proposal.subject)
        return {}

    async def propose(self, subject: str) -> int:
        proposer = Caller(PROPOSER, self.kind.may_propose)
        asked = Proposal(self.kind.name, subject, ASKED[self.kind.name][1], "x", PROPOSER)
        number: int = (await self.proposals.propose(proposer, asked))["id"]
        return number

    async def approve(self, number: int) -> None:
        await self.proposals.approve(Caller("bob", self.kind.may_approve), number, "seen")


def test_every_kind_has_an_example() -> None:
    assert set(ASKED) == {kind.name for kind in every_kind()}


@EVERY
async def test_no_proposal_is_kept_that_says_it_is_about_something_else(
    kind: Kind, engine: AsyncEngine, owner: asyncpg.Connection
) -> None:
    subject, table = ASKED[kind.name][0], Table(kind, engine)
    told = f"The proposal's subject is {ANOTHER}, but what it asks for is about {subject}"
    with pytest.raises(NotValidError, match=told):
        await table.propose(ANOTHER)
    assert await owner.fetchval("select count(*) from msg.proposal") == 0
    await table.approve(await table.propose(subject))
    assert table.done == [subject]


@EVERY
async def test_none_that_lies_there_is_carried_out_that_says_it_is_about_something_else(
    kind: Kind, engine: AsyncEngine, owner: asyncpg.Connection
) -> None:
    subject, body = ASKED[kind.name]
    table = Table(kind, engine)
    number = await owner.fetchval(_PUT, kind.name, ANOTHER, json.dumps(body), PROPOSER)
    with pytest.raises(NotValidError, match=f"is about {subject}"):
        await table.approve(number)
    assert table.done == []
    assert await owner.fetchval("select status from msg.proposal") == "open"
    assert await owner.fetchval("select count(*) from msg.audit") == 0


@EVERY
async def test_a_body_that_cannot_be_understood_is_about_nothing(kind: Kind, engine: AsyncEngine) -> None:
    table = Table(kind, engine)
    asked = Proposal(kind.name, ASKED[kind.name][0], {"nothing": 1}, "x", PROPOSER)
    with pytest.raises(NotValidError):
        await table.proposals.propose(Caller(PROPOSER, kind.may_propose), asked)


@EVERY
async def test_nobody_approves_what_they_proposed_whatever_their_roles(
    kind: Kind, engine: AsyncEngine, owner: asyncpg.Connection
) -> None:
    table = Table(kind, engine)
    number = await table.propose(ASKED[kind.name][0])
    with pytest.raises(NotAllowedError, match="You proposed this yourself"):
        await table.proposals.approve(Caller(PROPOSER, ROLES), number, "seen")
    assert table.done == []


@EVERY
async def test_no_other_role_proposes_or_approves(kind: Kind, engine: AsyncEngine, owner: asyncpg.Connection) -> None:
    table, subject = Table(kind, engine), ASKED[kind.name][0]
    number = await table.propose(subject)
    with pytest.raises(NotAllowedError, match=f"To approve {kind.name} needs the role"):
        await table.proposals.approve(Caller("bob", ROLES - kind.may_approve), number, "seen")
    asked = Proposal(kind.name, subject, ASKED[kind.name][1], "x", "bob")
    with pytest.raises(NotAllowedError, match=f"To propose {kind.name} needs the role"):
        await table.proposals.propose(Caller("bob", ROLES - kind.may_propose), asked)
    assert table.done == []


async def test_the_penny_of_one_letter_does_not_put_the_pounds_of_another_away(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    penny, pounds = await bury(owner, 1, pence=1), await bury(owner, 2, pence=9_000_00)
    place = ["housing.charge-raised", 0, 2]
    for body in ({"place": place}, {"dead_letter": penny, "place": place}):
        for subject in (f"dead-letter:{penny}", "dead-letter:housing.charge-raised/0/1"):
            asked = {"kind": "dead-letter-discard", "subject": subject, "body": body, "reason": "a penny, test data"}
            refused = await desk.call("POST", "/proposals", asked)
            assert refused.status_code == 422
            assert "is about dead-letter:housing.charge-raised/0/2" in refused.json()["detail"]
    asked = {"kind": "dead-letter-discard", "subject": "dead-letter:housing.charge-raised/0/2", "reason": "x"}
    refused = await desk.call("POST", "/proposals", asked | {"body": {"dead_letter": penny, "place": place}})
    assert (refused.status_code, f"is dead letter {pounds}, not {penny}" in refused.json()["detail"]) == (422, True)
    assert await owner.fetchval("select status from msg.dead_letter where id = $1", pounds) == "open"
    assert await owner.fetchval("select count(*) from msg.proposal") == 0


async def test_the_longest_names_have_a_subject(desk: Desk, owner: asyncpg.Connection) -> None:
    topic, far = "housing.ownership-changed", 2**63 - 1
    await bury(owner, far, pence=5, topic=topic)
    made = await desk.call("POST", "/dead-letters/1/discard", {"reason": "test data"})
    kept = (await desk.call("GET", f"/proposals/{made.json()['proposal']}")).json()
    assert kept["subject"] == f"dead-letter:{topic}/0/{far}"
    asked = {"kind": kept["kind"], "subject": kept["subject"], "body": kept["body"], "reason": "test data"}
    assert (await desk.call("POST", "/proposals", asked)).status_code == 201
