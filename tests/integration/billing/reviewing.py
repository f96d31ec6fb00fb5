"""People at the billing desk who look at statements before they are issued."""

from typing import Any

from services.billing.usecases import statement_reviews
from services.billing.usecases.statement_reviews import POLICY, RELEASE
from shared.bus.commands import Given, give
from tests.integration.billing.conftest import Desk
from tests.integration.billing.people import BOARD, LEAD, decide


async def set_policy(desk: Desk, **policy: Any) -> None:
    """Let two people say how statements get out from the next quarter on."""
    await decide(desk, POLICY, (LEAD, BOARD), **policy)


async def review_from_now(desk: Desk, **figures: int) -> None:
    await set_policy(desk, release="reviewed", **figures)


async def release(desk: Desk, run_id: str) -> Any:
    return await decide(desk, RELEASE, run_id=run_id)


async def say(desk: Desk, run_id: str, account_ref: str, *, passed: bool = True, key: str = "") -> Any:
    """Pass or fail a sampled statement, as the API does."""
    await desk.note_closed()
    content = {"run_id": run_id, "account_ref": account_ref, "passed": passed}
    given = Given(
        statement_reviews.CHECK, f"statement:{account_ref}", "ada", "read it", content, **({"key": key} if key else {})
    )
    return await give(desk.doors, given, lambda work: statement_reviews.check(work, content))


async def restrike(desk: Desk, run_id: str) -> Any:
    """Have a quarter struck anew, as the API does."""
    await desk.note_closed()
    content = {"run_id": run_id}
    given = Given(statement_reviews.RESTRIKE, f"run:{run_id}", "ada", "mended", content)
    return await give(desk.doors, given, lambda work: statement_reviews.restrike(work, content))


async def sampled(desk: Desk, run_id: str) -> dict[str, list[str]]:
    """The sample of a run: why each account is in it."""
    rows = await desk.rows("select account_ref, reasons from billing.statement_samples where run_id = $1", run_id)
    return {row["account_ref"]: row["reasons"] for row in rows}


async def pass_all(desk: Desk, run_id: str) -> None:
    for account_ref in await sampled(desk, run_id):
        await say(desk, run_id, account_ref)
