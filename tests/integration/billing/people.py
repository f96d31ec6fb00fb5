"""Staff at the billing desk: commands that need two people, given through the bus's own list of proposals."""

from datetime import date, timedelta
from typing import Any

from services.billing.usecases.write_offs import WRITE_OFF
from shared.auth import Caller
from shared.bus.proposals import Proposal, Proposals
from shared.bus.transaction import Doors
from tests.integration.billing.conftest import Desk


def caller(name: str, *roles: str) -> Caller:
    return Caller(name, frozenset(roles))


OFFICER = caller("ola", "assistant")
LEAD = caller("lea", "lead-officer")
BOARD = caller("bo", "board")


async def office(desk: Desk) -> Proposals:
    """The desk's proposals, in the book that the desk writes."""
    await desk.rows("update msg.gate set first_ended = $1, last_closed = $1", desk.book - timedelta(days=1))
    return Proposals(Doors("billing", desk.sessions, lambda: None), [WRITE_OFF])


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
    """Propose and approve at once."""
    people = await office(desk)
    made = await people.propose(OFFICER, giving_up(reference, debts, ground))
    return (await people.approve(approver, made["id"], "agreed"))["answer"]


def day(text: str) -> date:
    return date.fromisoformat(text)
