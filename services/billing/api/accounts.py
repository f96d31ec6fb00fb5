"""Door 2, people: questions about accounts."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Response

from services.billing.api.common import AsOf, Everybody, KnownAt, Staff, as_json
from services.billing.usecases import explaining, final_accounts, interest, questions, settlements
from shared.bus.transaction import Doors
from shared.db.engine import snapshot

Reference = Annotated[str, Path(max_length=64, description="The account's reference, as on its statements.")]
Entry = Annotated[date, Query(description="The day of entry: the first that is no longer the owner's.")]
ValidUntil = Annotated[
    date | None, Query(description="The last day on which the figure holds; absent: as the policy says.")
]
Rate = Annotated[str, Query(max_length=16, description="Percent a year as a decimal, like 8 or 8.25.")]
To = Annotated[date | None, Query(description="The last day that counts; absent: the day last closed.")]
Proof = Annotated[bool, Query(description="Each line of a charge or credit says how its pence came about.")]


def add(router: APIRouter, doors: Doors) -> None:
    """Add the questions about accounts."""

    @router.get("/accounts")
    async def accounts(_caller: Everybody, as_of: AsOf = None, known_at: KnownAt = None) -> Response:
        """Return every account with its days, owners, balance, and what is due and overdue of it."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await questions.accounts(connection, as_of, known_at))

    @router.get("/accounts/{reference}")
    async def account(
        reference: Reference, _caller: Staff, as_of: AsOf = None, known_at: KnownAt = None, *, proof: Proof = False
    ) -> Response:
        """Return one account whole: lines with their causes, open items, ageing, allocations, statements."""
        async with snapshot(doors.sessions) as connection:
            answer = await questions.account(connection, reference, as_of, known_at, proof=proof)
        if answer is None:
            raise HTTPException(404, f"No account has the reference {reference}.")
        return as_json(answer)

    @router.get("/accounts/{reference}/interest")
    async def interest_of(reference: Reference, _caller: Staff, rate: Rate, to: To = None) -> Response:
        """Return what simple interest on an account's overdue, undisputed debts would come to; nothing is charged."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await interest.interest(connection, reference, rate, to))

    @router.get("/accounts/{reference}/charges/{charge_id:path}")
    async def explain(reference: Reference, charge_id: str, _caller: Staff) -> Response:
        """Return how an account's pence of a charge came about, step by step."""
        async with snapshot(doors.sessions) as connection:
            answer = await explaining.explain(connection, reference, charge_id)
        if answer is None:
            raise HTTPException(404, f"No account {reference}, or no charge {charge_id[:64]}.")
        return as_json(answer)

    @router.get("/accounts/{reference}/settlement")
    async def settlement(
        reference: Reference, _caller: Staff, entry: Entry, valid_until: ValidUntil = None
    ) -> Response:
        """Return what the present owner would have to pay at settlement, row by row; nothing is posted."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await settlements.settlement(connection, reference, entry, valid_until))

    @router.get("/final-accounts")
    async def finals(_caller: Staff) -> Response:
        """Return every account whose owner has left: exit, due day, hard stop, state, what is missing."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await final_accounts.worklist(connection))
