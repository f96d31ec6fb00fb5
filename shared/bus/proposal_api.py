"""Door 2 of every service: proposals that wait for a second person."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header
from pydantic import AwareDatetime, Field, StringConstraints

from shared.auth import EVERYBODY, Caller, requires
from shared.bus.bodies import Body, Content, RowNumber, WithReason
from shared.bus.proposals import Proposal, Proposals
from shared.events.types import ID_PATTERN, Id, Text

LONGEST_SUBJECT = 100
"""Characters: an id, or a dead letter's place, with the word before it that says what it names."""

Reader = Annotated[Caller, requires(*EVERYBODY)]
# Which of them may propose and approve is said by each kind.
Person = Annotated[Caller, requires("assistant", "lead-officer", "finance", "board", "admin-team", "operator")]
Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", pattern=ID_PATTERN, description="The same key again gives the same answer."),
]


class Asked(WithReason):
    """A proposal: the kind of command, what it is about, its content, and why."""

    kind: Id
    subject: Annotated[
        str,
        StringConstraints(pattern=ID_PATTERN.replace("64", str(LONGEST_SUBJECT))),
        Field(description="What its content acts on."),
    ]
    body: Content
    expires_at: AwareDatetime | None = None


class Decision(Body):
    """A decision about a proposal, with its reason."""

    reason: Text = "approved"


class Rejection(WithReason):
    """Why a proposal is put away."""


def add_proposals(router: APIRouter, proposals: Proposals) -> None:
    """Add the questions and commands about proposals to a service's bench."""
    _questions(router, proposals)
    _decisions(router, proposals)


def _questions(router: APIRouter, proposals: Proposals) -> None:
    @router.get("/proposals")
    async def every(
        _: Reader, status: Literal["open", "approved", "rejected", "expired"] | None = None
    ) -> list[dict[str, Any]]:
        """Proposals in the order they were made."""
        return await proposals.list(status)

    @router.get("/proposals/{number}")
    async def one(number: RowNumber, _: Reader) -> dict[str, Any]:
        """One proposal: who, when, why, and what became of it."""
        return await proposals.show(number)


def _decisions(router: APIRouter, proposals: Proposals) -> None:
    @router.post("/proposals", status_code=201)
    async def propose(caller: Person, asked: Asked, key: Key = None) -> dict[str, Any]:
        """Propose a command that needs two people."""
        proposal = Proposal(asked.kind, asked.subject, asked.body, asked.reason, caller.subject, asked.expires_at)
        return await proposals.propose(caller, proposal, key)

    @router.post("/proposals/{number}/approve")
    async def approve(number: RowNumber, caller: Person, decision: Decision | None = None) -> dict[str, Any]:
        """Let another person's proposal take effect; again changes nothing."""
        return await proposals.approve(caller, number, (decision or Decision()).reason)

    @router.post("/proposals/{number}/reject")
    async def reject(number: RowNumber, caller: Person, decision: Rejection, key: Key = None) -> dict[str, Any]:
        """Put a proposal away; whoever made it may withdraw it."""
        return await proposals.reject(caller, number, decision.reason, key)
