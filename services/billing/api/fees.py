"""Door 2, people: schedules of fees, what factoring costs, and the owners' own money."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.billing.api.common import AsOf, Bookkeeper, KnownAt, Staff, as_json
from services.billing.usecases import cost_model, owners_money_questions, schedule_questions
from services.billing.usecases.reports import Grouping
from shared.auth import Caller, requires
from shared.bus.commands import Given, give, named
from shared.bus.proposal_api import Key
from shared.bus.transaction import Doors
from shared.db.engine import snapshot
from shared.events.types import NaturalPence, Text

Coster = Annotated[Caller, requires("lead-officer", "finance")]
Year = Annotated[int, Path(ge=1, le=9998, description="The year in whose April a financial year begins.")]


class CostRequest(cost_model.Asked):
    """What factoring cost on a day, and why it is recorded."""

    reason: Text


def add(router: APIRouter, doors: Doors) -> None:
    """Add the questions about fees and owners' money, and the costs that people record."""

    @router.get("/schedules")
    async def schedules(_caller: Staff) -> Response:
        """Return every schedule of fees and premiums: what holds, what lacks its notice, whose proof has lapsed."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await schedule_questions.worklist(connection))

    @router.get("/cost-model/{year}")
    async def model(
        _caller: Bookkeeper, year: Year, wanted_surplus_pence: NaturalPence = 0, known_at: KnownAt = None
    ) -> Response:
        """Return a financial year: costs + surplus = fees, and the fee a unit would pay to recover its costs."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await cost_model.model(connection, year, wanted_surplus_pence, known_at))

    @router.post("/fee-costs")
    async def cost(asked: CostRequest, caller: Coster, key: Key = None) -> Response:
        """Record what factoring cost on a day; negative pence correct."""
        content = asked.model_dump(mode="json", exclude={"reason"})
        given = Given(cost_model.COST, f"cost:{asked.kind}", caller.subject, asked.reason, content, **named(key))
        return as_json(await give(doors, given, lambda work: cost_model.record(work, content)))

    @router.get("/floats")
    async def floats(
        _caller: Staff, by: Grouping = Grouping.BLOCK, as_of: AsOf = None, known_at: KnownAt = None
    ) -> Response:
        """Return the floats asked of owners and held, tied to the ledger, and what owners who come are asked."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await owners_money_questions.held(connection, by, as_of, known_at))

    @router.get("/reserve-funds")
    async def reserve_funds(_caller: Staff, as_of: AsOf = None, known_at: KnownAt = None) -> Response:
        """Return each block's reserve fund: paid in, spent, left; tied to the ledger."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await owners_money_questions.funds(connection, as_of, known_at))
