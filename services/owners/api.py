"""Door 2, people: questions about units and their owners' lines, and the proof.  No personal data is answered here."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.owners.domain.apportionment import Proposed
from services.owners.usecases import proposing, questions
from services.owners.usecases.verify import verify
from shared.auth import STAFF, Caller, requires
from shared.db.engine import snapshot

PROVERS = ("lead-officer", "finance", "board", "auditor", "operator")

Staff = Annotated[Caller, requires(*STAFF)]
Prover = Annotated[Caller, requires(*PROVERS)]
KnownAt = Annotated[date, Query(description="As known at the end of this book (a business day); absent: now.")]
Block = Annotated[str, Query(max_length=64, description="The block whose units share a cost.")]
Values = Annotated[
    str,
    Query(pattern=r"^([^=,]{1,64}=[0-9]{1,7}(\.[0-9]{1,3})?(,|$))*$", description="Rateable values: U1=5200,U2=4800."),
]


def routes(sessions: async_sessionmaker[AsyncSession]) -> APIRouter:
    """Return the questions the owners service answers."""
    router = APIRouter()
    _units(router, sessions)
    _shares_and_proof(router, sessions)
    return router


def _units(router: APIRouter, sessions: async_sessionmaker[AsyncSession]) -> None:
    # A unit's id may hold slashes, so the longer path stands first.
    @router.get("/units/{unit_id:path}/line")
    async def unit_line(unit_id: str, _caller: Staff, known_at: KnownAt = date.max) -> dict[str, Any]:
        """Return who owned a unit from which day to which, with the reason of each chain of changes."""
        async with sessions.begin() as session:
            answer = await questions.find_line(session, unit_id, known_at)
        if answer is None:
            raise _unknown(unit_id)
        line, reasons = answer
        return {"unit_id": unit_id} | _as_json(line) | asdict(reasons)

    @router.get("/units/{unit_id:path}")
    async def unit(unit_id: str, _caller: Staff) -> dict[str, Any]:
        """Return a unit's registration, its share in every set that names it, and its line."""
        async with sessions.begin() as session:
            answer = await questions.find_unit(session, unit_id)
        if answer is None:
            raise _unknown(unit_id)
        return answer.unit.model_dump(mode="json") | {"shares": answer.shares} | _as_json(answer.line)


def _shares_and_proof(router: APIRouter, sessions: async_sessionmaker[AsyncSession]) -> None:
    @router.get("/share-set-proposal")
    async def proposal(
        _caller: Staff, block_id: Block, effective_from: date, basis: Proposed = Proposed.TMS, values: Values = ""
    ) -> dict[str, Any]:
        """Return the exact shares of a block's units by a basis; nothing is published."""
        async with sessions.begin() as session:
            answer = await proposing.propose(session, block_id, effective_from, basis, _values(values))
        if isinstance(answer, proposing.Unproposed):
            raise HTTPException(422, answer.detail)
        return answer

    @router.get("/verify")
    async def proof(_caller: Prover) -> dict[str, Any]:
        """Return whether everything kept and said follows from what was told; owners holds no money to sum."""
        async with snapshot(sessions) as connection:
            checks = await verify(connection)
        return {"checks": [check.as_json() for check in checks], "sums": {}}


def _as_json(answer: questions.LineAnswer) -> dict[str, Any]:
    periods, without_period = answer.line.periods, answer.line.without_period
    return {
        "version": answer.version,
        "line": [one.model_dump(mode="json", by_alias=True) for one in periods],
        "without_period": [one.model_dump(mode="json") for one in without_period],
    }


def _values(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(",") if pair)


def _unknown(unit_id: str) -> HTTPException:
    return HTTPException(404, f"Unit {unit_id[:64]} is not registered.")
