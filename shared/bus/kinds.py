"""What the bus itself lets take effect only with a second person, in every service."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from shared.auth import Caller
from shared.bus import letters, queries
from shared.bus.commands import Json
from shared.bus.proposals import Kind, Proposal
from shared.bus.refusals import NotNowError, NotValidError
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.types import ID_PATTERN
from shared.log_events import LogEvent

EVERY_TOPIC = "*"
"""A difference accepted for a day as a whole."""
_ONLY_THERE = (
    "A dead letter is put away by POST /dead-letters/{number}/discard, not by its number or in other words here."
)
_ID = re.compile(ID_PATTERN)
_PROPOSE = frozenset({"operator", "finance", "lead-officer"})
_APPROVE = frozenset({"finance", "lead-officer"})


def as_proposed(letter: Mapping[str, Any]) -> Json:
    """Return what of a letter the second person sees: no bytes, and nothing that its sender wrote but ids."""
    ids = {name: letter[name] if _ID.fullmatch(letter[name] or "") else None for name in ("event_id", "type")}
    return {"amount_pence": letter["amount_pence"], "reason": letter["reason"], **ids}


class DecidedError(NotNowError):
    """A dead letter is not open any more."""


async def put_away(work: Work, number: int, who: str, why: str) -> Json:
    """Discard a dead letter; its bytes stay.  Raises ``DecidedError`` when it was decided before."""
    connection = await driver(work.session)
    row = await connection.fetchrow(queries.DISCARD, number, who, why)
    if row is None:
        raise DecidedError(f"There is no open dead letter {number}; it was decided already.")
    return {"id": number, "status": "discarded", "place": letters.place_of(row)}


def subject_at(place: Sequence[object]) -> str:
    """Return what a discard is about: the letter by its place in Kafka, a name that outlives its number."""
    return "dead-letter:{}/{}/{}".format(*place)


async def _discard(work: Work, proposal: Proposal) -> Json:
    number = await _number(work, proposal)
    return await put_away(work, number, proposal.proposed_by, proposal.why)


async def _must_be_open(work: Work, proposal: Proposal) -> None:
    number = await _number(work, proposal)
    if proposal.body.get("dead_letter", number) != number:
        raise NotValidError(f"{proposal.subject} is dead letter {number}, not {proposal.body['dead_letter']}.")
    if proposal.body.get("letter") != await _open_letter(work, number):
        raise NotValidError(_ONLY_THERE)


async def _open_letter(work: Work, number: int) -> Json:
    """Return what a second person sees of an open letter, which nobody judges anew until the transaction ends."""
    letter = await (await driver(work.session)).fetchrow(f"{queries.LETTER} for update", number)
    if letter is None or letter["status"] != "open":
        raise DecidedError(f"There is no open dead letter {number}; it was decided already.")
    return as_proposed(dict(letter))


async def _must_be_as_shown(work: Work, proposal: Proposal, _caller: Caller) -> None:
    """Refuse to put a letter away that was judged anew since it was proposed: people agree to what they were shown."""
    number = await _number(work, proposal)
    shown, now = proposal.body.get("letter"), await _open_letter(work, number)
    if shown != now:
        raise NotNowError(
            f"Dead letter {number} is not as proposal {work.cause.id} shows it: {_changes(shown or {}, now)}."
            f" Discard it anew to propose it as it is now, and reject proposal {work.cause.id}."
        )


def _changes(shown: Json, now: Json) -> str:
    """Return in words what of a letter is otherwise than a proposal shows it."""
    if not shown:
        return "it does not show what the letter carries"
    changed = [name for name in now if shown.get(name) != now[name]]
    words = (f"its {name.replace('_', ' ')} is {now[name]}, not {shown.get(name)}" for name in changed)
    return "; ".join(words)


async def _number(work: Work, proposal: Proposal) -> int:
    """Return the number of the letter by its place: a database that was restored since may have given it another."""
    topic, partition, offset = _place(proposal.body)
    try:
        return await letters.number_of(await driver(work.session), topic, partition, offset)
    except LookupError as error:
        raise NotNowError(f"There is {error}.") from error


def _place(body: Json) -> tuple[str, int, int]:
    match body.get("place"):
        case [str(topic), int(partition), int(offset)]:
            return topic, int(partition), int(offset)  # True is an int, too
    raise NotValidError(_ONLY_THERE)


async def _must_be_waiting(work: Work, proposal: Proposal) -> None:
    """Only the day that does not close is decided about: nobody has seen yet what another differs in."""
    day, _ = _difference(proposal.body)
    if day != work.book:
        raise NotNowError(f"{work.service} writes the book of {work.book}: a difference of {day} is not known.")


def _difference(body: Json) -> tuple[date, str]:
    match body:
        case {"day": str(day), "topic": str(topic)}:
            pass
        case _:
            raise NotValidError("A difference is accepted by POST /accept-difference.")
    try:
        return date.fromisoformat(day), topic
    except ValueError as error:
        raise NotValidError(f"{day} is no day.") from error


async def _accept(work: Work, proposal: Proposal) -> Json:
    day, topic = _difference(proposal.body)
    await (await driver(work.session)).execute(queries.ACCEPT, day, topic, proposal.proposed_by, proposal.why)
    return {"day": str(day), "topic": topic, "accepted": True}


DISCARD = Kind(
    "dead-letter-discard",
    _PROPOSE,
    _APPROVE,
    lambda body: subject_at(_place(body)),
    _discard,
    _must_be_open,
    LogEvent.DLQ_DISCARDED,
    authorise=_must_be_as_shown,
    written=frozenset({"letter"}),
)
ACCEPT_DIFFERENCE = Kind(
    "accept-difference",
    _PROPOSE,
    _APPROVE,
    lambda body: str(_difference(body)[0]),
    _accept,
    _must_be_waiting,
    LogEvent.DIFFERENCE_ACCEPTED,
)
BUS_KINDS = (DISCARD, ACCEPT_DIFFERENCE)
