"""What the bus itself lets take effect only with a second person, in every service."""

from datetime import date

from shared.bus import letters, queries
from shared.bus.commands import Json
from shared.bus.proposals import Kind, Proposal
from shared.bus.refusals import NotNowError
from shared.bus.work import Work
from shared.db.engine import driver
from shared.log_events import LogEvent

_PROPOSE = frozenset({"operator", "finance", "lead-officer"})
_APPROVE = frozenset({"finance", "lead-officer"})


async def put_away(work: Work, number: int, who: str, why: str) -> Json:
    """Discard a dead letter; its bytes stay.  Raises ``NotNowError`` when it was decided before."""
    connection = await driver(work.session)
    row = await connection.fetchrow(queries.DISCARD, number, who, why)
    if row is None:
        raise NotNowError(f"There is no open dead letter {number}; it was decided already.")
    return {"id": number, "status": "discarded", "place": letters.place_of(row)}


async def _discard(work: Work, proposal: Proposal) -> Json:
    return await put_away(work, int(proposal.body["dead_letter"]), proposal.proposed_by, proposal.why)


async def _must_be_open(work: Work, proposal: Proposal) -> None:
    letter = await (await driver(work.session)).fetchrow(queries.LETTER, int(proposal.body["dead_letter"]))
    if letter is None or letter["status"] != "open":
        raise NotNowError(f"There is no open dead letter {proposal.body['dead_letter']}; it was decided already.")


async def _accept(work: Work, proposal: Proposal) -> Json:
    day, topic = date.fromisoformat(proposal.body["day"]), proposal.body["topic"]
    await (await driver(work.session)).execute(queries.ACCEPT, day, topic, proposal.proposed_by, proposal.why)
    return {"day": str(day), "topic": topic, "accepted": True}


DISCARD = Kind("dead-letter-discard", _PROPOSE, _APPROVE, _discard, _must_be_open, LogEvent.DLQ_DISCARDED)
ACCEPT_DIFFERENCE = Kind("accept-difference", _PROPOSE, _APPROVE, _accept, event=LogEvent.DIFFERENCE_ACCEPTED)
BUS_KINDS = (DISCARD, ACCEPT_DIFFERENCE)
