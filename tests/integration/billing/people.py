"""Staff at the billing desk: commands that need two people, given through the bus's own list of proposals."""

from datetime import date
from typing import Any, cast

from services.billing.app import build
from shared.auth import Caller
from shared.bus.proposals import Proposal, Proposals
from tests.integration.billing.conftest import Desk


def caller(name: str, *roles: str) -> Caller:
    return Caller(name, frozenset(roles))


OFFICER = caller("ola", "assistant")
LEAD = caller("lea", "lead-officer")
BOARD = caller("bo", "board")


async def office(desk: Desk) -> Proposals:
    """The desk's proposals, in the book that the desk writes."""
    await desk.note_closed()
    return Proposals(desk.doors, build(cast("Any", None)).kinds)


async def agree(desk: Desk, asked: Proposal, proposer: Caller, approver: Caller) -> Any:
    """Propose and approve at once; returns what came of it."""
    people = await office(desk)
    made = await people.propose(proposer, asked)
    return (await people.approve(approver, made["id"], "agreed"))["answer"]


async def decide(desk: Desk, kind: str, people: tuple[Caller, Caller] = (OFFICER, BOARD), /, **body: Any) -> Any:
    """Let two people, who proposes and who approves, decide what ``body`` says, about what it acts on."""
    subject = next(one for one in build(cast("Any", None)).kinds if one.name == kind).subject_of(body)
    asked = Proposal(kind, subject, body, "agreed at the meeting", people[0].subject)
    return await agree(desk, asked, *people)


def giving_up(reference: str, debts: dict[str, int], ground: str = "uneconomic") -> Proposal:
    """A proposal of the officer to write charges off."""
    body: dict[str, Any] = {
        "account_ref": reference, "ground": ground, "evidence": "file 12/3",
        "debts": [{"charge_id": charge_id, "amount_pence": pence} for charge_id, pence in debts.items()],
    }  # fmt: skip
    return Proposal("write-off", reference, body, "costs more than it brings", OFFICER.subject)


async def write_off(
    desk: Desk, reference: str, debts: dict[str, int], approver: Caller = BOARD, ground: str = "uneconomic"
) -> Any:
    """Let two people write charges off."""
    return await agree(desk, giving_up(reference, debts, ground), OFFICER, approver)


def day(text: str) -> date:
    return date.fromisoformat(text)
