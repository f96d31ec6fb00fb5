"""The second person: a command that needs two people is proposed by one and takes effect when another approves."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg
from pydantic import BaseModel

from shared.auth import Caller
from shared.bus.commands import Given, Json, give, named
from shared.bus.refusals import NotAllowedError, NotKnownError, NotNowError, NotValidError, understood
from shared.bus.transaction import Doors
from shared.bus.work import Work
from shared.db.engine import driver
from shared.db.rows import only_row
from shared.log_events import LogEvent

_SHOWN = """
select id, kind, subject, body, why, proposed_by, proposed_at, expires_at,
  case when status = 'open' and expires_at <= now() then 'expired' else status end as status,
  decided_by, decided_at, decision_note, book
from msg.proposal
"""
_SAME = """
select id from msg.proposal where status = 'open' and (expires_at is null or expires_at > now())
  and kind = $1 and subject = $2 and body = $3::jsonb
"""
_ADD = """
insert into msg.proposal (kind, subject, body, why, proposed_by, expires_at) values ($1, $2, $3::jsonb, $4, $5, $6)
returning id
"""
_DECIDE = """
update msg.proposal set status = $2, decided_by = $3, decided_at = now(), decision_note = $4, book = $5
where id = $1 and status = 'open' and ($2 = 'rejected' or expires_at is null or expires_at > now()) returning id
"""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one person proposes: a kind of command, what it is about, its content, and why."""

    kind: str
    subject: str
    body: Json
    why: str
    proposed_by: str
    expires_at: datetime | None = None


async def nothing_to_check(_work: Work, _proposal: Proposal) -> None:
    """Let every proposal of a kind be made."""


async def nothing_to_ask(_work: Work, _proposal: Proposal, _caller: Caller) -> None:
    """Let everybody who has the role approve."""


def named_in(model: type[BaseModel], field: str) -> Callable[[Json], str]:
    """Return how a kind's subject is read: from the one field that names what it acts on."""

    def subject_of(body: Json) -> str:
        return str(getattr(understood(model, body), field))

    return subject_of


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of command that needs two people: who may propose it, who may approve it, and the use case.

    ``subject_of`` reads from its content what it acts on, which is what a proposal must say that it is about.
    ``apply`` gives its answer; it and ``check``, which runs when it is proposed, refuse with a ``RefusedError``, as
    does ``authorise`` when a role alone is not enough to approve.  ``event`` is what the log calls what took effect.
    ``written`` names what of its content the service writes for the second person to see, and nobody asks for.
    """

    name: str
    may_propose: frozenset[str]
    may_approve: frozenset[str]
    subject_of: Callable[[Json], str]
    apply: Callable[[Work, Proposal], Awaitable[Json]]
    check: Callable[[Work, Proposal], Awaitable[None]] = nothing_to_check
    event: LogEvent = LogEvent.STAFF_COMMAND
    authorise: Callable[[Work, Proposal, Caller], Awaitable[None]] = nothing_to_ask
    written: frozenset[str] = frozenset()


class _StandsError(Exception):
    """The same proposal is open already: there is no deed to record."""

    def __init__(self, number: int) -> None:
        super().__init__(f"proposal {number} stands")
        self.number = number


class Proposals:
    """The proposals of one service, of the kinds that the bus and the service declare."""

    def __init__(self, doors: Doors, kinds: Sequence[Kind]) -> None:
        self._doors = doors
        self._kinds = {kind.name: kind for kind in kinds}

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Every kind that may be proposed here."""
        return tuple(self._kinds.values())

    async def list(self, status: str | None = None) -> list[Json]:
        """Return proposals in the order they were made."""
        async with self._doors.sessions() as session:
            rows = await (await driver(session)).fetch(_SHOWN + " order by id")
        return [dict(row) for row in rows if status in {None, row["status"]}]

    async def show(self, number: int) -> Json:
        """Return one proposal."""
        async with self._doors.sessions() as session:
            row = await (await driver(session)).fetchrow(_SHOWN + " where id = $1", number)
        if row is None:
            raise NotKnownError(f"There is no proposal {number}.")
        return dict(row)

    async def propose(self, caller: Caller, proposal: Proposal, key: str | None = None) -> Json:
        """Keep a proposal until somebody else decides; the same one still open is not made twice, nor a second deed."""
        kind = self._kind(proposal.kind)
        _allow(caller, kind.may_propose, f"propose {kind.name}")
        _must_be_about_it(kind, proposal)
        content = {"kind": kind.name, "body": proposal.body, "expires_at": proposal.expires_at}
        given = Given("propose", proposal.subject, caller.subject, proposal.why, content, **named(key))
        try:
            return await give(self._doors, given, lambda work: _keep(work, kind, proposal), written=kind.written)
        except _StandsError as stands:
            return {"id": stands.number, "status": "open"}

    async def approve(self, caller: Caller, number: int, note: str) -> Json:
        """Let a proposal take effect; approving it again changes nothing and gives the same answer."""
        kind, proposal = await self._load(number)
        _allow(caller, kind.may_approve, f"approve {kind.name}")
        if caller.subject == proposal.proposed_by:
            raise NotAllowedError("You proposed this yourself; another person must approve it.")
        given = Given(
            kind.name, proposal.subject, proposal.proposed_by, proposal.why, proposal.body, str(number), caller.subject
        )

        async def effect(work: Work) -> Json:
            _must_be_about_it(kind, proposal)
            await kind.authorise(work, proposal, caller)
            await _decide(await driver(work.session), number, "approved", caller, note, work.book)
            answer = await kind.apply(work, proposal)
            return {"id": number, "status": "approved", "note": note, "answer": answer}

        return await give(self._doors, given, effect, kind.event)

    async def reject(self, caller: Caller, number: int, note: str, key: str | None = None) -> Json:
        """Put a proposal away; whoever made it may withdraw it.  Rejecting it again changes nothing."""
        kind, proposal = await self._load(number)
        if caller.subject != proposal.proposed_by:
            _allow(caller, kind.may_approve, f"reject {kind.name}")
        answer = {"id": number, "status": "rejected"}
        if key is None and (await self.show(number))["status"] == "rejected":
            return answer

        async def effect(work: Work) -> Json:
            await _decide(await driver(work.session), number, "rejected", caller, note, None)
            return answer

        content = {"proposal": number, "kind": kind.name}
        given = Given("reject", f"proposal:{number}", caller.subject, note, content, **named(key))
        return await give(self._doors, given, effect)

    async def _load(self, number: int) -> tuple[Kind, Proposal]:
        row = await self.show(number)
        names = ("kind", "subject", "body", "why", "proposed_by", "expires_at")
        return self._kind(row["kind"]), Proposal(**{name: row[name] for name in names})

    def _kind(self, name: str) -> Kind:
        if name not in self._kinds:
            raise NotValidError(f"There is no kind of proposal {name}; there are {', '.join(sorted(self._kinds))}.")
        return self._kinds[name]


def _allow(caller: Caller, roles: frozenset[str], action: str) -> None:
    """Let a caller with one of the roles pass."""
    if not caller.roles & roles:
        raise NotAllowedError(f"To {action} needs the role {' or '.join(sorted(roles))}.")


def _must_be_about_it(kind: Kind, proposal: Proposal) -> None:
    """Refuse a proposal that says it is about something else than it would act on: people agree to what it says."""
    subject = kind.subject_of(proposal.body)
    if proposal.subject != subject:
        raise NotValidError(
            f"The proposal's subject is {proposal.subject}, but what it asks for is about {subject}:"
            f" propose it anew with the subject {subject}, and reject this one if it stands."
        )


async def _same(connection: asyncpg.Connection, kind: Kind, proposal: Proposal) -> int | None:
    """Return the number of the open proposal of the same content."""
    body = json.dumps(proposal.body, default=str)
    number: int | None = await connection.fetchval(_SAME, kind.name, proposal.subject, body)
    return number


async def _keep(work: Work, kind: Kind, proposal: Proposal) -> Json:
    """Store a proposal; raises ``_StandsError`` when the same one is still open, whoever made it."""
    connection = await driver(work.session)
    await work.lock(exclusive=[f"proposal:{proposal.subject}"])
    standing = await _same(connection, kind, proposal)
    if standing is not None:
        raise _StandsError(standing)
    await kind.check(work, proposal)
    body = json.dumps(proposal.body, default=str)
    values = (kind.name, proposal.subject, body, proposal.why, proposal.proposed_by, proposal.expires_at)
    return {"id": await connection.fetchval(_ADD, *values), "status": "open"}


async def _decide(
    connection: asyncpg.Connection, number: int, status: str, caller: Caller, note: str, book: date | None
) -> None:
    """Write a decision; one that was decided otherwise, or too late to approve, is refused."""
    if await connection.fetchval(_DECIDE, number, status, caller.subject, note, book) is None:
        row = await only_row(connection, _SHOWN + " where id = $1", number)
        raise NotNowError(f"Proposal {number} is {row['status']} already.")
